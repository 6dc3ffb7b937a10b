//! SIGKILL at fifty random moments of becoming active and inactive: whoever is started next leaves exactly what belongs
//! there. `LAB_SEED=N lab-tests kills` throws the dice of an earlier run again, which a failing test prints.

use std::fmt;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

use lab::dice::Dice;
use lab::lvs_cf::{LvsCf, VirtualServer};
use lab::machine::Running;
use lab::pair::{CONFIGURATION, FLOATING, start_pulse};
use lab::suite::Test;
use lab::wait::holds_for;
use lab::{Machine, Pair, Routing, wait_until};
use nix::sys::signal::Signal;

use crate::sync::daemons;

const PATIENCE: Duration = Duration::from_secs(20);
/// Kills of one test.
const ROUNDS: usize = 5;
/// The longest time from the event that makes a router change to the kill: longer than the change.
const CHANGE: Duration = Duration::from_millis(1500);
/// A state that is right is watched for so long.
const WATCHED: Duration = Duration::from_millis(300);

/// Names each change as two tests: `kills::WHILE::RETURNS`.
macro_rules! tests {
    ($group:literal: $($name:ident),+ $(,)?) => {
        vec![$(
            Test {
                name: concat!($group, "::", stringify!($name), "::and_started_again_alone"),
                run: || $name(Return::Alone),
            },
            Test {
                name: concat!($group, "::", stringify!($name), "::and_started_again_beside_a_partner"),
                run: || $name(Return::BesidePartner),
            },
        )+]
    };
}

pub(crate) fn tests() -> Vec<Test> {
    tests!("kills":
        killed_while_forced_active,
        killed_while_starting_alone,
        killed_while_taking_over,
        killed_while_stopping,
        killed_while_rereading,
    )
}

fn killed_while_forced_active(comes_back: Return) {
    kill(Change::Forced, comes_back);
}

fn killed_while_starting_alone(comes_back: Return) {
    kill(Change::Started, comes_back);
}

fn killed_while_taking_over(comes_back: Return) {
    kill(Change::PartnerDied, comes_back);
}

fn killed_while_stopping(comes_back: Return) {
    kill(Change::Stopped, comes_back);
}

fn killed_while_rereading(comes_back: Return) {
    kill(Change::Reread, comes_back);
}

/// What a router is doing when it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// It was started with `--forceactive`.
    Forced,
    /// It was started, and has no partner.
    Started,
    /// Its partner, which served, has lost its power.
    PartnerDied,
    /// It serves, and has got SIGTERM.
    Stopped,
    /// It serves, and has got SIGHUP with another file.
    Reread,
}

/// How it is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Return {
    /// Nobody else serves: it does.
    Alone,
    /// The partner serves: it stands by.
    BesidePartner,
}

/// Who is killed, in one instant.
const VICTIMS: [&[&str]; 3] = [&["pulse"], &["pulse", "lvsd"], &["pulse", "lvsd", "nanny"]];

fn kill(change: Change, comes_back: Return) {
    let mut dice = Dice::cast();
    let mut stage = Stage::new();
    for round in 1..=ROUNDS {
        let victims = VICTIMS[usize::try_from(dice.throw(3)).expect("few")];
        let delay = dice.time_below(CHANGE);
        let edited = dice.throw(2) == 0;
        println!(
            "round {round}: {change:?}, {victims:?} after {delay:?}, {comes_back:?}, file edited: {edited}"
        );
        stage.prepare(change);
        let starting = stage.begin(change);
        sleep(delay);
        stage.kill(victims, starting);
        if edited {
            stage.edit();
        }
        stage.come_back(comes_back);
    }
}

/// The primary of a pair, which is killed, and a backup that may serve in its place.
struct Stage {
    pair: Pair,
    /// The file that was written last.
    file: File,
}

/// Two files: both have the web site, each has another service, with a floating address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum File {
    Shop,
    News,
}

impl Stage {
    fn new() -> Self {
        let stage = Self { pair: Pair::boot(Routing::Direct), file: File::Shop };
        stage.write();
        stage.pair.lab.power_off(&stage.pair.backup);
        stage
    }

    fn router(&self) -> &Machine {
        &self.pair.primary
    }

