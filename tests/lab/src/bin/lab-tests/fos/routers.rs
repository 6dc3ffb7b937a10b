//! Two routers with `service = fos`, and a client that is their gateway as well.
//!
//! ```text
//!          client .100, the gateway
//!                  |
//!  ========+=======+======+========  192.168.26.0/24     web .10:80, mail .11:8025
//!          |eth0          |eth0
//!     primary .9      backup .8
//! ```

use std::fmt;
use std::time::Duration;

use lab::lvs_cf::{LvsCf, VirtualServer};
use lab::pair::CONFIGURATION;
use lab::{Lab, Machine, Moment, wait_until};
use nix::sys::signal::Signal;

use crate::pairings::{OURS, Pairing, Pulse, original};

/// Longest wait for anything that must happen.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// The floating addresses of the two services.
pub(super) const WEB: &str = "192.168.26.10";
const MAIL: &str = "192.168.26.11";

const SERVICE: &str = "/etc/sysconfig/ha/service";
const GATEWAY: &str = "192.168.26.100";

/// The two routers and their gateway.
pub(super) struct Couple {
    pub(super) lab: Lab,
    pub(super) primary: Router,
    pub(super) backup: Router,
    pub(super) client: Machine,
}

/// A router, and whose pulse it runs.
pub(super) struct Router {
    pub(super) machine: Machine,
    pub(super) pulse: Pulse,
}

/// The file: `web`, `idle`, which is not active, and `mail`. The services are checked so seldom that only heartbeats decide.
pub(super) fn configuration() -> LvsCf {
    let mut file = LvsCf::default()
        .with("serial_no", "40")
        .with("primary", "192.168.26.9")
        .with("service", "fos")
        .with("backup_active", "1")
        .with("backup", "192.168.26.8")
        .with("heartbeat_port", "539")
        .with("keepalive", "1")
        .with("deadtime", "3");
    let idle = service("idle", "192.168.26.12", 99, 3).with("active", "0");
    file.failover_services = vec![service("web", WEB, 80, 1), idle, service("mail", MAIL, 8025, 2)];
    file
}

/// The same, with services that are checked every six seconds. A service that starts more slowly than that is taken for a
/// failed one.
pub(super) fn often_checked() -> LvsCf {
    let mut file = configuration();
    for name in ["web", "mail"] {
        file.failover_service(name).set("timeout", "6");
    }
    file
}

/// A section that starts an nginx on `address`.
pub(super) fn service(name: &str, address: &str, port: u16, label: u8) -> VirtualServer {
    VirtualServer::new(name)
        .with("active", "1")
        .with("address", &format!("{address} eth0:{label}"))
        .with("vip_nmask", "255.255.255.0")
        .with("port", &port.to_string())
        .with("send", "\"GET / HTTP/1.0\\r\\n\\r\\n\"")
        .with("expect", "\"HTTP\"")
        .with("timeout", "60")
        .with("start_cmd", &format!("\"/bin/sh {SERVICE} start {name}\""))
        .with("stop_cmd", &format!("\"/bin/sh {SERVICE} stop {name}\""))
}

impl Couple {
    /// Of two pulses of ours, nothing started.
    pub(super) fn boot() -> Self {
        Self::of(OURS)
    }

    pub(super) fn of(pairing: Pairing) -> Self {
        let lab = Lab::new();
        let public = lab.switch("public");
        let router = |name: &str, address: &str, pulse| {
            let machine = lab.machine(name).cable("eth0", &public, &[address]);
            let machine = machine.network(&format!("route add default via {GATEWAY}"));
            // Piranha's pulse starts the services while it raises their addresses (pulse.md F43).
            let early = if pulse == Pulse::Original { "1" } else { "0" };
            Router::furnish(machine.sysctl("net.ipv4.ip_nonlocal_bind", early).boot(), pulse)
        };
        let primary = router("primary", "192.168.26.9/24", pairing.primary);
        let backup = router("backup", "192.168.26.8/24", pairing.backup);
        let client = lab.machine("client").cable("eth0", &public, &[&format!("{GATEWAY}/24")]).boot();
        let couple = Self { lab, primary, backup, client };
        couple.configure(&configuration());
        couple
    }

    /// Writes this file to both.
    pub(super) fn configure(&self, file: &LvsCf) {
        self.routers().iter().for_each(|router| router.machine.write(CONFIGURATION, file.to_string()));
    }

    /// Starts both; comes back when the primary serves and the backup watches.
    pub(super) fn start(&self) {
        self.primary.start();
        self.primary.wait_until_serving();
        self.backup.start();
        self.backup.wait_until_watching();
    }

    pub(super) fn routers(&self) -> [&Router; 2] {
        [&self.primary, &self.backup]
    }

    /// Whether the floating addresses and the services are on this router and nowhere else.
    pub(super) fn only(&self, router: &Router) -> bool {
        self.routers().iter().all(|other| other.owns() == other.is(router))
    }

    pub(super) fn other(&self, router: &Router) -> &Router {
        if router.is(&self.primary) { &self.backup } else { &self.primary }
    }

    /// The only owner of the floating addresses, if there is one.
    pub(super) fn owner(&self) -> Option<&Router> {
        let mut owners = self.routers().into_iter().filter(|router| router.owns());
        owners.next().filter(|_| owners.next().is_none())
    }
}

impl Router {
    fn furnish(machine: Machine, pulse: Pulse) -> Self {
        machine.write(SERVICE, include_str!("service.sh"));
        for (name, address, port) in [("web", WEB, 80), ("mail", MAIL, 8025), ("dns", "192.168.26.13", 53)] {
            let file = nginx(name, machine.name(), address, port);
            machine.write(&format!("/etc/nginx/{name}.conf"), file);
        }
        let router = Self { machine, pulse };
        router.install();
        router
    }

