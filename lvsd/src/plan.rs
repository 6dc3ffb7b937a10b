//! What a configuration asks for: kernel services, their real servers, and a monitor for each.
//!
//! Pure: the same file always gives the same plan, and two plans are compared to find what a reload changes.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use ipvs::{
    Destination, DestinationKey, Family, ForwardingMethod, Persistence, PersistenceMask, Scheduler, Service,
    ServiceKey, Tunnel,
};
use lvs_cf::Scheduler::{DestinationHash, SourceHash};
use lvs_cf::{Config, RealServer, VirtualServer, Word};

use crate::arguments::{Invocation, Monitoring};
use crate::families;
use crate::first_checks::{FirstCheck, Manner};
use crate::marks::Marks;
use crate::monitors::foreign::Descriptors;

/// Real servers that have a nanny each, if the file does not say how it shall be; one process checks more than these.
const NANNIES: usize = 64;

/// A real server of a kernel service.
pub(crate) type Place = (ServiceKey, DestinationKey);

/// Everything that lvsd has to bring about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// Kernel services by their identity.
    pub(crate) services: BTreeMap<ServiceKey, PlannedService>,
    /// One monitor per active real server of each active virtual server.
    pub(crate) monitors: BTreeMap<MonitorKey, PlannedMonitor>,
    /// The checks that lvsd itself can make.
    pub(crate) first_checks: BTreeMap<MonitorKey, FirstCheck>,
    /// The active virtual servers in the file's order, for the log.
    pub(crate) virtual_servers: Vec<Started>,
    /// Virtual servers that cannot be served, and other things that the log shall name.
    pub(crate) complaints: Vec<String>,
    /// What was chosen where the file leaves a choice, for the log.
    pub(crate) notes: Vec<String>,
}

/// An active virtual server, as the log names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Started {
    /// Its name in the file.
    pub(crate) name: String,
    /// Its port.
    pub(crate) port: i32,
    /// The kernel service that it is part of: several share one if they have the same firewall mark.
    pub(crate) service: ServiceKey,
    /// The monitors of its active real servers, in the file's order.
    pub(crate) real_servers: Vec<MonitorKey>,
}

impl Started {
    /// The name of one of its real servers in the file.
    pub(crate) fn name_of<'a>(&self, monitor: &'a PlannedMonitor) -> &'a str {
        let name = monitor.name.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix('/'));
        name.unwrap_or(&monitor.name)
    }
}

/// One kernel service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlannedService {
    /// As the kernel shall have it.
    pub(crate) service: Service,
    /// Name of the first virtual server of the group.
    pub(crate) name: String,
    /// Its real servers.
    pub(crate) servers: BTreeMap<DestinationKey, PlannedServer>,
    /// Answers when no real server can.
    pub(crate) sorry: Option<(DestinationKey, Destination)>,
    /// Some monitors are not ours and write their destinations themselves: those are left as the kernel has them.
    pub(crate) foreign_monitors: bool,
}

/// One real server of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlannedServer {
    /// As the kernel shall have it at its full weight.
    pub(crate) destination: Destination,
    /// All of these must be satisfied: one, or one per virtual server of a mark group.
    pub(crate) monitors: Vec<MonitorKey>,
    /// A dead server gets weight 0 instead of being removed.
    pub(crate) quiesce: bool,
    /// A monitor that is not ours writes it.
    pub(crate) foreign: bool,
}

impl PlannedService {
    /// Whether a monitor that is not ours writes this destination: that of its real server, or another with the same
    /// address (Piranha 0.5 gave no port).
    pub(crate) fn is_foreign(&self, at: &DestinationKey) -> bool {
        let on_port = |port| DestinationKey { port, ..*at };
        match self.servers.get(at) {
            Some(server) => server.foreign,
            None => self.servers.range(on_port(0)..=on_port(u16::MAX)).any(|(_, server)| server.foreign),
        }
    }
}

/// What makes two monitors the same (specification lvsd.md 5.1, and the mark, so that two marks on one address do not
/// share a monitor).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MonitorKey {
    /// Firewall mark, 0 for none.
    pub(crate) mark: u32,
    /// Protocol, address and port of the virtual server.
    pub(crate) virtual_server: (ipvs::Protocol, Option<IpAddr>, u16),
    /// Address and port of the real server.
    pub(crate) real_server: (IpAddr, u16),
}

/// How a monitor is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlannedMonitor {
    /// `virtual/server`, as log lines name it.
    pub(crate) name: String,
    /// Its program and arguments.
    pub(crate) invocation: Invocation,
    /// The program checks this real server together with others, in one process.
    pub(crate) pooled: bool,
    /// The weight that the file gives.
    pub(crate) weight: u32,
    /// The kernel service and the destination that it decides about.
    pub(crate) watches: Place,
    /// What it gets from lvsd if it is not ours.
    pub(crate) foreign: Option<Descriptors>,
}

