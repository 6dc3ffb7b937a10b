//! From a configuration to its plan.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use ipvs::{Destination, DestinationKey};
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
        let mut plan = Self { notes: marks.choices(config.network), ..Self::default() };
        for virtual_server in config.virtual_servers.iter().filter(|virtual_server| virtual_server.active) {
            plan.add(config, virtual_server, &marks, mode);
        }
        plan.choose_pool(config.nanny_pool);
        plan
    }

    /// Of the real servers with a nanny of ours, which alone can check many: all or none go into a pool.
    fn choose_pool(&mut self, wanted: Option<bool>) {
        let nannies = self.monitors.values().filter(|monitor| monitor.pooled).count();
        let pool = wanted.unwrap_or(nannies > NANNIES);
        for monitor in self.monitors.values_mut() {
            monitor.pooled &= pool;
        }
    }

    fn add(&mut self, config: &Config, block: &VirtualServer, marks: &Marks, mode: Mode) {
        let Some((key, service)) = service(block) else {
            self.complaints.push(format!(
                "virtual server {} has no address or no usable port: not started; the others are",
                block.name
            ));
            return;
        };
        let planned = self.services.entry(key).or_insert_with(|| PlannedService {
            service: service.clone(),
            name: block.name.to_string(),
            servers: BTreeMap::new(),
            sorry: None,
            foreign_monitors: false,
        });
        let (first, other) = (&planned.service, &service);
        if (&first.scheduler, &first.persistence) != (&other.scheduler, &other.persistence) {
            self.complaints.push(format!(
                "virtual server {} shares a kernel service with {first}: scheduler and persistence of {first} count",
                block.name,
                first = planned.name,
            ));
        }
        // Whoever is hashed to a server with weight 0 is refused otherwise (specification lvsd.md 15, row 14).
        planned.service.scheduler_flags.first |= block.scheduler == SourceHash && block.quiesce_server;
        planned.foreign_monitors |= !is_nanny(&block.client_monitor);
        let obstacle = |address| families::obstacle(config, key.family(), address);
        if let Some((address, reason)) = block.sorry_server.and_then(|it| Some((it, obstacle(it)?))) {
            self.complaints.push(format!(
                "virtual server {} goes without its sorry_server {address}: {reason}",
                block.name
            ));
        } else if let (None, Some(address)) = (&planned.sorry, block.sorry_server) {
            let port = if marks.keep_port(block, None) { 0 } else { key_port(block) };
            let destination = Destination::new(forwarding_method(config.network), 1);
            planned.sorry = Some((DestinationKey { address, port }, destination));
        }
        let mut real_servers = Vec::new();
        let common = Common::new(config, block, mode);
        for server in block.servers.iter().filter(|server| server.active) {
            let Some((monitor, destination)) = identity(block, server, marks) else {
                self.complaints.push(format!(
                    "real server {}/{} has no address or no usable port: not started; the others are",
                    block.name, server.name
                ));
                continue;
            };
            if let Some(reason) = obstacle(destination.address) {
                self.complaints.push(format!(
                    "real server {}/{} at {} is not used: {reason}; the others are",
                    block.name, server.name, destination.address
                ));
                continue;
            }
            // A real server listed twice is checked and used once, as with Piranha.
            if !self.monitors.contains_key(&monitor) {
                self.add_server(config, block, server, monitor, (key, destination), &common);
                real_servers.push(monitor);
            }
        }
        let (name, port) = (block.name.to_string(), block.port);
        self.virtual_servers.push(Started { name, port, service: key, real_servers });
    }

    fn add_server(
        &mut self,
        config: &Config,
        block: &VirtualServer,
        server: &RealServer,
        monitor: MonitorKey,
        watches: Place,
        common: &Common,
    ) {
        let weight = u32::try_from(server.weight).unwrap_or(0);
        if let Some(service) = self.services.get_mut(&watches.0) {
            let planned = service.servers.entry(watches.1).or_insert_with(|| PlannedServer {
                destination: Destination::new(forwarding_method(config.network), weight),
                // One, but for marks.
                monitors: Vec::with_capacity(1),
                // `dh` has no such way out: a client hashed to a server with weight 0 is refused.
                quiesce: block.quiesce_server && block.scheduler != DestinationHash,
                foreign: false,
            });
            planned.monitors.push(monitor);
            planned.foreign |= common.foreign.is_some();
        }
        if let Some(check) = &common.first_check {
            self.first_checks.insert(monitor, FirstCheck::new(check, monitor.real_server, weight));
        }
        self.monitors.insert(
            monitor,
            PlannedMonitor {
                name: format!("{}/{}", block.name, server.name),
                invocation: Invocation::new(&common.monitoring, server, monitor.real_server.0),
                pooled: is_nanny(&block.client_monitor),
                weight,
                watches,
                foreign: common.foreign,
            },
        );
    }
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
