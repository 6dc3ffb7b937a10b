//! What lvsd does about monitors that are not ours.
//!
//! Their entries are theirs while they run. Before a start and after an end lvsd removes what was left of one: Piranha's
//! nanny cannot add what is there already, and ends.

use std::collections::BTreeSet;

use control::report::Known;

use super::{Daemon, End};
use crate::monitors::Watcher;
use crate::monitors::foreign::{Descriptors, Event};
use crate::plan::{MonitorKey, PlannedMonitor};

impl Daemon {
    /// Starts one and tells its pid.
    pub(super) fn start_foreign(
        &mut self,
        monitor: &MonitorKey,
        plan: &PlannedMonitor,
        descriptors: Descriptors,
    ) -> Option<u32> {
        self.kernel.clear(plan.watches);
        self.state.begins_anew(monitor);
        self.foreign.start(monitor, plan, descriptors)
    }

    /// Takes what happened to one.
    pub(super) fn take_foreign(&mut self, event: Event) -> Option<End> {
        match event {
            Event::Report(monitor, report) => {
                let service = self.take_report(&monitor, &report);
                self.settle(service.into_iter().collect());
            }
            Event::Ended(monitor, why, ran) => {
                if self.watcher_ended(&Watcher::Nanny(monitor), &why, ran) {
                    return Some(End::MonitorDied);
                }
                let watches = self.state.plan().monitors.get(&monitor).map(|plan| plan.watches);
                if let Some(watches) = watches.filter(|_| self.state.known(&monitor) == Known::Down) {
                    self.kernel.clear(watches);
                }
                self.settle(self.state.service_of(&monitor).into_iter().collect());
            }
            Event::Stopped(monitor, watches) => {
                self.kernel.clear(watches);
                let known = self.state.known(&monitor);
                self.start_monitor(&monitor, known);
                self.settle(BTreeSet::from([watches.0]));
            }
        }
        None
    }
}
