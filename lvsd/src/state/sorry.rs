//! When a sorry server answers.

use std::collections::BTreeSet;

use ipvs::ServiceKey;

use super::State;
use crate::plan::{Place, PlannedServer, PlannedService};

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

impl State {
    /// Whether the sorry server of a service answers.
    pub(crate) fn sorry_answers(&self, key: &ServiceKey) -> bool {
        self.sorry.contains(key)
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

    fn is_available(&self, place: &Place, server: &PlannedServer) -> bool {
        self.is_up(server) && !self.operator.withholds(place)
    }

    /// Only once every server was checked, unless it is not to be used anyway: at start nothing is known, and nothing is
    /// lost by waiting for the first word.
    pub(super) fn needs_sorry(&self, key: &ServiceKey, planned: &PlannedService) -> bool {
        planned.servers.iter().all(|(at, server)| {
            server.monitors.iter().any(|monitor| self.verdict(monitor).is_down())
                || self.operator.withholds(&(*key, *at))
        })
    }
}
