//! Puts right what somebody else did to the kernel's table (specification lvsd.md 15, row 27).

use std::collections::BTreeSet;

use ipvs::{Operation, ServiceKey, Table, VirtualServer};

use super::Daemon;
use crate::kernel::Wishes;
use crate::plan::Plan;

/// Operations that the log names one by one; of the rest it says how many.
const NAMED: usize = 100;

impl Daemon {
    /// Compares the kernel's table with what is wanted and puts right what somebody else changed.
    ///
    /// Returns what was done; it is in the log, too.
    pub(super) fn repair(&mut self) -> Vec<Operation> {
        self.repair_services(self.state.plan().services.keys().copied().collect())
    }

    /// The same for the services that have their turn, and for all of them if one was changed: who changes one may
    /// well change others.
    pub(super) fn repair_some(&mut self) {
        let services = self.drift.rounds.next(self.state.plan().services.keys());
        if !services.is_empty() && !self.repair_services(services).is_empty() {
            self.repair();
        }
    }

    fn repair_services(&mut self, mut services: BTreeSet<ServiceKey>) -> Vec<Operation> {
        // What the kernel refused is tried again each turn anyway.
        services.retain(|key| !self.refused.contains_key(key));
        let wishes = self.changed_by_others(&services).unwrap_or_else(|error| {
            tracing::warn!("cannot read the IPVS table: {error}");
            Wishes::new()
        });
        let outcome = self.kernel.bring_about(&wishes);
        self.counts.stale |= !outcome.done.is_empty();
        self.note_refused(&wishes, &outcome);
        log_operations("repaired", &outcome.done);
        self.drift.repairs += u64::try_from(outcome.done.len()).unwrap_or(u64::MAX);
        outcome.done
    }

    /// How those of the services shall be that are otherwise. The kernel has no snapshot of its table, so what seems
    /// to be a change is looked at twice.
    fn changed_by_others(&mut self, services: &BTreeSet<ServiceKey>) -> Result<Wishes, ipvs::Error> {
        let look = self.kernel.look(services)?;
        self.name_strangers(look.others);
        let differs = |key: &&ServiceKey| {
            let wish = self.wish(key, &look.table);
            !look.table.changes([(*key, wish.as_ref())]).is_empty()
        };
        let (changed, same) = services.iter().partition::<BTreeSet<_>, _>(differs);
        self.kernel.learn(&same, look.table);
        if changed.is_empty() {
            return Ok(Wishes::new());
        }
        let look = self.kernel.look(&changed)?;
        let wishes = changed.iter().map(|key| (*key, self.wish(key, &look.table))).collect();
        self.kernel.learn(&changed, look.table);
        Ok(wishes)
    }

    /// How a service shall be, whatever somebody made of it; but what monitors that are not ours wrote is right.
    fn wish(&self, key: &ServiceKey, seen: &Table) -> Option<VirtualServer> {
        let planned = self.state.plan().services.get(key);
        let foreign = planned.is_some_and(|service| service.foreign_monitors);
        self.state.wanted(key, if foreign { seen } else { self.kernel.table() })
    }

    /// Names the services that are not in the file, each once.
    pub(super) fn name_strangers(&mut self, mut others: BTreeSet<ServiceKey>) {
        others.retain(|key| !self.state.plan().services.contains_key(key));
        for key in self.drift.strangers.replace(others) {
            tracing::info!(
                "leaving virtual service {key} alone: it is in the IPVS table but not in the file"
            );
        }
    }

    /// Reads the services that a new plan adds to the one in force: somebody else may have made them meanwhile.
    pub(super) fn read_new_services(&mut self, plan: &Plan) {
        let old = &self.state.plan().services;
        let new: BTreeSet<_> = plan.services.keys().filter(|key| !old.contains_key(key)).copied().collect();
        if new.is_empty() {
            return;
        }
        self.kernel.look_again(&new);
    }

    /// Names the services that a new plan adds and that are in the kernel's table already, but otherwise.
    pub(super) fn name_clashes(&self, plan: &Plan) {
        let old = &self.state.plan().services;
        for (key, planned) in plan.services.iter().filter(|(key, _)| !old.contains_key(key)) {
            let present = self.kernel.table().services.get(key).map(|entry| &entry.service);
            if let Some(present) = present.filter(|present| **present != planned.service) {
                tracing::warn!(
                    "virtual server {}: {key} is in the IPVS table already with `{present}`, the file wants `{}`: changed",
                    planned.name,
                    planned.service
                );
            }
        }
    }
}

/// Names operations in the log, in ipvsadm's notation.
pub(super) fn log_operations<'a>(
    what: &str,
    operations: impl IntoIterator<Item = &'a Operation, IntoIter: Clone>,
) {
    let operations = operations.into_iter();
    for operation in operations.clone().take(NAMED) {
        tracing::info!("{what}: ipvsadm {operation}");
    }
    let rest = operations.skip(NAMED).count();
    if rest > 0 {
        tracing::info!("{what}: {rest} more");
    }
}
