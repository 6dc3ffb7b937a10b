//! From a configuration to its plan.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use ipvs::{Destination, DestinationKey, Service, ServiceKey};
use lvs_cf::Scheduler::{DestinationHash, SourceHash};
use lvs_cf::{Config, RealServer, VirtualServer};

use super::identity::{forwarding_method, identity, key_port, service};
use super::{
    Mode, MonitorKey, Place, Plan, PlannedMonitor, PlannedServer, PlannedService, Started, is_nanny,
};
use crate::arguments::{Invocation, Monitoring};
use crate::families;
use crate::first_checks::{FirstCheck, Manner};
use crate::marks::Marks;
use crate::monitors::foreign::Descriptors;

/// Real servers that have a nanny each, if the file does not say how it shall be; one process checks more than these.
const NANNIES: usize = 64;

impl Plan {
    /// The plan for a configuration.
    pub(crate) fn new(config: &Config, mode: Mode) -> Self {
        let marks = Marks::of(config);
        let plan = Self { notes: marks.choices(config.network), ..Self::default() };
        let mut making = Making { config, mode, marks, plan };
        for block in config.virtual_servers.iter().filter(|block| block.active) {
            making.add(block);
        }
        making.plan.choose_pool(config.nanny_pool);
        making.plan
    }

    /// Of the real servers with a nanny of ours, which alone can check many: all or none go into a pool.
    fn choose_pool(&mut self, wanted: Option<bool>) {
        let nannies = self.monitors.values().filter(|monitor| monitor.pooled).count();
        let pool = wanted.unwrap_or(nannies > NANNIES);
        for monitor in self.monitors.values_mut() {
            monitor.pooled &= pool;
        }
    }
}

/// A plan in the making.
struct Making<'a> {
    config: &'a Config,
    mode: Mode,
    marks: Marks<'a>,
    plan: Plan,
}

