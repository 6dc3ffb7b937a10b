//! 40,000 real servers: how long they take into an empty kernel table, and lvsd itself with all of them in it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write as _};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use control::readiness;
use ipvs::{Client, Table};
use lab::lvs_cf::LvsCf;
use lab::world;
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use service::child::Link;

use crate::configuration::{self, parse};
use crate::memory::web_server;
use crate::programming::{bring_about, compare_with_lvsd, kernel, raw};
use crate::stopwatch::{median, milliseconds, ratio, timed};
use crate::table;

const VIRTUAL_SERVERS: u16 = 1000;
const REAL_SERVERS: u8 = 40;
const ROUNDS: usize = 7;
/// Longest wait for lvsd.
const PATIENT: Duration = Duration::from_secs(120);
/// As many real servers in few virtual servers: the kernel tells the real servers of one virtual server at a time.
const FEW_VIRTUAL_SERVERS: u16 = 160;
const MANY_REAL_SERVERS: u8 = 250;
/// What lvsd says at the end of a reload without a change.
const UNCHANGED: &str = "configuration file is in force changes=0";

/// A file whose real servers are hardly ever checked while lvsd is measured.
fn file(virtual_servers: u16, real_servers: u8) -> LvsCf {
    let nanny = world::programs().join("nanny").display().to_string();
    let mut file = configuration::file(virtual_servers, real_servers);
    for section in &mut file.virtual_servers {
        section.set("timeout", "86400");
        section.set("client_monitor", &nanny);
    }
    file
}

/// Into a table that was emptied a moment ago, and into one that never held anything: the kernel looks for each new
/// real server among those that were removed in the last two minutes.
pub(crate) fn start() {
    world::furnish();
    let text = file(VIRTUAL_SERVERS, REAL_SERVERS).to_string();
    let wanted = table::wanted(&parse(&text));
    compare_with_lvsd(&text, &wanted);
    let ways: [(&str, &dyn Fn() -> Duration); 3] = [
        ("raw batch, encoded before", &|| raw(&wanted)),
        ("ours: read, compare, apply", &|| bring_about(&wanted).0),
        ("ours from the text of lvs.cf", &|| timed(|| bring_about(&table::wanted(&parse(&text)))).0),
    ];
    for (name, empty) in [("emptied before", empty_table as fn()), ("new", new_table)] {
        println!(
            "{VIRTUAL_SERVERS} x {REAL_SERVERS} real servers into a table {name}, median of {ROUNDS} in turn"
        );
        let times = in_turn(&ways, empty, &wanted);
        for ((way, _), time) in ways.iter().zip(&times) {
            println!("  {way:29}{}  {:6.2} x raw", milliseconds(*time), ratio(*time, times[0]));
        }
    }
}

fn in_turn(ways: &[(&str, &dyn Fn() -> Duration)], empty: fn(), wanted: &Table) -> Vec<Duration> {
    let mut times = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for ((_, way), times) in ways.iter().zip(&mut times) {
            empty();
            times.push(way());
            assert!(kernel() == *wanted, "the kernel has another table");
        }
    }
    times.into_iter().map(median).collect()
}

fn empty_table() {
    Client::connect().and_then(|mut client| client.flush()).expect("an empty table");
}

/// That of a new network namespace. The old one goes, and the kernel gets a moment to clear it away.
fn new_table() {
    empty_table();
    unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace");
    ip(&["link", "set", "lo", "up"]);
    sleep(Duration::from_millis(500));
}

fn ip(arguments: &[&str]) {
    let status = Command::new("ip").args(arguments).status().expect("ip, of iproute2");
    assert!(status.success(), "ip {arguments:?}");
}

/// lvsd adopts a table with every real server up, and reads an unchanged file again.
pub(crate) fn reload() {
    world::furnish();
    for (virtual_servers, real_servers) in
        [(VIRTUAL_SERVERS, REAL_SERVERS), (FEW_VIRTUAL_SERVERS, MANY_REAL_SERVERS)]
    {
        reload_shape(virtual_servers, real_servers);
    }
}

