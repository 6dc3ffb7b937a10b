//! The same in short, for those that ask again and again.

use std::net::SocketAddr;

use control::overview::{Counters, Decision, RealServer, VirtualServer};
use control::report::Forced;
use control::status::{Failure, State};
use ipvs::{Destination, ServiceStatistics};

use super::Facts;
use crate::plan::{MonitorKey, Started};

impl Facts<'_> {
    /// The active virtual servers in short, in the order of the file.
    pub(crate) fn overview(&self) -> Vec<VirtualServer> {
        self.state.plan().virtual_servers.iter().filter_map(|started| self.in_short(started)).collect()
    }

    fn in_short(&self, started: &Started) -> Option<VirtualServer> {
        let key = &started.service;
        let planned = self.state.plan().services.get(key)?;
        let present = self.kernel.table.services.get(key);
        let counted = self.kernel.statistics.get(key);
        let real_servers: Vec<_> = started
            .real_servers
            .iter()
            .filter_map(|monitor| self.real_server_in_short(started, monitor, present, counted))
            .collect();
        let up = real_servers.iter().filter(|server| server.weight.is_some_and(|weight| weight > 0)).count();
        Some(VirtualServer {
            name: started.name.clone(),
            service: key.to_string(),
            scheduler: planned.service.scheduler.to_string(),
            trouble: self.trouble.get(key).map(|reasons| reasons.join("; ")),
            sorry: self.state.sorry_answers(key),
            up: u32::try_from(up).unwrap_or(u32::MAX),
            counters: counted.map_or_else(Counters::default, |counted| counters(&counted.traffic)),
            real_servers,
        })
    }

    fn real_server_in_short(
        &self,
        started: &Started,
        monitor: &MonitorKey,
        present: Option<&ipvs::VirtualServer>,
        counted: Option<&ServiceStatistics>,
    ) -> Option<RealServer> {
        let planned = self.state.plan().monitors.get(monitor)?;
        let at = &planned.watches.1;
        let record = self.history.of(monitor);
        let failure = record.and_then(|record| record.failure.as_ref());
        let counted = counted.and_then(|counted| counted.destinations.get(at)).copied().unwrap_or_default();
        Some(RealServer {
            name: started.name_of(planned).to_owned(),
            address: SocketAddr::from(monitor.real_server).to_string(),
            state: record.map_or(State::Unknown, |record| record.state),
            since: self.clocks.wall_at(record.map_or(self.clocks.now, |record| record.since)),
            last_failure: failure
                .map(|(at, reason)| Failure { at: self.clocks.wall_at(*at), reason: reason.clone() }),
            decision: self.decision(monitor),
            weight: present
                .and_then(|present| present.destinations.get(at))
                .map(|it: &Destination| it.weight),
            active_connections: counted.active_connections,
            inactive_connections: counted.inactive_connections,
            counters: counters(&counted.traffic),
        })
    }

    fn decision(&self, monitor: &MonitorKey) -> Option<Decision> {
        let forced = self.forced.get(monitor).map(|forced| match forced {
            Forced::Down => Decision::Down,
            Forced::Up => Decision::Up,
        });
        forced.or_else(|| {
            let watches = self.state.plan().monitors.get(monitor)?.watches;
            let operator = self.state.operator().of(&watches)?.to_status(self.clocks);
            match (operator.disabled, operator.drain, operator.weight) {
                (true, ..) => Some(Decision::Disable),
                (false, Some(_), _) => Some(Decision::Drain),
                (false, None, Some(_)) => Some(Decision::Weight),
                (false, None, None) => None,
            }
        })
    }
}

fn counters(counted: &ipvs::Traffic) -> Counters {
    Counters {
        connections: counted.connections,
        packets_in: counted.packets_in,
        packets_out: counted.packets_out,
        bytes_in: counted.bytes_in,
        bytes_out: counted.bytes_out,
    }
}
