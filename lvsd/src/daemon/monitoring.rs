//! What monitors say, how they end, and how they are started again.

use std::collections::BTreeSet;
use std::time::Duration;

use control::report::{FromNanny, Known};
use ipvs::ServiceKey;

use super::{Daemon, End};
use crate::monitors::{Event, Watcher};
use crate::plan::MonitorKey;
use crate::restarts::{Decision, Restarts};
use crate::state::MonitorChange;

impl Daemon {
    /// Takes this event and all that have happened since, then changes the table once.
    pub(super) fn take(&mut self, first: Event) -> Option<End> {
        let mut services = BTreeSet::new();
        let mut next = Some(first);
        while let Some(event) = next {
            match event {
                Event::Report(monitor, FromNanny::Checks(checks)) => {
                    if let Some(inquiry) = &mut self.inquiry {
                        inquiry.take(monitor, checks);
                    }
                }
                Event::Report(monitor, report) => services.extend(self.take_report(&monitor, &report)),
                Event::Ended(watcher, status, ran) => {
                    let why = status.map_or_else(|error| error, |status| status.to_string());
                    if self.watcher_ended(&watcher, &why, ran) {
                        return Some(End::MonitorDied);
                    }
                    let monitors = self.watched_by(&watcher);
                    services.extend(monitors.iter().filter_map(|monitor| self.state.service_of(monitor)));
                }
            }
            next = self.monitors.next_now();
        }
        self.settle(services);
        self.switch_on();
        None
    }

    pub(super) fn take_report(&mut self, monitor: &MonitorKey, report: &FromNanny) -> Option<ServiceKey> {
        if !self.state.report(monitor, report) {
            return None;
        }
        self.history.report(monitor, report, self.now());
        if let (FromNanny::Down { reason, .. }, Some(plan)) =
            (report, self.state.plan().monitors.get(monitor))
        {
            tracing::info!(reason, "{} is down", plan.name);
        }
        self.state.service_of(monitor)
    }

    /// Returns whether lvsd has to end.
    pub(super) fn watcher_ended(&mut self, watcher: &Watcher, why: &str, ran: Duration) -> bool {
        let monitors = self.watched_by(watcher);
        let name = self.names_of(&monitors);
        match self.restarts.ended(watcher, ran, self.now()) {
            Decision::Again(pause) => {
                tracing::warn!("nanny for {name} ended ({why}): starting it again in {pause:?}");
                false
            }
            Decision::GiveUp if self.file.hard_shutdown => {
                tracing::error!("nanny for child {name} died! shutting down lvs");
                true
            }
            Decision::GiveUp => {
                for monitor in &monitors {
                    let name = self.name_of(monitor);
                    tracing::error!("nanny for child {name} died! manual action needed!");
                    self.state.give_up(monitor);
                    self.history.failed(monitor, "its nanny ends again and again", self.now());
                }
                false
            }
        }
    }

    fn watched_by(&self, watcher: &Watcher) -> Vec<MonitorKey> {
        match watcher {
            Watcher::Nanny(monitor) => vec![*monitor],
            Watcher::Pool(program) => self.state.plan().pooled(program),
        }
    }

    pub(super) fn name_of(&self, monitor: &MonitorKey) -> String {
        self.state.plan().monitors.get(monitor).map(|plan| plan.name.clone()).unwrap_or_default()
    }

    /// For a line on all of them.
    fn names_of(&self, monitors: &[MonitorKey]) -> String {
        match monitors {
            [] => String::new(),
            [one] => self.name_of(one),
            [first, others @ ..] => format!("{} and {} others", self.name_of(first), others.len()),
        }
    }

    pub(super) fn restart_due(&mut self) {
        for watcher in self.restarts.take_due(self.now()) {
            for monitor in self.watched_by(&watcher) {
                let known = self.state.known(&monitor);
                self.start_monitor(&monitor, known);
            }
        }
    }

    pub(super) fn start_monitor(&mut self, monitor: &MonitorKey, known: Known) {
        // One that is not ours and still here has its successor started by its end: two would write to one entry.
        if self.monitors.is_running(monitor) || self.foreign.is_here(monitor) {
            return;
        }
        let Some(plan) = self.state.plan().monitors.get(monitor).cloned() else { return };
        let pid = match plan.foreign {
            None => self.monitors.start(monitor, &plan, known),
            Some(descriptors) => self.start_foreign(monitor, &plan, descriptors),
        };
        if let Some(pid) = pid {
            tracing::info!("create_monitor for {} running as pid {pid}", plan.name);
        }
    }

    pub(super) fn change_monitors(&mut self, changes: Vec<MonitorChange>) {
        for change in changes {
            match change {
                MonitorChange::Stop(monitor) => {
                    self.monitors.stop(&monitor);
                    self.foreign.stop(&monitor);
                }
                MonitorChange::Start(monitor, known) => self.start_monitor(&monitor, known),
            }
        }
        let planned = &self.state.plan().monitors;
        self.monitors.clear_up(|monitor| planned.contains_key(monitor));
    }

    /// A reload gives monitors that were given up another chance.
    pub(super) fn revive_given_up(&mut self) {
        let idle: Vec<_> =
            self.state.plan().monitors.keys().filter(|key| !self.monitors.is_running(key)).copied().collect();
        self.restarts = Restarts::default();
        for monitor in idle {
            let known = self.state.known(&monitor);
            self.start_monitor(&monitor, known);
        }
    }
}
