//! How the kernel shall have a service, by what the checks and administrators say.

use std::collections::BTreeMap;

use ipvs::{Destination, ServiceKey, Table, VirtualServer};

use super::State;
use super::verdict::Verdict;
use crate::plan::{Place, PlannedServer};

impl State {
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
}

pub(super) fn with_weight(destination: &Destination, weight: u32) -> Destination {
    Destination { weight, ..destination.clone() }
}
