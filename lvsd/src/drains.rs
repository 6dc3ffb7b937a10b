//! Real servers on their way out of the table: weight 0 for a while, then gone. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ipvs::{DestinationKey, ServiceKey};

use crate::plan::Place;

/// A real server that leaves service gets weight 0 for at least this long, so that a connection that is just being made
/// is seen.
pub(crate) const SHORTEST: Duration = Duration::from_secs(1);
/// Its established connections are waited for this long, unless `quiesce_server` asks to wait for all of them.
pub(crate) const LONGEST: Duration = Duration::from_secs(30);

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Drain {
    began: Duration,
    patient: bool,
}

/// All of them, by service.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drains(BTreeMap<ServiceKey, BTreeMap<DestinationKey, Drain>>);

impl Drains {
    /// A real server leaves, if it is not about to already. A patient drain has no limit.
    pub(crate) fn begin(&mut self, (service, destination): Place, patient: bool, now: Duration) {
        let drains = self.0.entry(service).or_default();
        drains.entry(destination).or_insert(Drain { began: now, patient });
    }

    /// Forgets those that need not leave any more.
    pub(crate) fn retain(&mut self, leaves: impl Fn(&Place) -> bool) {
        self.retain_if(|place, _| leaves(place));
    }

    /// Ends the drains that are over. `active` tells the established connections of a destination.
    ///
    /// Returns the services that changed.
    pub(crate) fn end(
        &mut self,
        now: Duration,
        active: impl Fn(&ServiceKey, &DestinationKey) -> u32,
    ) -> BTreeSet<ServiceKey> {
        let mut changed = BTreeSet::new();
        self.retain_if(|(service, destination), drain| {
            let age = now.saturating_sub(drain.began);
            let idle = active(service, destination) == 0;
            let over = age >= SHORTEST && (idle || (!drain.patient && age >= LONGEST));
            if over {
                changed.insert(*service);
            }
            !over
        });
        changed
    }

    /// The real servers of a service that are on their way out.
    pub(crate) fn of(&self, service: &ServiceKey) -> impl Iterator<Item = &DestinationKey> {
        self.0.get(service).into_iter().flat_map(BTreeMap::keys)
    }

    /// The services with a real server on its way out.
    pub(crate) fn services(&self) -> BTreeSet<ServiceKey> {
        self.0.keys().copied().collect()
    }

    fn retain_if(&mut self, mut stays: impl FnMut(&Place, &Drain) -> bool) {
        self.0.retain(|service, drains| {
            drains.retain(|destination, drain| stays(&(*service, *destination), drain));
            !drains.is_empty()
        });
    }
}
