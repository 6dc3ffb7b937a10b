//! What is known of every real server, and so what the kernel's table shall look like. Pure: reports and time in,
//! wanted entries out.

mod leaving;
mod sorry;
mod verdict;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use control::report::{FromNanny, Known};
use control::status::State as Standing;
use ipvs::{ServiceKey, Table};

use self::verdict::{Verdict, known};
use crate::drains::Drains;
use crate::operator::{Change, Operator};
use crate::plan::{MonitorKey, Place, Plan, PlannedMonitor, PlannedServer};

/// What a reload asks of one monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MonitorChange {
    /// End it.
    Stop(MonitorKey),
    /// Start it with this knowledge.
    Start(MonitorKey, Known),
}

/// Everything that decides about the table.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    plan: Plan,
    operator: Operator,
    verdicts: BTreeMap<MonitorKey, Verdict>,
    drains: Drains,
    sorry: BTreeSet<ServiceKey>,
}

impl State {
    /// Nothing is known, but for what an administrator has decided before.
    pub(crate) fn new(operator: Operator) -> Self {
        Self { operator, ..Self::default() }
    }

    /// The plan in force.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What an administrator has decided.
    pub(crate) fn operator(&self) -> &Operator {
        &self.operator
    }

    /// Takes an administrator's decision about the real server of this name. `kernel` is the table as it is.
    pub(crate) fn decide(&mut self, place: Place, name: &str, change: Change, kernel: &Table, now: Duration) {
        self.operator.decide(place, name, change);
        self.drain_leaving(&Plan::default(), kernel, now);
    }

    /// Puts a plan in force, at start (over nothing) or at a reload. `kernel` is the table as it is: a real server that
    /// it holds with a weight is in service until its monitor says otherwise.
    ///
    /// Returns what it asks of the monitors, ends first.
    pub(crate) fn replace(&mut self, plan: Plan, kernel: &Table, now: Duration) -> Vec<MonitorChange> {
        let old = std::mem::replace(&mut self.plan, plan);
        self.drain_leaving(&old, kernel, now);
        let mut changes: Vec<_> = old
            .monitors
            .iter()
            .filter(|&(key, monitor)| self.plan.monitors.get(key) != Some(monitor))
            .map(|(key, _)| MonitorChange::Stop(*key))
            .collect();
        for (key, monitor) in &self.plan.monitors {
            let before = old.monitors.get(key);
            if before == Some(monitor) {
                continue;
            }
            let verdict = match (before, self.verdicts.get(key).copied()) {
                (None, _) | (_, None) => self.adopted(monitor, kernel),
                (Some(before), Some(Verdict::Up(_))) if before.weight != monitor.weight => {
                    Verdict::Up(monitor.weight)
                }
                (_, Some(verdict)) => verdict,
            };
            self.verdicts.insert(*key, verdict);
            changes.push(MonitorChange::Start(*key, known(verdict)));
        }
        self.verdicts.retain(|key, _| self.plan.monitors.contains_key(key));
        changes
    }

    /// Takes a monitor's report; `false` if no such monitor is planned (a late word from one that was ended).
    pub(crate) fn report(&mut self, monitor: &MonitorKey, report: &FromNanny) -> bool {
        let Some(verdict) = self.verdicts.get_mut(monitor) else { return false };
        *verdict = match report {
            FromNanny::Up { weight } | FromNanny::Weight { weight } => Verdict::Up(*weight),
            FromNanny::Down { forced, .. } => Verdict::Down { forced: *forced },
            FromNanny::Checks(_) => return false,
        };
        true
    }

    /// What a monitor that is started again shall begin with.
    pub(crate) fn known(&self, monitor: &MonitorKey) -> Known {
        self.verdicts.get(monitor).copied().map_or(Known::Nothing, known)
    }

    /// What the checks of a real server say.
    pub(crate) fn standing(&self, monitor: &MonitorKey) -> Standing {
        match self.verdict(monitor) {
            Verdict::Unknown => Standing::Unknown,
            Verdict::Up(_) => Standing::Up,
            Verdict::Down { .. } => Standing::Down,
        }
    }

    /// Whether every monitor has said something, or the kernel's table for it.
    pub(crate) fn knows_every_real_server(&self) -> bool {
        self.verdicts.values().all(|verdict| *verdict != Verdict::Unknown)
    }

    /// A monitor that is not ours is started without its entry in the table: only what it says from now on counts. One
    /// that is down stays so until then, and with it the sorry server.
    pub(crate) fn begins_anew(&mut self, monitor: &MonitorKey) {
        if let Some(verdict) = self.verdicts.get_mut(monitor).filter(|verdict| !verdict.is_down()) {
            *verdict = Verdict::Unknown;
        }
    }

    /// Nobody watches this real server any more: it leaves service.
    pub(crate) fn give_up(&mut self, monitor: &MonitorKey) {
        if let Some(verdict) = self.verdicts.get_mut(monitor) {
            *verdict = Verdict::Down { forced: false };
        }
    }

    /// The kernel service that a monitor decides about.
    pub(crate) fn service_of(&self, monitor: &MonitorKey) -> Option<ServiceKey> {
        self.plan.monitors.get(monitor).map(|monitor| monitor.watches.0)
    }

    fn verdict(&self, monitor: &MonitorKey) -> Verdict {
        self.verdicts.get(monitor).copied().unwrap_or(Verdict::Unknown)
    }

    fn is_up(&self, server: &PlannedServer) -> bool {
        server.monitors.iter().all(|monitor| matches!(self.verdict(monitor), Verdict::Up(_)))
    }

    /// A server that the kernel already has in service stays there without a new slow start.
    fn adopted(&self, monitor: &PlannedMonitor, kernel: &Table) -> Verdict {
        let (service, destination) = &monitor.watches;
        let entry = kernel.services.get(service).and_then(|entry| entry.destinations.get(destination));
        match entry.map(|entry| entry.weight) {
            // A weight that somebody set is none that the checks have arrived at.
            Some(1..) if self.operator.sets_weight(&monitor.watches) => Verdict::Up(monitor.weight),
            Some(weight) if weight > 0 => Verdict::Up(weight),
            _ => Verdict::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
