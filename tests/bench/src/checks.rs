//! What a check takes of the router's processor: our pool beside keepalived, with the same real servers.

use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use lab::lvs_cf::{LvsCf, VirtualServer};
use lab::pair::CONFIGURATION;
use lab::{Lab, Machine, wait_until};
use nix::sys::signal::Signal;

use crate::stopwatch::processor_time_in;

const REAL_SERVERS: u32 = 1_000;
/// Each checker has its turn so many times.
const ROUNDS: usize = 3;
/// Time until all are in service and the checks go their even way.
const WARM_UP: Duration = Duration::from_secs(5);
const MEASURED: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(120);
/// Where keepalived reads its configuration.
const KEEPALIVED: &str = "/etc/sysconfig/keepalived.conf";

/// A checker and how it is started.
struct Checker {
    name: &'static str,
    start: (&'static str, &'static [&'static str]),
    /// What is to be ended, and ends the checker.
    end: &'static str,
}

const CHECKERS: [Checker; 2] = [
    Checker { name: "nanny", start: ("/usr/sbin/lvsd", &[]), end: "lvsd" },
    Checker {
        name: "keepalived",
        start: ("keepalived", &["--check", "--use-file", KEEPALIVED]),
        end: "keepalived",
    },
];

/// What a checker took in one turn.
struct Turn {
    processor: Duration,
    checks: u32,
}

/// A thousand real servers checked each second by TCP connect, by one checker after the other.
pub(crate) fn measure() {
    let (router, farm) = boot();
    router.write(CONFIGURATION, ours().to_string());
    router.write(KEEPALIVED, keepalived());
    let mut turns = CHECKERS.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (checker, turns) in CHECKERS.iter().zip(&mut turns) {
            turns.push(turn(&router, &farm, checker));
        }
    }
    println!("processor time of {REAL_SERVERS} real servers checked each second by TCP connect, in the lab");
    for (checker, turns) in CHECKERS.iter().zip(turns) {
        let turn = median(turns);
        println!(
            "  {:10} {:.1} s in {} s, {} checks, {:.0} us each (median of {ROUNDS})",
            checker.name,
            turn.processor.as_secs_f64(),
            MEASURED.as_secs(),
            turn.checks,
            turn.per_check()
        );
    }
}

impl Turn {
    /// Microseconds.
    fn per_check(&self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / f64::from(self.checks)
    }
}

/// The turn in the middle.
fn median(mut turns: Vec<Turn>) -> Turn {
    turns.sort_by(|one, other| one.per_check().total_cmp(&other.per_check()));
    turns.swap_remove(turns.len() / 2)
}

/// A router, and a machine that answers for all real servers.
fn boot() -> (Machine, Machine) {
    let lab = Lab::new();
    let inside = lab.switch("inside");
    let farm = lab
        .machine("farm")
        .cable("eth0", &inside, &["10.50.0.2/24"])
        .network("route add local 10.51.0.0/16 dev lo")
        .boot();
    farm.start_web(80);
    let router = lab
        .machine("router")
        .cable("eth0", &inside, &["10.50.0.1/24"])
        .network("route add 10.51.0.0/16 via 10.50.0.2")
        .boot();
    (router, farm)
}

fn address(number: u32) -> String {
    format!("10.51.{}.{}", number / 250, number % 250 + 1)
}

fn ours() -> LvsCf {
    let mut web = VirtualServer::new("web")
        .with("active", "1")
        .with("address", "10.50.0.10 eth0:1")
        .with("port", "8080")
        .with("load_monitor", "none")
        .with("timeout", "1")
        .with("#% check_interval", "1")
        .with("#% rise", "1");
    for number in 0..REAL_SERVERS {
        web.add(&format!("web{number}"), &address(number)).set("port", "80");
    }
    let mut file = LvsCf::default().with("service", "lvs").with("network", "nat");
    file.virtual_servers.push(web);
    file
}

/// In the words of keepalived.conf(5).
fn keepalived() -> String {
    let mut text =
        "virtual_server 10.50.0.10 8080 {\n  delay_loop 1\n  lb_algo wlc\n  lb_kind NAT\n  protocol TCP\n"
            .to_owned();
    for number in 0..REAL_SERVERS {
        let _ = writeln!(
            text,
            "  real_server {} 80 {{\n    weight 1\n    TCP_CHECK {{\n      connect_timeout 1\n    }}\n  }}",
            address(number)
        );
    }
    text.push_str("}\n");
    text
}

/// Starts a checker, waits until it is at work, and ends it after a while.
fn turn(router: &Machine, farm: &Machine, checker: &Checker) -> Turn {
    let (program, arguments) = checker.start;
    router.run(program, arguments).expect_success();
    let destinations = || router.table().0.first().map_or(0, |service| service.destinations.len());
    wait_until("every real server in the table", PATIENCE, || destinations() == REAL_SERVERS as usize);
    thread::sleep(WARM_UP);
    let (before, answered) = (processor_time_of(router, checker.name), connections(farm));
    thread::sleep(MEASURED);
    let processor = processor_time_of(router, checker.name).saturating_sub(before);
    let checks = connections(farm).saturating_sub(answered);
    router.signal(checker.end, Signal::SIGTERM);
    wait_until("the end of the checker", PATIENCE, || router.processes_named(checker.end).is_empty());
    Turn { processor, checks }
}

fn processor_time_of(router: &Machine, program: &str) -> Duration {
    let processes = router.processes_named(program);
    let stat = |pid| router.run("cat", &[&format!("/proc/{pid}/stat")]).expect_success();
    processes.iter().map(|process| processor_time_in(&stat(process.pid))).sum()
}

/// Connections that the real servers have accepted.
fn connections(farm: &Machine) -> u32 {
    let counters = farm.run("cat", &["/proc/net/snmp"]).expect_success();
    let mut tcp = counters.lines().filter(|line| line.starts_with("Tcp:"));
    let names = tcp.next().expect("names of counters").split(' ');
    let mut values = names.zip(tcp.next().expect("counters").split(' '));
    let passive = values.find(|(name, _)| *name == "PassiveOpens").expect("a counter of every kernel");
    passive.1.parse().expect("a number")
}
