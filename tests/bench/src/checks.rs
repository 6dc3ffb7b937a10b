//! What a check takes of a processor: our pool beside keepalived, with the same real servers.
//!
//! The processor times that user-mode-linux accounts are no measure: its clock counts whole ticks, so that a process that
//! wakes up at a tick and is done before the next has taken nothing. What is counted instead is the work that another
//! process, which yields to everybody, gets done meanwhile. So the real servers' share is in it, the same for both.

use std::env;
use std::fmt::Write as _;
use std::hint::black_box;
use std::process::exit;
use std::thread;
use std::time::{Duration, Instant};

use lab::lvs_cf::{LvsCf, VirtualServer};
use lab::pair::CONFIGURATION;
use lab::{Lab, Machine, wait_until};
use nix::sys::signal::Signal;

const REAL_SERVERS: u32 = 1_000;
/// Each checker has its turn so many times.
const ROUNDS: usize = 3;
/// Time until all are in service and the checks go their even way.
const WARM_UP: Duration = Duration::from_secs(5);
const MEASURED: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(120);
/// The argument with which this program works and yields.
const WORKER: &str = "bench-worker";
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
#[derive(Debug, Clone, Copy)]
struct Turn {
    /// Of the processor, with its real servers.
    taken: Duration,
    checks: u32,
}

/// A thousand real servers checked each second by TCP connect, by one checker after the other.
pub(crate) fn measure() {
    let (router, farm) = boot();
    router.write(CONFIGURATION, ours().to_string());
    router.write(KEEPALIVED, keepalived());
    let mut turns = CHECKERS.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        let alone = work(&router);
        for (checker, turns) in CHECKERS.iter().zip(&mut turns) {
            turns.push(turn(&router, &farm, checker, alone));
        }
    }
    println!("processor time of {REAL_SERVERS} real servers checked each second by TCP connect, in the lab");
    println!("with what the real servers themselves take, in {} s (median of {ROUNDS})", MEASURED.as_secs());
    for (checker, turns) in CHECKERS.iter().zip(turns) {
        let turn = median(turns);
        let (taken, checks, each) = (turn.taken.as_secs_f64(), turn.checks, turn.per_check());
        println!("  {:10} {taken:.1} s, {checks} checks, {each:.0} us each", checker.name);
    }
}

impl Turn {
    /// Microseconds.
    fn per_check(self) -> f64 {
        self.taken.as_secs_f64() * 1e6 / f64::from(self.checks)
    }
}

/// The turn in the middle.
fn median(mut turns: Vec<Turn>) -> Turn {
    turns.sort_by(|one, other| one.per_check().total_cmp(&other.per_check()));
    turns.swap_remove(turns.len() / 2)
}

/// Work that yields to everybody: says how much of it was done in the time of a measurement.
pub(crate) fn play() {
    if env::args().nth(1).as_deref() != Some(WORKER) {
        return;
    }
    let begin = Instant::now();
    let mut done = 0u32;
    while begin.elapsed() < MEASURED {
        // Long enough that looking at the clock does not count.
        (0..1_000_000u32).for_each(|step| {
            black_box(step);
        });
        done += 1;
    }
    println!("{done}");
    exit(0);
}

fn work(router: &Machine) -> u32 {
    let own = env::current_exe().expect("path of this program");
    let words = ["-n", "19", own.to_str().expect("a path in UTF-8"), WORKER];
    let said = router.run_within(PATIENCE, "nice", &words).expect_success();
    said.trim().parse().expect("an amount of work")
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

/// Starts a checker, waits until it is at work, and ends it after a while. `alone` is the work that is done without it.
fn turn(router: &Machine, farm: &Machine, checker: &Checker, alone: u32) -> Turn {
    let (program, arguments) = checker.start;
    router.run(program, arguments).expect_success();
    let destinations = || router.table().0.first().map_or(0, |service| service.destinations.len());
    wait_until("every real server in the table", PATIENCE, || destinations() == REAL_SERVERS as usize);
    thread::sleep(WARM_UP);
    let answered = connections(farm);
    let done = work(router);
    let checks = connections(farm).saturating_sub(answered);
    router.signal(checker.end, Signal::SIGTERM);
    wait_until("the end of the checker", PATIENCE, || router.processes_named(checker.end).is_empty());
    let left = f64::from(done) / f64::from(alone);
    Turn { taken: MEASURED.mul_f64((1.0 - left).max(0.0)), checks }
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
