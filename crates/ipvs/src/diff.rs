//! From the table that is to the table that should be.

use std::collections::BTreeMap;

use crate::{Destination, DestinationKey, Operation, ServiceKey, Table, VirtualServer};

impl Table {
    /// The least list of operations that makes `wanted` out of this table, which is what the kernel has.
    ///
    /// The order lets no packet meet a gap that can be avoided: real servers join, or get their weight back, before
    /// others are quiesced or leave, so that a virtual server with a usable real server before and after has one all
    /// the time; and virtual servers leave last of all, since the kernel resets connections when its last one goes.
    /// What exists is changed and never removed and added again.
    pub fn diff(&self, wanted: &Table) -> Vec<Operation> {
        let gone = self.services.keys().filter(|key| !wanted.services.contains_key(key));
        let there = wanted.services.iter().map(|(key, server)| (key, Some(server)));
        self.changes(there.chain(gone.map(|key| (key, None))))
    }

    /// The same for these virtual servers only (`None`: gone); others are left alone.
    pub fn changes<'a>(
        &self,
        wanted: impl IntoIterator<Item = (&'a ServiceKey, Option<&'a VirtualServer>)>,
    ) -> Vec<Operation> {
        let (mut operations, mut gone) = (Vec::new(), Vec::new());
        for (key, wanted) in wanted {
            match (self.services.get(key), wanted) {
                (None, Some(wanted)) => create(key, wanted, &mut operations),
                (Some(present), Some(wanted)) => change(key, present, wanted, &mut operations),
                (Some(_), None) => gone.push(Operation::DeleteService(*key)),
                (None, None) => {}
            }
        }
        operations.append(&mut gone);
        operations
    }
}

fn create(key: &ServiceKey, server: &VirtualServer, operations: &mut Vec<Operation>) {
    operations.push(Operation::AddService(*key, server.service.clone()));
    change_destinations(key, &BTreeMap::new(), &server.destinations, operations);
}

fn change(
    key: &ServiceKey,
    present: &VirtualServer,
    wanted: &VirtualServer,
    operations: &mut Vec<Operation>,
) {
    if present.service != wanted.service {
        operations.push(Operation::SetService(*key, wanted.service.clone()));
    }
    change_destinations(key, &present.destinations, &wanted.destinations, operations);
}

/// What a step does to a virtual server's readiness; steps are taken in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    /// A real server becomes usable.
    Joins,
    /// As usable as before.
    Stays,
    /// A real server is quiesced.
    Rests,
    /// A real server is removed.
    Leaves,
}

fn change_destinations(
    key: &ServiceKey,
    present: &BTreeMap<DestinationKey, Destination>,
    wanted: &BTreeMap<DestinationKey, Destination>,
    operations: &mut Vec<Operation>,
) {
    let mut steps = Vec::new();
    for (at, destination) in wanted {
        let before = present.get(at);
        if before == Some(destination) {
            continue;
        }
        let effect = match (before.is_some_and(Destination::is_active), destination.is_active()) {
            (false, true) => Effect::Joins,
            (true, false) => Effect::Rests,
            _ => Effect::Stays,
        };
        let operation = if before.is_none() { Operation::AddDestination } else { Operation::SetDestination };
        steps.push((effect, operation(*key, *at, destination.clone())));
    }
    let gone = present.keys().filter(|at| !wanted.contains_key(at));
    steps.extend(gone.map(|at| (Effect::Leaves, Operation::DeleteDestination(*key, *at))));

    steps.sort_by_key(|(effect, _)| *effect);
    operations.extend(steps.into_iter().map(|(_, operation)| operation));
}
