//! Real servers that shall leave service, and when they have left it.

use std::collections::BTreeSet;
use std::time::Duration;

use ipvs::{DestinationKey, ServiceKey, Table};

use super::State;
use crate::plan::{Place, Plan};

impl State {
    /// Ends the drains of administrators whose deadline has passed, and tells them.
    pub(crate) fn end_asked_drains(&mut self, now: Duration) -> BTreeSet<Place> {
        self.operator.end_drains(now)
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
    pub(super) fn drain_leaving(&mut self, old: &Plan, kernel: &Table, now: Duration) {
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
}
