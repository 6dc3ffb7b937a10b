//! Two routers, real servers and a client: the arrangement that nearly every test wants.
//!
//! ```text
//!                       client .100
//!                          |
//!  192.168.26.0/24  =======+====+===========+==== public     floating address .10
//!                               |eth0       |eth0
//!                          primary .9   backup .8 ------ 10.0.0.0/24 between them (eth2), if wished
//!                               |eth1       |eth1
//!  10.11.12.0/24    ============+===========+==== inside     NAT only; floating address .254 is the way out
//!                               |
//!                      web1 .1  web2 .2  web3 .3             on `public` with the same numbers without NAT
//! ```

use std::net::SocketAddr;
use std::time::Duration;

use crate::lvs_cf::{LvsCf, VirtualServer};
use crate::machine::Machine;
use crate::network::{Lab, Machining, Switch};
use crate::traffic::Traffic;
use crate::wait::wait_until;

/// How packets reach the real servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routing {
    /// Real servers share the network and the floating address, and answer the client directly.
    Direct,
    /// Real servers stand in a network of their own behind the routers.
    Nat,
    /// Packets travel in IPIP; real servers answer the client directly.
    Tunnel,
}

/// The floating address of the web site.
pub const FLOATING: &str = "192.168.26.10";
/// The floating address of the way out of the inner network.
pub const NAT_ROUTER: &str = "10.11.12.254";
/// Where a router reads its configuration.
pub const CONFIGURATION: &str = "/etc/sysconfig/ha/lvs.cf";
/// The floating service's name in the kernel's table.
pub const SERVICE: &str = "TCP 192.168.26.10:80";

/// Host numbers.
const PRIMARY: u8 = 9;
const BACKUP: u8 = 8;

/// The arrangement.
#[derive(Debug)]
pub struct Pair {
    /// The lab it stands in.
    pub lab: Lab,
    /// How packets travel.
    pub routing: Routing,
    /// The router whose address is `primary`.
    pub primary: Machine,
    /// The router whose address is `backup`.
    pub backup: Machine,
    /// `web1` and so on, each with a running nginx on port 80.
    pub real_servers: Vec<Machine>,
    /// Where requests come from.
    pub client: Machine,
}

impl Pair {
    /// Two routers with one heartbeat link, three real servers, a client.
    pub fn boot(routing: Routing) -> Self {
        Self::assemble(routing, false)
    }

    /// The same with a second heartbeat link, 10.0.0.0/24 on `eth2` of the routers.
    pub fn with_private_link(routing: Routing) -> Self {
        Self::assemble(routing, true)
    }

    fn assemble(routing: Routing, private_link: bool) -> Self {
        let lab = Lab::new();
        let public = lab.switch("public");
        let inside = (routing == Routing::Nat).then(|| lab.switch("inside"));
        let between = private_link.then(|| lab.switch("between"));
        let wiring = Wiring { lab: &lab, routing, public, inside, between };
        let (primary, backup) = (wiring.router("primary", PRIMARY), wiring.router("backup", BACKUP));
        let client = wiring.client();
        let real_servers = (1..=3).map(|number| wiring.real_server(number)).collect();
        Self { lab, routing, primary, backup, real_servers, client }
    }

    /// The floating address and port of the web site.
    pub fn floating(&self) -> SocketAddr {
        format!("{FLOATING}:80").parse().expect("an address and a port")
    }

    /// Both routers, the primary first.
    pub fn routers(&self) -> [&Machine; 2] {
        [&self.primary, &self.backup]
    }

    /// The address of the real server with this number, from 1.
    pub fn real_address(&self, number: usize) -> String {
        match self.routing {
            Routing::Nat => format!("10.11.12.{number}"),
            Routing::Direct | Routing::Tunnel => format!("192.168.26.{number}"),
        }
    }

    /// The configuration of this arrangement: one virtual server `web` with every real server, checked every second.
    pub fn configuration(&self) -> LvsCf {
        let mut file = LvsCf::default()
            .with("serial_no", "40")
            .with("primary", &format!("192.168.26.{PRIMARY}"))
            .with("service", "lvs")
            .with("backup_active", "1")
            .with("backup", &format!("192.168.26.{BACKUP}"))
            .with("heartbeat", "1")
            .with("heartbeat_port", "539")
            .with("keepalive", "1")
            .with("deadtime", "3");
        match self.routing {
            Routing::Direct => file.set("network", "direct"),
            Routing::Tunnel => file.set("network", "tunnel"),
            Routing::Nat => {
                file.set("network", "nat");
                file.set("nat_router", &format!("{NAT_ROUTER} eth1:1"));
                file.set("nat_nmask", "255.255.255.0");
            }
        }
        file.set("debug_level", "NONE");
        file.virtual_servers.push(self.web());
        file
    }

    /// The virtual server `web` of [`configuration`](Self::configuration).
    pub fn web(&self) -> VirtualServer {
        let mut web = VirtualServer::new("web")
            .with("active", "1")
            .with("address", &format!("{FLOATING} eth0:1"))
            .with("vip_nmask", "255.255.255.0")
            .with("port", "80")
            .with("send", "\"GET / HTTP/1.0\\r\\n\\r\\n\"")
            .with("expect", "\"HTTP\"")
            .with("load_monitor", "none")
            .with("scheduler", "rr")
            .with("protocol", "tcp")
            .with("timeout", "1")
            .with("reentry", "2")
            .with("quiesce_server", "0");
        for (number, machine) in self.real_servers.iter().enumerate() {
            web.add(machine.name(), &self.real_address(number + 1));
        }
        web
    }

    /// Writes this configuration to both routers.
    pub fn configure(&self, file: &LvsCf) {
        self.routers().iter().for_each(|router| router.write(CONFIGURATION, file.to_string()));
    }