    fn install(&self) {
        if self.pulse == Pulse::Original {
            original::install(&self.machine);
        }
    }

    /// As an init script does.
    pub(super) fn start(&self) {
        self.start_with(&[]);
    }

    pub(super) fn start_with(&self, options: &[&str]) {
        let outcome = match self.pulse {
            Pulse::Ours => self.machine.run("/usr/sbin/pulse", options),
            Pulse::Original => self.machine.run(original::PROGRAM, &[options, &[CONFIGURATION]].concat()),
        };
        outcome.expect_success();
        wait_until("a pid file", PATIENCE, || self.pid("pulse").is_some());
    }

    /// As an init script does it first; comes back at once.
    pub(super) fn terminate(&self) {
        self.signal("pulse", Signal::SIGTERM);
    }

    /// Waits until nothing of pulse and its fos is left.
    pub(super) fn wait_for_end(&self) {
        let left = || ["pulse", "original-pulse", "fos", "nanny"].iter().any(|name| self.runs(name));
        wait_until("the end of pulse", PATIENCE, || !left());
    }

    /// Gives the power back and starts pulse again.
    pub(super) fn return_to_power(&self, couple: &Couple) {
        couple.lab.power_on(&self.machine);
        self.install();
        self.start();
    }

    /// To the process of a daemon's pid file, and not to what it has started.
    pub(super) fn signal(&self, daemon: &str, signal: Signal) {
        let pid = self.pid(daemon).unwrap_or_else(|| panic!("{self}: no pid file of {daemon}"));
        let processes = self.machine.processes();
        let found = processes.iter().find(|process| process.pid == pid);
        found.unwrap_or_else(|| panic!("{self}: no {daemon} {pid}")).signal(signal);
    }

    pub(super) fn pid(&self, daemon: &str) -> Option<i32> {
        self.machine.read(&format!("/run/{daemon}.pid"))?.trim().parse().ok()
    }

    pub(super) fn owns(&self) -> bool {
        self.machine.is_on() && self.machine.has_address(WEB)
    }

    pub(super) fn runs(&self, program: &str) -> bool {
        !self.machine.processes_named(program).is_empty()
    }

    /// Both addresses, and both services on them.
    fn serves(&self) -> bool {
        let running =
            |name| self.machine.read(&format!("/run/{name}.pid")).is_some_and(|pid| !pid.is_empty());
        self.owns() && self.machine.has_address(MAIL) && running("web") && running("mail")
    }

    pub(super) fn wait_until_serving(&self) {
        wait_until(&format!("{self} serves"), PATIENCE, || self.serves());
    }

    /// No service, a nanny for each of the partner, and no address. An original that changed its mind may have left it
    /// behind (pulse.md F21).
    pub(super) fn watches(&self) -> bool {
        let left = self.pulse == Pulse::Original || !self.owns();
        left && !self.runs("nginx") && self.machine.processes_named("nanny").len() == 2
    }

    pub(super) fn wait_until_watching(&self) {
        wait_until(&format!("{self} watches"), PATIENCE, || self.watches());
    }

    /// What the services have been run for since then, in order.
    pub(super) fn commands_since(&self, since: Moment) -> Vec<String> {
        let log = self.machine.log();
        let lines = log.into_iter().filter(|line| line.ident == "service" && line.at >= since);
        lines.map(|line| line.text).collect()
    }

    /// When a daemon or the services last logged this.
    pub(super) fn last_logged(&self, ident: &str, text: &str) -> Moment {
        let log = self.machine.log();
        let found = log.iter().rfind(|line| line.ident == ident && line.text == text);
        found.unwrap_or_else(|| panic!("{self}: no line {ident}: {text:?}")).at
    }

    /// From `event` until it has last decided to be active.
    pub(super) fn time_to_decide(&self, event: Moment) -> Duration {
        let log = self.machine.log();
        let decides = |text: &str| {
            text.ends_with(": activating fos")
                || text == "partner dead: activating failover services"
                || text == "seems like a remote network fault; performing service failover"
        };
        log.iter().rfind(|line| decides(&line.text)).expect("a decision").at.since(event)
    }

    /// How many lines of the log begin with these words.
    pub(super) fn count(&self, words: &str) -> usize {
        self.machine.log().iter().filter(|line| line.text.starts_with(words)).count()
    }

    pub(super) fn wait_for_log(&self, words: &str) {
        self.machine.wait_for_log(words, PATIENCE);
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.machine.name() == other.machine.name()
    }

    /// Complains unless these lines, each with its daemon, have been logged since then in this order; others may stand
    /// between.
    pub(super) fn expect_in_order(&self, since: Moment, wanted: &[(&str, &str)]) {
        let log = self.machine.log();
        let mut lines = log.iter().filter(|line| line.at >= since);
        for (ident, words) in wanted {
            let found = lines.any(|line| line.ident == *ident && line.text.starts_with(words));
            assert!(found, "{self}: no line {ident}: {words:?}, or not in this place");
        }
    }
}

impl fmt::Display for Router {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({:?})", self.machine, self.pulse)
    }
}

fn nginx(service: &str, machine: &str, address: &str, port: u16) -> String {
    format!(
        "worker_processes 1;\npid /run/{service}.pid;\nerror_log /var/log/nginx/{service}.log;\n\
         events {{ worker_connections 64; }}\n\
         http {{\n access_log off;\n keepalive_timeout 0;\n server {{\n  listen {address}:{port};\n  \
         location / {{ return 200 \"{machine}\\n\"; }}\n }}\n}}\n"
    )
}