fn reload_shape(virtual_servers: u16, real_servers: u8) {
    let text = file(virtual_servers, real_servers).to_string();
    let wanted = table::wanted(&parse(&text));
    new_table();
    // Whichever real server is checked is well.
    ip(&["route", "add", "local", "10.0.0.0/8", "dev", "lo"]);
    web_server((Ipv4Addr::UNSPECIFIED, 80));
    bring_about(&wanted);
    let path = world::directory().join("scale.cf");
    fs::write(&path, &text).expect("scratch file");
    let (mut lvsd, ready) = Lvsd::start(&path);
    // Said when it has told its pool of the last real server.
    lvsd.wait_for(&format!("create_monitor for web{}/real{real_servers} ", virtual_servers - 1));
    let reloads: Vec<_> = (0..ROUNDS).map(|_| lvsd.reload()).collect();
    let looks: Vec<_> = (0..ROUNDS).map(|_| timed(kernel).0).collect();
    let overviews: Vec<_> = (0..ROUNDS).map(|_| timed(overview)).collect();
    println!("lvsd with {virtual_servers} x {real_servers} real servers in the table");
    println!("  from exec to ready, adopting all of them{}", milliseconds(ready));
    println!(
        "  SIGHUP to the end of a reload without a change, median of {ROUNDS}{}",
        milliseconds(median(reloads))
    );
    println!("  reading that table from the kernel, nothing else, median{}", milliseconds(median(looks)));
    let length = overviews.iter().map(|(_, length)| *length).max().unwrap_or(0);
    println!(
        "  an overview over the control socket, {length} bytes, median of {ROUNDS}{}",
        milliseconds(median(overviews.into_iter().map(|(time, _)| time).collect()))
    );
    assert!(kernel() == wanted, "lvsd changed the table");
    lvsd.end();
}

/// Asks lvsd as the web page does every 10 s; how long the answer is.
fn overview() -> usize {
    let stream = UnixStream::connect(control::command::SOCKET).expect("lvsd's control socket");
    stream.set_read_timeout(Some(PATIENT)).expect("a time limit");
    (&stream).write_all(b"{\"version\":1,\"command\":\"overview\"}\n").expect("a question");
    let mut line = Vec::new();
    BufReader::new(&stream).read_until(b'\n', &mut line).expect("an answer");
    assert!(line.starts_with(b"{\"overview\""), "lvsd answers {}", String::from_utf8_lossy(&line[..99]));
    line.len()
}

struct Lvsd {
    process: Child,
    log: BufReader<File>,
    /// Its end would end lvsd.
    _pulse: UnixStream,
}

impl Lvsd {
    /// Comes back when it is ready, with the time that this took.
    fn start(file: &Path) -> (Self, Duration) {
        let log = world::directory().join("scale.log");
        let socket = Link::new().expect("a socket pair");
        let mut command = Command::new(world::programs().join("lvsd"));
        command.arg("--nodaemon").arg("-c").arg(file).env(readiness::DESCRIPTOR, socket.number());
        command.stdout(File::create(&log).expect("scratch file"));
        let begin = Instant::now();
        let process = command.spawn().expect("lvsd");
        let pulse = socket.keep();
        pulse.set_nonblocking(false).expect("a blocking socket");
        pulse.set_read_timeout(Some(PATIENT)).expect("a time limit");
        let mut line = String::new();
        BufReader::new(&pulse).read_line(&mut line).expect("lvsd's word");
        let ready = begin.elapsed();
        assert!(line.contains("ready"), "lvsd says {line:?}");
        let log = BufReader::new(File::open(&log).expect("lvsd's log"));
        (Self { process, log, _pulse: pulse }, ready)
    }

    /// From the signal to the last word about the file.
    fn reload(&mut self) -> Duration {
        let begin = Instant::now();
        self.signal(Signal::SIGHUP);
        self.wait_for(UNCHANGED);
        begin.elapsed()
    }

    /// Reads on in the log.
    fn wait_for(&mut self, text: &str) {
        let begin = Instant::now();
        let mut line = String::new();
        while !line.contains(text) {
            assert!(begin.elapsed() < PATIENT, "lvsd does not say {text:?}, but {line:?}");
            if line.ends_with('\n') {
                line.clear();
            }
            if self.log.read_line(&mut line).expect("lvsd's log") == 0 {
                sleep(Duration::from_millis(2));
            }
        }
    }

    fn end(mut self) {
        self.signal(Signal::SIGTERM);
        self.process.wait().expect("the end of lvsd");
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.process.id()).expect("a process number");
        kill(Pid::from_raw(pid), signal).expect("lvsd runs");
    }
}