    /// Configures both routers with [`configuration`](Self::configuration) and starts them; the primary is active.
    pub fn start(&self) {
        self.start_with(&self.configuration());
    }

    /// Configures both routers and starts pulse on them; comes back when the primary serves with every real server, the
    /// backup stands by, and each has heard the other. The primary does not wait for a partner that is not there yet: that
    /// takes `deadtime`, and has tests of its own.
    pub fn start_with(&self, file: &LvsCf) {
        self.configure(file);
        self.primary.run("/usr/sbin/pulse", &["--forceactive"]).expect_success();
        self.wait_until_active(&self.primary);
        start_pulse(&self.backup);
        wait_until_heard(&self.backup, file.links());
        wait_until_heard(&self.primary, file.links());
    }

    /// The same, with requests that are being answered.
    pub fn serve(&self) -> Traffic {
        self.start();
        let traffic = self.client.request(self.floating());
        traffic.wait_for_answers(10);
        traffic
    }

    /// Waits until `router` has the floating address and every real server in its table.
    ///
    /// # Panics
    ///
    /// If that takes longer than 20 s.
    pub fn wait_until_active(&self, router: &Machine) {
        let complete = || router.has_address(FLOATING) && destinations(router) == self.real_servers.len();
        wait_until(&format!("{router} serves with every real server"), Duration::from_secs(20), complete);
    }

    /// The routers that have the floating address now: looked at one after the other, and the first one once more, so that an
    /// address that moves meanwhile is not seen twice.
    pub fn owners(&self) -> Vec<&Machine> {
        let mut owners = self.look_for_owners();
        if owners.len() > 1 {
            owners.retain(|router| router.has_address(FLOATING));
        }
        owners
    }

    /// Whether the floating address is on this router and nowhere else.
    pub fn only(&self, router: &Machine) -> bool {
        self.owners().iter().map(|owner| owner.name()).eq([router.name()])
    }

    fn look_for_owners(&self) -> Vec<&Machine> {
        self.routers().into_iter().filter(|router| router.is_on() && router.has_address(FLOATING)).collect()
    }
}

/// Starts pulse as an init script does.
pub fn start_pulse(router: &Machine) {
    router.run("/usr/sbin/pulse", &[]).expect_success();
}

/// Starts pulse on a router that shall stand by; comes back when the active one knows that it does.
///
/// # Panics
///
/// If that does not hear it within 10 s.
pub fn start_standby(standby: &Machine, active: &Machine) {
    start_pulse(standby);
    wait_until_heard(standby, 1);
    wait_until_heard(active, 1);
}

/// Stops pulse as an init script does, and waits for its end.
pub fn stop_pulse(router: &Machine) {
    router.signal("pulse", nix::sys::signal::Signal::SIGTERM);
    wait_until("the end of pulse", Duration::from_secs(20), || router.processes_named("pulse").is_empty());
}

/// Waits until a router that has just been started has heard its partner, on as many links as there are.
///
/// # Panics
///
/// If it has not after 10 s.
pub fn wait_until_heard(router: &Machine, links: usize) {
    let before = router.datagrams();
    wait_until("heartbeats of the partner", Duration::from_secs(10), || router.datagrams() >= before + links);
}

/// How many real servers of the web site are in the router's table.
pub fn destinations(router: &Machine) -> usize {
    router.table().service(SERVICE).map_or(0, |service| service.destinations.len())
}

/// The switches, and who is connected to which.
struct Wiring<'a> {
    lab: &'a Lab,
    routing: Routing,
    public: Switch,
    inside: Option<Switch>,
    between: Option<Switch>,
}

impl Wiring<'_> {
    fn router(&self, name: &str, number: u8) -> Machine {
        let mut router = self
            .lab
            .machine(name)
            .cable("eth0", &self.public, &[&format!("192.168.26.{number}/24")])
            .sysctl("net.ipv4.ip_forward", "1")
            .sysctl("net.ipv4.conf.all.send_redirects", "0")
            .sysctl("net.ipv4.conf.eth0.send_redirects", "0");
        if let Some(inside) = &self.inside {
            router = router.cable("eth1", inside, &[&format!("10.11.12.{}/24", 240 + number)]);
        }
        if let Some(between) = &self.between {
            router = router.cable("eth2", between, &[&format!("10.0.0.{number}/24")]);
        }
        router.boot()
    }

    fn client(&self) -> Machine {
        self.lab.machine("client").cable("eth0", &self.public, &["192.168.26.100/24"]).boot()
    }

    fn real_server(&self, number: u8) -> Machine {
        let server = self.lab.machine(&format!("web{number}"));
        let server = match &self.inside {
            Some(inside) => server
                .cable("eth0", inside, &[&format!("10.11.12.{number}/24")])
                .network(&format!("route add default via {NAT_ROUTER}")),
            None => {
                self.hold_floating(server.cable("eth0", &self.public, &[&format!("192.168.26.{number}/24")]))
            }
        };
        let server = server.boot();
        server.start_web(80);
        server
    }

    /// Without NAT a real server has the floating address as well, and must not answer ARP for it.
    fn hold_floating(&self, server: Machining) -> Machining {
        let device = if self.routing == Routing::Tunnel { "tunl0" } else { "lo" };
        server
            .sysctl("net.ipv4.conf.all.arp_ignore", "1")
            .sysctl("net.ipv4.conf.all.arp_announce", "2")
            .network(&format!("link set {device} up"))
            .network(&format!("addr add {FLOATING}/32 dev {device}"))
            .sysctl(&format!("net.ipv4.conf.{device}.rp_filter"), "0")
            .sysctl("net.ipv4.conf.all.rp_filter", "0")
    }
}
