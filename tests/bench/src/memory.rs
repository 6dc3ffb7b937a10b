//! What a daemon takes of the computer's memory for itself: `Private_Dirty` of `smaps_rollup`, in kB.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use control::lines::encode;
use control::report::{DESCRIPTOR, Known, ToNanny};
use lab::{Machine, Pair, Routing, world};
use service::child::Link;

use crate::stopwatch::median;

const NANNIES: usize = 200;

/// Longest wait for the first report of a nanny.
const PATIENT: Duration = Duration::from_secs(30);

/// As many nannies as lvsd would start for as many real servers, once each has made its first check.
pub(crate) fn nannies() {
    let port = web_server((Ipv4Addr::LOCALHOST, 0)).to_string();
    let mut started: Vec<(Child, UnixStream)> = (0..NANNIES).map(|_| start_nanny(&port)).collect();
    for (_, report) in &started {
        let mut line = String::new();
        BufReader::new(report).read_line(&mut line).expect("a report");
        assert!(line.contains("up"), "not a report of a good check: {line:?}");
    }
    let sizes: Vec<u32> = started.iter().map(|(nanny, _)| private_dirty_of(nanny.id())).collect();
    for (nanny, _) in &mut started {
        nanny.kill().and_then(|()| nanny.wait()).expect("the end of a nanny");
    }
    let (total, most) = (sizes.iter().sum::<u32>(), sizes.iter().max().copied().unwrap_or_default());
    println!("private memory of {NANNIES} nannies after their first check, natively");
    println!("  {} kB each (median; {most} kB at most), {total} kB together", median(sizes));
}

/// With the words that lvsd gives a nanny.
fn start_nanny(port: &str) -> (Child, UnixStream) {
    let mut command = Command::new(world::programs().join("nanny"));
    command.args([
        "-c",
        "-h",
        "127.0.0.1",
        "-p",
        "80",
        "-r",
        port,
        "-s",
        r"GET / HTTP/1.0\r\n\r\n",
        "-x",
        "HTTP",
    ]);
    command.args(["-a", "15", "-I", "/sbin/ipvsadm", "-t", "6", "-w", "1", "-V", "198.18.0.1", "-M", "g"]);
    command.args(["-U", "none", "--lvs"]);
    let link = Link::new().expect("a socket pair");
    let nanny = command.env(DESCRIPTOR, link.number()).spawn().expect("nanny");
    let mut lvsd = link.keep();
    lvsd.set_nonblocking(false).expect("a blocking socket");
    lvsd.set_read_timeout(Some(PATIENT)).expect("a time limit");
    let begin = encode(&ToNanny::Begin { known: Known::Nothing }).expect("a line");
    lvsd.write_all(&begin).expect("the first word to nanny");
    (nanny, lvsd)
}

/// Answers every request as long as this process lives. Returns its port.
pub(crate) fn web_server(at: (Ipv4Addr, u16)) -> u16 {
    let listener = TcpListener::bind(at).expect("a port");
    let port = listener.local_addr().expect("its number").port();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            // A client that goes away early has its own reasons.
            let _ = client.read(&mut [0; 1024]).and_then(|_| client.write_all(b"HTTP/1.0 200 OK\r\n\r\n"));
        }
    });
    port
}

/// Two routers and three real servers, in the lab.
pub(crate) fn pair() {
    let pair = Pair::boot(Routing::Direct);
    pair.start();
    println!("private memory of the daemons of a pair with three real servers, in the lab");
    for router in pair.routers() {
        for name in ["pulse", "lvsd", "nanny"] {
            for process in router.processes_named(name) {
                let size = private_dirty(&rollup_on(router, process.pid));
                println!("  {:8} {name:6} {size} kB", router.name());
            }
        }
    }
}

/// Of a process on this machine.
pub(crate) fn private_dirty_of(process: u32) -> u32 {
    private_dirty(&rollup(&process.to_string()))
}

fn rollup(process: &str) -> String {
    fs::read_to_string(format!("/proc/{process}/smaps_rollup")).expect("smaps_rollup of an own process")
}

fn rollup_on(machine: &Machine, process: i32) -> String {
    machine.run("cat", &[&format!("/proc/{process}/smaps_rollup")]).expect_success()
}

fn private_dirty(rollup: &str) -> u32 {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:"));
    let size = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    size.expect("Private_Dirty in smaps_rollup")
}