impl Making<'_> {
    fn add(&mut self, block: &VirtualServer) {
        let Some((key, service)) = service(block) else {
            self.complain(format!(
                "virtual server {} has no address or no usable port: not started; the others are",
                block.name
            ));
            return;
        };
        self.add_service(key, &service, block);
        self.add_sorry_server(key, block);
        let real_servers = self.add_real_servers(key, block);
        self.plan.virtual_servers.push(Started {
            name: block.name.to_string(),
            port: block.port,
            address: block.address.map(|address| SocketAddr::new(address, key_port(block))),
            service: key,
            real_servers,
        });
    }

    fn add_service(&mut self, key: ServiceKey, service: &Service, block: &VirtualServer) {
        let planned = self.plan.services.entry(key).or_insert_with(|| PlannedService {
            service: service.clone(),
            name: block.name.to_string(),
            servers: BTreeMap::new(),
            sorry: None,
            foreign_monitors: false,
        });
        // Whoever is hashed to a server with weight 0 is refused otherwise (specification lvsd.md 15, row 14).
        planned.service.scheduler_flags.first |= block.scheduler == SourceHash && block.quiesce_server;
        planned.foreign_monitors |= !is_nanny(&block.client_monitor);
        let first = &planned.service;
        if (&first.scheduler, &first.persistence) != (&service.scheduler, &service.persistence) {
            let complaint = format!(
                "virtual server {} shares a kernel service with {first}: scheduler and persistence of {first} count",
                block.name,
                first = planned.name,
            );
            self.complain(complaint);
        }
    }

    fn add_sorry_server(&mut self, key: ServiceKey, block: &VirtualServer) {
        let Some(address) = block.sorry_server else { return };
        if let Some(reason) = families::obstacle(self.config, key.family(), address) {
            self.complain(format!(
                "virtual server {} goes without its sorry_server {address}: {reason}",
                block.name
            ));
            return;
        }
        let port = if self.marks.keep_port(block, None) { 0 } else { key_port(block) };
        let destination = Destination::new(forwarding_method(self.config.network), 1);
        if let Some(planned) = self.plan.services.get_mut(&key) {
            planned.sorry.get_or_insert((DestinationKey { address, port }, destination));
        }
    }

    /// Returns their monitors. A real server listed twice is checked and used once, as with Piranha.
    fn add_real_servers(&mut self, key: ServiceKey, block: &VirtualServer) -> Vec<MonitorKey> {
        let common = Common::new(self.config, block, self.mode);
        let mut monitors = Vec::new();
        for server in block.servers.iter().filter(|server| server.active) {
            match self.identify(key, block, server) {
                Ok((monitor, _)) if self.plan.monitors.contains_key(&monitor) => {}
                Ok((monitor, watches)) => {
                    self.add_destination(watches, monitor, block, server);
                    self.add_monitor(monitor, watches, block, server, &common);
                    monitors.push(monitor);
                }
                Err(complaint) => self.complain(complaint),
            }
        }
        monitors
    }

    /// The monitor of a real server and what it decides about; or why the real server is not used.
    fn identify(
        &self,
        key: ServiceKey,
        block: &VirtualServer,
        server: &RealServer,
    ) -> Result<(MonitorKey, Place), String> {
        let (monitor, destination) = identity(block, server, &self.marks).ok_or_else(|| {
            format!(
                "real server {}/{} has no address or no usable port: not started; the others are",
                block.name, server.name
            )
        })?;
        match families::obstacle(self.config, key.family(), destination.address) {
            None => Ok((monitor, (key, destination))),
            Some(reason) => Err(format!(
                "real server {}/{} at {} is not used: {reason}; the others are",
                block.name, server.name, destination.address
            )),
        }
    }

    fn add_destination(
        &mut self,
        (key, destination): Place,
        monitor: MonitorKey,
        block: &VirtualServer,
        server: &RealServer,
    ) {
        let Some(service) = self.plan.services.get_mut(&key) else { return };
        let planned = service.servers.entry(destination).or_insert_with(|| PlannedServer {
            destination: Destination::new(forwarding_method(self.config.network), weight(server)),
            // One, but for marks.
            monitors: Vec::with_capacity(1),
            // `dh` has no such way out: a client hashed to a server with weight 0 is refused.
            quiesce: block.quiesce_server && block.scheduler != DestinationHash,
            foreign: false,
        });
        planned.monitors.push(monitor);
        planned.foreign |= !is_nanny(&block.client_monitor);
    }

    fn add_monitor(
        &mut self,
        key: MonitorKey,
        watches: Place,
        block: &VirtualServer,
        server: &RealServer,
        common: &Common,
    ) {
        let weight = weight(server);
        if let Some(check) = &common.first_check {
            self.plan.first_checks.insert(key, FirstCheck::new(check, key.real_server, weight));
        }
        let monitor = PlannedMonitor {
            name: format!("{}/{}", block.name, server.name),
            invocation: Invocation::new(&common.monitoring, server, key.real_server.0),
            pooled: is_nanny(&block.client_monitor),
            weight,
            watches,
            foreign: common.foreign,
        };
        self.plan.monitors.insert(key, monitor);
    }

    fn complain(&mut self, complaint: String) {
        self.plan.complaints.push(complaint);
    }
}

fn weight(server: &RealServer) -> u32 {
    u32::try_from(server.weight).unwrap_or(0)
}

/// What the real servers of a virtual server have in common.
struct Common {
    monitoring: Rc<Monitoring>,
    first_check: Option<Arc<Manner>>,
    foreign: Option<Descriptors>,
}

impl Common {
    fn new(config: &Config, block: &VirtualServer, mode: Mode) -> Self {
        let ours = is_nanny(&block.client_monitor);
        Self {
            monitoring: Rc::new(Monitoring::new(config, block, mode)),
            first_check: Manner::new(block).filter(|_| ours).map(Arc::new),
            foreign: (!ours).then(|| Descriptors::of(block, mode)),
        }
    }
}
