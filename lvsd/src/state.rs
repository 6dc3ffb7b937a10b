//! What is known of every real server, and so what the kernel's table shall look like. Pure: reports and time in,
//! wanted entries out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use control::report::{FromNanny, Known};
use control::status::State as Standing;
use ipvs::{Destination, DestinationKey, ServiceKey, Table, VirtualServer};

use crate::drains::Drains;
use crate::operator::{Change, Operator};
use crate::plan::{MonitorKey, Place, Plan, PlannedMonitor, PlannedServer, PlannedService};

/// What one monitor has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Nothing yet.
    Unknown,
    /// In service with this weight.
    Up(u32),
    /// Dead, or forced out of service by hand.
    Down { forced: bool },
}

impl Verdict {
    fn is_down(self) -> bool {
        matches!(self, Self::Down { .. })
    }
}

/// What a reload asks of one monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MonitorChange {
    /// End it.
    Stop(MonitorKey),
    /// Start it with this knowledge.
    Start(MonitorKey, Known),
}

/// The answering of a sorry server begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SorryChange {
    /// The virtual server.
    pub(crate) name: String,
    /// The sorry server.
    pub(crate) address: std::net::IpAddr,
    /// Real servers up.
    pub(crate) up: usize,
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

    /// Ends the drains of administrators whose deadline has passed, and tells them.
    pub(crate) fn end_asked_drains(&mut self, now: Duration) -> BTreeSet<Place> {
        self.operator.end_drains(now)
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

    /// Whether the sorry server of a service answers.
    pub(crate) fn sorry_answers(&self, key: &ServiceKey) -> bool {
        self.sorry.contains(key)
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

    /// How the kernel shall have a service; `None` if it is not planned.
    pub(crate) fn wanted(&self, key: &ServiceKey, kernel: &Table) -> Option<VirtualServer> {
        let planned = self.plan.services.get(key)?;
        let present = kernel.services.get(key).map(|entry| &entry.destinations);
        let mut destinations = BTreeMap::new();
        if planned.foreign_monitors {
            let theirs = present.into_iter().flatten().filter(|(at, _)| planned.is_foreign(at));
            destinations.extend(theirs.map(|(at, entry)| (*at, entry.clone())));
        }
        for (destination, server) in planned.servers.iter().filter(|(_, server)| !server.foreign) {
            let weight_now = present.and_then(|present| present.get(destination)).map(|entry| entry.weight);
            if let Some(weight) = self.weight(&(*key, *destination), server, weight_now) {
                destinations.insert(*destination, with_weight(&server.destination, weight));
            }
        }
        if let Some((at, sorry)) = planned.sorry.as_ref().filter(|_| self.needs_sorry(key, planned)) {
            destinations.entry(*at).or_insert_with(|| sorry.clone());
        }
        for destination in self.drains.of(key) {
            if let Some(entry) = present.and_then(|present| present.get(destination)) {
                destinations.entry(*destination).or_insert_with(|| with_weight(entry, 0));
            }
        }
        let mut service = planned.service.clone();
        // Also while a server is on its way out, clients that are hashed to it go to another one.
        service.scheduler_flags.first |=
            service.scheduler.as_str() == "sh" && destinations.values().any(|it| !it.is_active());
        Some(VirtualServer { service, destinations })
    }

    /// Notes which sorry servers of these services begin or cease to answer, and tells the changes.
    pub(crate) fn sorry_changes(&mut self, services: &BTreeSet<ServiceKey>) -> Vec<SorryChange> {
        let mut changes = Vec::new();
        for key in services {
            let planned = self.plan.services.get(key);
            let Some((planned, (sorry, _))) = planned.and_then(|it| Some((it, it.sorry.as_ref()?))) else {
                self.sorry.remove(key);
                continue;
            };
            let needs = self.needs_sorry(key, planned);
            if needs == self.sorry.contains(key) {
                continue;
            }
            let up = planned.servers.iter().filter(|(at, server)| self.is_available(&(*key, **at), server));
            let up = up.count();
            changes.push(SorryChange { name: planned.name.clone(), address: sorry.address, up });
            if needs {
                self.sorry.insert(*key);
            } else {
                self.sorry.remove(key);
            }
        }
        changes
    }

    /// Ends the drains that are over. `active` tells the established connections of a destination.
    ///
    /// Returns the services that changed.
    pub(crate) fn end_drains(
        &mut self,
        now: Duration,
        active: impl Fn(&ServiceKey, &DestinationKey) -> u32,
    ) -> BTreeSet<ServiceKey> {
        self.drains.end(now, active)
    }

    /// The services with a real server on its way out.
    pub(crate) fn draining_services(&self) -> BTreeSet<ServiceKey> {
        self.drains.services()
    }

    /// Drains what the kernel has and neither file nor administrator wants in service; `old` is the plan before.
    fn drain_leaving(&mut self, old: &Plan, kernel: &Table, now: Duration) {
        let Self { plan, operator, drains, .. } = self;
        let planned = |place: &Place| {
            let server = plan.services.get(&place.0).and_then(|service| service.servers.get(&place.1));
            server.filter(|_| !operator.disables(place))
        };
        drains.retain(|place| plan.services.contains_key(&place.0) && planned(place).is_none());
        let removed = old.services.iter().flat_map(|(key, service)| {
            // Monitors that are not ours remove theirs themselves.
            let ours = service.servers.iter().filter(|(_, server)| !server.foreign);
            ours.map(move |(destination, server)| ((*key, *destination), server.quiesce))
        });
        let disabled = operator.iter().filter(|(_, decision)| decision.disabled).filter_map(|(place, _)| {
            let server = plan.services.get(&place.0)?.servers.get(&place.1)?;
            Some((*place, server.quiesce))
        });
        let present = |place: &Place| {
            let entry = kernel.services.get(&place.0).filter(|_| plan.services.contains_key(&place.0));
            entry.is_some_and(|entry| entry.destinations.contains_key(&place.1))
        };
        for (place, patient) in removed.chain(disabled) {
            if planned(&place).is_none() && present(&place) {
                drains.begin(place, patient, now);
            }
        }
    }

    /// The weight that a server shall have in the table; `None` if it shall not be there. `weight_now` is what it has.
    fn weight(&self, place: &Place, server: &PlannedServer, weight_now: Option<u32>) -> Option<u32> {
        let checks = self.weight_by_checks(server, weight_now);
        match self.operator.of(place) {
            Some(decision) => decision.weight(checks, self.is_up(server), weight_now),
            None => checks,
        }
    }

    /// The same if no administrator had decided anything.
    fn weight_by_checks(&self, server: &PlannedServer, weight_now: Option<u32>) -> Option<u32> {
        let verdicts = || server.monitors.iter().map(|monitor| self.verdict(monitor));
        let forced = verdicts().any(|verdict| verdict == Verdict::Down { forced: true });
        if verdicts().any(Verdict::is_down) {
            // An entry that never was is not made only to be quiesced.
            return weight_now.filter(|_| server.quiesce && !forced).map(|_| 0);
        }
        if verdicts().any(|verdict| verdict == Verdict::Unknown) {
            return weight_now;
        }
        verdicts().find_map(|verdict| match verdict {
            Verdict::Up(weight) => Some(weight),
            Verdict::Unknown | Verdict::Down { .. } => None,
        })
    }

    fn verdict(&self, monitor: &MonitorKey) -> Verdict {
        self.verdicts.get(monitor).copied().unwrap_or(Verdict::Unknown)
    }

    fn is_up(&self, server: &PlannedServer) -> bool {
        server.monitors.iter().all(|monitor| matches!(self.verdict(monitor), Verdict::Up(_)))
    }

    fn is_available(&self, place: &Place, server: &PlannedServer) -> bool {
        self.is_up(server) && !self.operator.withholds(place)
    }

    /// Only once every server was checked, unless it is not to be used anyway: at start nothing is known, and nothing is
    /// lost by waiting for the first word.
    fn needs_sorry(&self, key: &ServiceKey, planned: &PlannedService) -> bool {
        planned.servers.iter().all(|(at, server)| {
            server.monitors.iter().any(|monitor| self.verdict(monitor).is_down())
                || self.operator.withholds(&(*key, *at))
        })
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

fn known(verdict: Verdict) -> Known {
    match verdict {
        Verdict::Unknown => Known::Nothing,
        Verdict::Up(weight) => Known::Up { weight },
        Verdict::Down { .. } => Known::Down,
    }
}

fn with_weight(destination: &Destination, weight: u32) -> Destination {
    Destination { weight, ..destination.clone() }
}

#[cfg(test)]
mod tests;