/// How lvsd itself runs, as far as monitors see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mode {
    /// `--nodaemon`.
    pub(crate) nodaemon: bool,
    /// `--verbose`.
    pub(crate) verbose: bool,
}

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

    /// The monitors that the pool of this program is made of.
    pub(crate) fn pooled(&self, program: &OsStr) -> Vec<MonitorKey> {
        let of_program = self
            .monitors
            .iter()
            .filter(|(_, monitor)| monitor.pooled && monitor.invocation.program() == program);
        of_program.map(|(key, _)| *key).collect()
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

/// The kernel service of a virtual server; `None` if it has neither mark nor address, or no usable port.
fn service(block: &VirtualServer) -> Option<(ServiceKey, Service)> {
    let key = service_key(block)?;
    let mut service = Service::new(Scheduler::new(block.scheduler.as_str()).ok()?);
    service.persistence = block.persistence().map(|timeout| Persistence {
        timeout,
        mask: mask(block, key.family()),
        engine: None,
    });
    Some((key, service))
}

pub(crate) fn service_key(block: &VirtualServer) -> Option<ServiceKey> {
    Some(match NonZeroU32::new(block.fwmark) {
        Some(mark) => ServiceKey::Mark { family: families::of_virtual_server(block), mark },
        None => ServiceKey::Address {
            protocol: protocol(block.protocol),
            address: block.address?,
            port: block.port_number()?,
        },
    })
}

fn mask(block: &VirtualServer, family: Family) -> PersistenceMask {
    match block.pmask {
        Some(IpAddr::V4(mask)) if family == Family::V4 => PersistenceMask::V4(mask),
        Some(mask @ IpAddr::V6(_)) if family == Family::V6 => {
            lvs_cf::prefix_length(mask).map_or(PersistenceMask::single_client(family), PersistenceMask::V6)
        }
        _ => PersistenceMask::single_client(family),
    }
}

/// The monitor and the destination of a real server; `None` if it has no address or no usable port.
fn identity(
    block: &VirtualServer,
    server: &RealServer,
    marks: &Marks,
) -> Option<(MonitorKey, DestinationKey)> {
    let (address, real_port) = (server.address?, server.port_number()?);
    let monitor = MonitorKey {
        mark: block.fwmark,
        virtual_server: (protocol(block.protocol), block.address, key_port(block)),
        real_server: (address, real_port),
    };
    let port = if marks.keep_port(block, Some(server)) { 0 } else { real_port };
    Some((monitor, DestinationKey { address, port }))
}

/// The virtual server's port where only its identity counts.
fn key_port(block: &VirtualServer) -> u16 {
    block.port_number().unwrap_or(0)
}

fn protocol(protocol: lvs_cf::Protocol) -> ipvs::Protocol {
    match protocol {
        lvs_cf::Protocol::Tcp => ipvs::Protocol::Tcp,
        lvs_cf::Protocol::Udp => ipvs::Protocol::Udp,
        lvs_cf::Protocol::Sctp => ipvs::Protocol::Sctp,
    }
}

fn forwarding_method(network: lvs_cf::ForwardingMethod) -> ForwardingMethod {
    match network {
        lvs_cf::ForwardingMethod::Nat => ForwardingMethod::Masquerade,
        lvs_cf::ForwardingMethod::Direct => ForwardingMethod::DirectRoute,
        lvs_cf::ForwardingMethod::Tunnel => ForwardingMethod::Tunnel(Tunnel::Ipip),
    }
}

/// Whether a `client_monitor` is a nanny that reports to lvsd. Any other program changes the table itself.
pub(crate) fn is_nanny(program: &Word) -> bool {
    Path::new(program.as_os_str()).file_name() == Some("nanny".as_ref())
}

#[cfg(test)]
mod tests {
    use lvs_cf::{Config, NumbersOnly};

    use super::{Mode, Plan};

    fn plan(text: &str) -> Plan {
        let config = Config::parse(text.as_bytes(), &NumbersOnly).unwrap().config;
        Plan::new(&config, Mode { nodaemon: false, verbose: false })
    }

    fn destinations(plan: &Plan) -> Vec<String> {
        let of = |service: &super::PlannedService| {
            service.servers.keys().map(|at| format!("{}:{}", at.address, at.port)).collect::<Vec<_>>()
        };
        plan.services.values().flat_map(of).collect()
    }

    fn marked(virtual_ports: &[u16], server_port: &str) -> Plan {
        let mut text = String::new();
        for port in virtual_ports {
            let section = format!(
                "virtual v{port} {{\nactive = 1\nfwmark = 1\naddress = 10.0.0.9 eth0:1\nport = {port}\n\
                 server one {{\naddress = 10.0.0.1\nactive = 1\n{server_port}\n}}\n}}\n"
            );
            text.push_str(&section);
        }
        plan(&text)
    }

    #[test]
    fn a_mark_keeps_ports_unless_one_port_was_asked_for() {
        assert_eq!(destinations(&marked(&[80], "")), ["10.0.0.1:0"]);
        assert_eq!(destinations(&marked(&[80], "port = 80")), ["10.0.0.1:80"]);
        assert_eq!(destinations(&marked(&[80, 443], "")), ["10.0.0.1:0"]);
        assert_eq!(destinations(&marked(&[80, 443], "port = 80")), ["10.0.0.1:0"]);
    }

    #[test]
    fn clients_hashed_to_a_quiesced_server_get_another_one() {
        let services = |more: &str| {
            let server = "server one {\nactive = 1\naddress = 10.0.0.1\n}\n";
            let plan =
                plan(&format!("virtual web {{\nactive = 1\naddress = 10.0.0.9 eth0:1\n{more}\n{server}}}\n"));
            let services: Vec<_> = plan.services.into_values().collect();
            (services[0].service.to_string(), services[0].servers.values().all(|server| server.quiesce))
        };
        assert_eq!(services("scheduler = sh\nquiesce_server = 1"), ("-s sh -b sh-fallback".to_owned(), true));
        assert_eq!(services("scheduler = sh"), ("-s sh".to_owned(), false));
        assert_eq!(services("scheduler = dh\nquiesce_server = 1"), ("-s dh".to_owned(), false));
        assert_eq!(services("scheduler = wlc\nquiesce_server = 1"), ("-s wlc".to_owned(), true));
    }

    #[test]
    fn the_log_tells_which_port_a_mark_leads_to() {
        let notes = |plan: Plan| plan.notes.join("\n");
        insta::assert_snapshot!(notes(marked(&[80], "")), @"virtual service -f 1: connections keep their port, since no real server has one of its own");
        insta::assert_snapshot!(notes(marked(&[80], "port = 80")), @"virtual service -f 1: connections go to the port of the real server");
        insta::assert_snapshot!(notes(marked(&[80, 443], "port = 80")), @"virtual service -f 1: connections keep their port, since it covers ports 80, 443");
        assert_eq!(notes(plan("network = direct\nvirtual web {\nactive = 1\nfwmark = 1\n}\n")), "");
    }

    #[test]
    fn what_cannot_be_served_is_named_and_the_rest_served() {
        let plan = plan(
            "virtual nowhere {\nactive = 1\n}\nvirtual web {\nactive = 1\naddress = 10.0.0.9 eth0:1\n\
             server lost {\nactive = 1\n}\nserver one {\nactive = 1\naddress = 10.0.0.1\n}\n}\n",
        );
        assert_eq!(destinations(&plan), ["10.0.0.1:80"]);
        insta::assert_snapshot!(plan.complaints.join("\n"), @"
        virtual server nowhere has no address or no usable port: not started; the others are
        real server web/lost has no address or no usable port: not started; the others are
        ");
    }

    #[test]
    fn a_server_listed_twice_is_checked_once() {
        let server = "server one {\nactive = 1\naddress = 10.0.0.1\n}\n";
        let plan =
            plan(&format!("virtual web {{\nactive = 1\naddress = 10.0.0.9 eth0:1\n{server}{server}}}\n"));
        assert_eq!(plan.monitors.len(), 1);
        assert_eq!(destinations(&plan), ["10.0.0.1:80"]);
    }

    #[test]
    fn inactive_sections_are_not_there() {
        let plan = plan(
            "virtual off {\naddress = 10.0.0.9 eth0:1\n}\nvirtual web {\nactive = 1\naddress = 10.0.0.9 eth0:1\n\
             server one {\naddress = 10.0.0.1\n}\n}\n",
        );
        assert_eq!((plan.services.len(), plan.monitors.len(), plan.virtual_servers.len()), (1, 0, 1));
    }

    /// Real servers in the pool, of `count` ones.
    fn pooled(count: u8, first: &str, more: &str) -> usize {
        let mut servers = String::new();
        for n in 1..=count {
            let server = format!("server s{n} {{\nactive = 1\naddress = 10.0.0.{n}\n}}\n");
            servers.push_str(&server);
        }
        let plan = plan(&format!(
            "{first}\nvirtual web {{\nactive = 1\naddress = 10.0.1.9 eth0:1\n{more}\n{servers}}}\n"
        ));
        assert_eq!(plan.monitors.len(), usize::from(count));
        plan.monitors.values().filter(|monitor| monitor.pooled).count()
    }

    #[test]
    fn many_real_servers_share_a_nanny_unless_the_file_says_otherwise() {
        assert_eq!(pooled(64, "", ""), 0);
        assert_eq!(pooled(65, "", ""), 65);
        assert_eq!(pooled(65, "#% nanny_pool = 0", ""), 0);
        assert_eq!(pooled(2, "#% nanny_pool = 1", ""), 2);
        assert_eq!(pooled(65, "#% nanny_pool = 1", "client_monitor = /bin/other"), 0);
    }
}