    /// What the change begins with.
    fn prepare(&self, change: Change) {
        match change {
            Change::Forced | Change::Started => {
                self.end_partner();
                self.end_router();
            }
            // The round before has left them so.
            Change::PartnerDied if self.pair.backup.is_on() => {}
            Change::PartnerDied => {
                self.end_router();
                self.have_partner_serve();
                self.have_router_run();
                self.expect(&standby());
            }
            Change::Stopped | Change::Reread => {
                self.end_partner();
                self.have_router_run();
                self.expect(&active(self.file));
            }
        }
    }

    /// Answers with the program that starts pulse.
    fn begin(&mut self, change: Change) -> Option<Running> {
        let router = self.router();
        match change {
            Change::Forced => return Some(router.start("/usr/sbin/pulse", &["--forceactive"])),
            Change::Started => return Some(router.start("/usr/sbin/pulse", &[])),
            Change::PartnerDied => self.end_partner(),
            Change::Stopped => router.signal("pulse", Signal::SIGTERM),
            Change::Reread => {
                self.edit();
                self.router().signal("pulse", Signal::SIGHUP);
            }
        }
        None
    }

    /// Kills them, and what a program that was just being started has become meanwhile.
    fn kill(&self, victims: &[&str], mut starting: Option<Running>) {
        wait_until("the death of pulse", PATIENCE, || {
            let is_starting = starting.as_mut().is_some_and(|program| !program.has_ended());
            let all = self.router().processes();
            let named = all.iter().filter(|process| victims.contains(&process.name.as_str()));
            named.for_each(|process| process.signal(Signal::SIGKILL));
            !is_starting && self.router().processes_named("pulse").is_empty()
        });
    }

    fn come_back(&self, how: Return) {
        match how {
            Return::Alone => {
                self.end_partner();
                start_pulse(self.router());
                self.expect(&active(self.file));
            }
            Return::BesidePartner => {
                self.have_partner_serve();
                start_pulse(self.router());
                self.expect(&standby());
                assert!(self.pair.backup.has_address(FLOATING), "the partner goes on serving");
            }
        }
    }

    fn edit(&mut self) {
        self.file = if self.file == File::Shop { File::News } else { File::Shop };
        self.write();
    }

    fn write(&self) {
        let file = self.file.text(&self.pair);
        let switched_on = self.pair.routers().into_iter().filter(|router| router.is_on());
        switched_on.for_each(|router| router.write(CONFIGURATION, file.to_string()));
    }

    fn end_partner(&self) {
        if self.pair.backup.is_on() {
            self.pair.lab.power_off(&self.pair.backup);
        }
    }

    /// The partner has the newest file and all services.
    fn have_partner_serve(&self) {
        self.end_partner();
        let partner = &self.pair.backup;
        self.pair.lab.power_on(partner);
        self.write();
        partner.run("/usr/sbin/pulse", &["--forceactive"]).expect_success();
        self.pair.wait_until_active(partner);
    }

    fn end_router(&self) {
        if !self.router().processes_named("pulse").is_empty() {
            self.router().signal("pulse", Signal::SIGTERM);
            wait_until("the end of pulse", PATIENCE, || self.router().processes_named("pulse").is_empty());
        }
        self.expect(&nothing());
    }

    fn have_router_run(&self) {
        if self.router().processes_named("pulse").is_empty() {
            start_pulse(self.router());
        }
    }

    /// Waits until the router has exactly this, and sees that it stays so.
    fn expect(&self, wanted: &State) {
        let mut seen = State::of(self.router());
        let deadline = std::time::Instant::now() + PATIENCE;
        while seen != *wanted {
            assert!(std::time::Instant::now() < deadline, "wanted {wanted}\nbut there is {seen}");
            sleep(Duration::from_millis(20));
            seen = State::of(self.router());
        }
        holds_for("the router has exactly what it should", WATCHED, || State::of(self.router()) == *wanted);
    }
}

impl File {
    fn text(self, pair: &Pair) -> LvsCf {
        let mut file = pair
            .configuration()
            .with("syncdaemon", "1")
            .with("syncd_iface", "eth0")
            .with("#% keepalive", "250ms")
            .with("#% deadtime", "1s");
        file.virtual_servers.push(match self {
            Self::Shop => other("shop", "192.168.26.11 eth0:2"),
            Self::News => other("news", "192.168.26.12 eth0:3"),
        });
        file
    }

    fn other_address(self) -> (&'static str, &'static str) {
        match self {
            Self::Shop => ("192.168.26.11", "eth0:2"),
            Self::News => ("192.168.26.12", "eth0:3"),
        }
    }
}

