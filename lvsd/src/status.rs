//! What lvsd knows, in the words of the control socket. Pure.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use control::report::{Checks, Forced};
use control::status::{Failure, Operator, RealServer, State, Traffic, VirtualServer, Weight};
use ipvs::{DestinationStatistics, ServiceKey, ServiceStatistics, Snapshot};
use service::clocks::Clocks;

use crate::history::History;
use crate::plan::{MonitorKey, PlannedMonitor, Started};
use crate::state;

/// Everything that a status is made of.
pub(crate) struct Facts<'a> {
    /// What is wanted, and why.
    pub(crate) state: &'a state::State,
    /// What has been.
    pub(crate) history: &'a History,
    /// What the time is.
    pub(crate) clocks: Clocks,
    /// What the kernel has, and what it counted.
    pub(crate) kernel: &'a Snapshot,
    /// How the checks go, of those monitors that have said it.
    pub(crate) checks: &'a BTreeMap<MonitorKey, Checks>,
    /// States that are forced, as far as lvsd was told.
    pub(crate) forced: &'a BTreeMap<MonitorKey, Forced>,
    /// Why the kernel refused a service.
    pub(crate) trouble: &'a BTreeMap<ServiceKey, Vec<String>>,
}

impl Facts<'_> {
    /// The active virtual servers, in the order of the file.
    pub(crate) fn virtual_servers(&self) -> Vec<VirtualServer> {
        self.state.plan().virtual_servers.iter().filter_map(|started| self.virtual_server(started)).collect()
    }

    /// One of them.
    pub(crate) fn virtual_server_called(&self, name: &str, service: &ServiceKey) -> Option<VirtualServer> {
        let mut all = self.state.plan().virtual_servers.iter();
        self.virtual_server(all.find(|started| started.name == name && started.service == *service)?)
    }

    /// Services of the kernel that are not in the file.
    pub(crate) fn strangers(&self) -> Vec<String> {
        let services = &self.state.plan().services;
        let strange = self.kernel.table.services.keys().filter(|key| !services.contains_key(key));
        strange.map(ToString::to_string).collect()
    }

    /// What is decided about real servers that are not in the file.
    pub(crate) fn absent(&self) -> BTreeMap<String, Operator> {
        let services = &self.state.plan().services;
        let decisions = self.state.operator().iter().filter(|((service, at), _)| {
            services.get(service).is_none_or(|service| !service.servers.contains_key(at))
        });
        decisions.map(|(_, decision)| (decision.name.clone(), decision.to_status(self.clocks))).collect()
    }

    fn virtual_server(&self, started: &Started) -> Option<VirtualServer> {
        let key = &started.service;
        let planned = self.state.plan().services.get(key)?;
        let counted = self.kernel.statistics.get(key);
        let service = Service {
            facts: self,
            wanted: self.state.wanted(key, &self.kernel.table),
            present: self.kernel.table.services.get(key),
            counted,
        };
        let real_servers = started.real_servers.iter();
        Some(VirtualServer {
            name: started.name.clone(),
            address: started.address.map(|address| address.to_string()),
            service: key.to_string(),
            scheduler: planned.service.scheduler.to_string(),
            persistence: planned
                .service
                .persistence
                .as_ref()
                .map(|persistence| persistence.timeout.as_secs()),
            trouble: self.trouble.get(key).map(|reasons| reasons.join("; ")),
            sorry_server: planned.sorry.as_ref().map(|(at, _)| at.address.to_string()),
            sorry: self.state.sorry_answers(key),
            traffic: counted.map_or_else(Traffic::default, |counted| traffic(&counted.traffic)),
            real_servers: real_servers.filter_map(|monitor| service.real_server(started, monitor)).collect(),
        })
    }
}

/// One service of the kernel, as it is and as it shall be.
struct Service<'a> {
    facts: &'a Facts<'a>,
    wanted: Option<ipvs::VirtualServer>,
    present: Option<&'a ipvs::VirtualServer>,
    counted: Option<&'a ServiceStatistics>,
}

impl Service<'_> {
    fn real_server(&self, started: &Started, monitor: &MonitorKey) -> Option<RealServer> {
        let Facts { state, history, clocks, checks, forced, .. } = *self.facts;
        let planned = state.plan().monitors.get(monitor)?;
        let record = history.of(monitor);
        let checks = checks.get(monitor);
        let counted = self.counted.and_then(|counted| counted.destinations.get(&planned.watches.1));
        let counted = counted.map_or_else(DestinationStatistics::default, Clone::clone);
        let failure = record.and_then(|record| record.failure.as_ref());
        Some(RealServer {
            name: started.name_of(planned).to_owned(),
            address: SocketAddr::from(monitor.real_server).to_string(),
            state: record.map_or(State::Unknown, |record| record.state),
            since: clocks.wall_at(record.map_or(clocks.now, |record| record.since)),
            last_failure: failure
                .map(|(at, reason)| Failure { at: clocks.wall_at(*at), reason: reason.clone() }),
            forced: checks.map_or_else(|| forced.get(monitor).copied(), |checks| checks.forced),
            operator: state
                .operator()
                .of(&planned.watches)
                .map(|it| it.to_status(clocks))
                .unwrap_or_default(),
            weight: self.weight(planned),
            last_check: checks.and_then(|checks| checks.last.clone()),
            active_connections: counted.active_connections,
            inactive_connections: counted.inactive_connections,
            traffic: traffic(&counted.traffic),
        })
    }

    fn weight(&self, planned: &PlannedMonitor) -> Weight {
        let weight = |server: &ipvs::VirtualServer| Some(server.destinations.get(&planned.watches.1)?.weight);
        Weight {
            file: planned.weight,
            wanted: self.wanted.as_ref().and_then(weight),
            in_force: self.present.and_then(weight),
        }
    }
}

fn traffic(counted: &ipvs::Traffic) -> Traffic {
    Traffic {
        connections: counted.connections,
        packets_in: counted.packets_in,
        packets_out: counted.packets_out,
        bytes_in: counted.bytes_in,
        bytes_out: counted.bytes_out,
        connections_per_second: counted.connections_per_second,
        packets_in_per_second: counted.packets_in_per_second,
        packets_out_per_second: counted.packets_out_per_second,
        bytes_in_per_second: counted.bytes_in_per_second,
        bytes_out_per_second: counted.bytes_out_per_second,
    }
}

mod overview;
#[cfg(test)]
mod tests;
