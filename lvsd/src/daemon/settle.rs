//! The kernel's table becomes what is wanted, and stays so.

use std::collections::{BTreeMap, BTreeSet};

use ipvs::ServiceKey;

use super::Daemon;
use crate::kernel::{Outcome, Refused, Wishes};

impl Daemon {
    /// Makes these services as they are wanted now.
    pub(super) fn settle(&mut self, services: BTreeSet<ServiceKey>) -> Outcome {
        for change in self.state.sorry_changes(&services) {
            let (name, address, up) = (change.name, change.address, change.up);
            if up == 0 {
                tracing::warn!("Virtual Server {name}: No real servers; activate sorry_server {address}");
            } else {
                tracing::info!("Virtual Server {name}: {up} real servers; deactivate sorry_server {address}");
            }
        }
        let wish = |key| (key, self.state.wanted(&key, self.kernel.table()));
        let wishes: Wishes = services.into_iter().map(wish).collect();
        let outcome = self.kernel.bring_about(&wishes);
        self.counts.stale = true;
        self.note_refused(&wishes, &outcome);
        outcome
    }

    /// Remembers what the kernel refused: it is tried again each turn, but not complained of again.
    pub(super) fn note_refused(&mut self, wishes: &Wishes, outcome: &Outcome) {
        let before: BTreeMap<_, _> = wishes.keys().filter_map(|key| self.refused.remove_entry(key)).collect();
        for Refused { service, reason } in &outcome.refused {
            if before.get(service).is_none_or(|reasons| !reasons.contains(reason)) {
                let name = self.state.plan().services.get(service).map_or("(removed)", |plan| &plan.name);
                tracing::error!("ipvsadm failed for virtual server {name}! {reason}; trying again");
            }
            self.refused.entry(*service).or_default().push(reason.clone());
        }
    }

    /// Once a turn: what was refused is tried again, and drains may be over.
    pub(super) fn look_again(&mut self) {
        let mut services: BTreeSet<_> = self.refused.keys().copied().collect();
        services.extend(self.end_asked_drains());
        let draining = self.state.draining_services();
        if !draining.is_empty() {
            match self.kernel.active_connections(&draining) {
                Ok(active) => {
                    let now = self.now();
                    services.extend(self.state.end_drains(now, |service, destination| {
                        active.get(&(*service, *destination)).copied().unwrap_or(0)
                    }));
                }
                Err(error) => tracing::warn!("cannot read the IPVS table: {error}"),
            }
        }
        if !services.is_empty() {
            self.settle(services);
        }
        self.switch_on();
        self.repair_some();
        self.tell_counts();
    }

    /// The deadlines that administrators have set.
    fn end_asked_drains(&mut self) -> BTreeSet<ServiceKey> {
        let ended = self.state.end_asked_drains(self.now());
        for decision in ended.iter().filter_map(|place| self.state.operator().of(place)) {
            tracing::info!("the drain of {} is at its deadline: what is left is cut off", decision.name);
        }
        ended.into_iter().map(|(service, _)| service).collect()
    }
}