/// A virtual server beside the web site, with one real server.
fn other(name: &str, address: &str) -> VirtualServer {
    let mut other = VirtualServer::new(name)
        .with("active", "1")
        .with("address", address)
        .with("vip_nmask", "255.255.255.0")
        .with("port", "80")
        .with("load_monitor", "none")
        .with("scheduler", "lc")
        .with("protocol", "tcp")
        .with("timeout", "1")
        .with("reentry", "2");
    other.add("web1", "192.168.26.1");
    other
}

/// All that a router has.
#[derive(Debug, PartialEq, Eq)]
struct State {
    addresses: Vec<String>,
    table: String,
    sync_daemons: Vec<String>,
    /// The switch of the kernel that lvsd has on.
    switch: String,
    /// Names, but of the machine's first process.
    processes: Vec<String>,
    /// Pid files, and whether they name the daemon.
    pid_files: Vec<String>,
    /// Sockets and records.
    files: Vec<String>,
}

impl State {
    fn of(router: &Machine) -> Self {
        let mut addresses: Vec<String> = router
            .addresses()
            .iter()
            .filter(|held| held.device == "eth0" && held.address.is_ipv4())
            .map(ToString::to_string)
            .collect();
        addresses.sort();
        let mut processes: Vec<String> = router
            .processes()
            .into_iter()
            .filter(|process| process.pid != 1)
            .map(|process| process.name)
            .collect();
        processes.sort();
        let pid_files = [("pulse", "/run/pulse.pid"), ("lvsd", "/run/lvs.pid")];
        let pid_files = pid_files.iter().filter_map(|(name, path)| {
            let pid = router.read(path)?;
            let named =
                router.processes_named(name).iter().any(|process| pid.trim() == process.pid.to_string());
            Some(format!("{path} names {}", if named { name } else { "nobody" }))
        });
        Self {
            addresses,
            table: router.table().sorted(),
            sync_daemons: daemons(router),
            switch: switch(router),
            processes,
            pid_files: pid_files.collect(),
            files: files(router),
        }
    }
}

fn switch(router: &Machine) -> String {
    router.run("sysctl", &["-n", "net.ipv4.vs.expire_nodest_conn"]).expect_success().trim().to_owned()
}

/// What lies below `/run/piranha`.
fn files(router: &Machine) -> Vec<String> {
    let mut files: Vec<String> = ["/run/piranha", "/run/piranha/sysctls"]
        .iter()
        .flat_map(|directory| fs::read_dir(router.path(directory)).into_iter().flatten().flatten())
        .filter(|entry| !entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        // One that was just being written and never got its name is nobody's.
        .filter(|name| !name.starts_with('.'))
        .collect();
    files.sort();
    files
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self:#?}")
    }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

const OWN: &str = "192.168.26.9/24 dev eth0 brd 192.168.26.255";
const WEB: &str = "192.168.26.10/24 dev eth0 brd 192.168.26.255 label eth0:1";

/// Of a router that serves by this file.
fn active(file: File) -> State {
    let (other, label) = file.other_address();
    let table = format!(
        "TCP 192.168.26.10:80 rr\n  -> 192.168.26.1:80 Route 1\n  -> 192.168.26.2:80 Route 1\n  \
         -> 192.168.26.3:80 Route 1\nTCP {other}:80 lc\n  -> 192.168.26.1:80 Route 1\n"
    );
    State {
        addresses: strings(&[WEB, &format!("{other}/24 dev eth0 brd 192.168.26.255 label {label}"), OWN]),
        table,
        sync_daemons: strings(&["master eth0 0"]),
        switch: "1".to_owned(),
        processes: strings(&["lvsd", "nanny", "nanny", "nanny", "nanny", "pulse"]),
        pid_files: strings(&["/run/pulse.pid names pulse", "/run/lvs.pid names lvsd"]),
        files: strings(&["addresses", "expire_nodest_conn", "lvsd.sock", "pulse.sock", "services"]),
    }
}

/// Of one that stands by.
fn standby() -> State {
    State {
        sync_daemons: strings(&["backup eth0 0"]),
        processes: strings(&["pulse"]),
        pid_files: strings(&["/run/pulse.pid names pulse"]),
        files: strings(&["addresses", "pulse.sock"]),
        ..nothing()
    }
}

/// Of one on which nothing runs.
fn nothing() -> State {
    State {
        addresses: strings(&[OWN]),
        table: String::new(),
        sync_daemons: Vec::new(),
        switch: "0".to_owned(),
        processes: Vec::new(),
        pid_files: Vec::new(),
        files: Vec::new(),
    }
}
