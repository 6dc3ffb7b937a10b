//! What pulse takes while nothing happens: ten heartbeats a second, there and back.

use std::env;
use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Command, exit};
use std::thread;
use std::time::{Duration, Instant};

use lab::lvs_cf::{LvsCf, VirtualServer};
use lab::world;
use nix::unistd::getuid;

use crate::memory::private_dirty_of;

/// Names the part that is played in a network of its own.
const ROLE: &str = "--rest";
const KEEPALIVE: Duration = Duration::from_millis(100);
const WARM_UP: Duration = Duration::from_secs(10);
const MEASURED: Duration = Duration::from_secs(60);
const PORT: u16 = 539;
const ROUTER: Ipv4Addr = Ipv4Addr::LOCALHOST;
const PARTNER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Piranha's messages, as numbers of the sender's own order (specification pulse.md 10.2).
const RUNNING: u32 = 0xbdad_dbda;
const STOPPED: u32 = 0xadbd_dabd;

/// One that stands by, and one that serves.
pub(crate) fn measure() {
    println!("pulse at rest, a heartbeat each {} ms, natively", KEEPALIVE.as_millis());
    for state in ["standby", "active"] {
        let mut alone = Command::new("unshare");
        if !getuid().is_root() {
            alone.arg("--map-root-user");
        }
        alone.args(["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]);
        let own = env::current_exe().expect("path of this program");
        let status = alone.arg(own).args([ROLE, state]).status().expect("unshare, of util-linux");
        assert!(status.success(), "pulse at rest could not be measured");
    }
}

/// Measures the one that is named.
pub(crate) fn play() {
    let words: Vec<String> = env::args().skip(1).collect();
    let [role, state] = &words[..] else { return };
    if role != ROLE {
        return;
    }
    run("mount", &["-t", "tmpfs", "tmpfs", "/run"]);
    run("ip", &["link", "set", "lo", "up"]);
    fs::write("/run/lvs.cf", file().to_string()).expect("the file");
    let active = state == "active";
    let partner = UdpSocket::bind((PARTNER, PORT)).expect("the partner's port");
    thread::spawn(move || speak(&partner, if active { STOPPED } else { RUNNING }));

    // No lvsd runs on a kernel without IPVS; one that says nothing is as good here.
    fs::write("/run/lvsd", "#!/bin/sh\nexec sleep 1000\n").expect("a stand-in for lvsd");
    run("chmod", &["755", "/run/lvsd"]);
    let mut pulse = Command::new(world::programs().join("pulse"));
    pulse.args(["--nodaemon", "-c", "/run/lvs.cf", "--lvsd", "/run/lvsd"]);
    let mut pulse = pulse.stdout(std::process::Stdio::null()).spawn().expect("pulse");
    thread::sleep(WARM_UP);
    let (begin, before) = (Instant::now(), processor_time(pulse.id()));
    thread::sleep(MEASURED);
    let (taken, measured) = (processor_time(pulse.id()).saturating_sub(before), begin.elapsed());
    let memory = private_dirty_of(pulse.id());
    pulse.kill().and_then(|()| pulse.wait()).expect("the end of pulse");
    println!(
        "  {state:8} {memory} kB private memory, {:.3} % of a processor",
        100.0 * taken.as_secs_f64() / measured.as_secs_f64()
    );
    exit(0);
}

fn run(program: &str, arguments: &[&str]) {
    assert!(Command::new(program).args(arguments).status().is_ok_and(|status| status.success()), "{program}");
}

fn file() -> LvsCf {
    let mut file = LvsCf::default()
        .with("serial_no", "40")
        .with("primary", &ROUTER.to_string())
        .with("service", "lvs")
        .with("backup_active", "1")
        .with("backup", &PARTNER.to_string())
        .with("network", "direct")
        .with("#% keepalive", "100ms")
        .with("#% deadtime", "300ms");
    let mut web = VirtualServer::new("web")
        .with("active", "1")
        .with("address", "127.0.0.10 lo:1")
        .with("vip_nmask", "255.0.0.0")
        .with("port", "80");
    web.add("one", "127.0.0.11");
    file.virtual_servers.push(web);
    file
}

fn speak(partner: &UdpSocket, message: u32) {
    let mut heard = [0; 512];
    partner.set_nonblocking(true).expect("a socket that does not wait");
    loop {
        // Whether pulse is not there yet shows soon enough.
        let _ = partner.send_to(&message.to_ne_bytes(), (ROUTER, PORT));
        while partner.recv(&mut heard).is_ok() {}
        thread::sleep(KEEPALIVE);
    }
}

/// Of all threads, in the scheduler's nanoseconds: ticks of a clock see nothing of work as short as this.
fn processor_time(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("a running process").flatten();
    let nanoseconds = threads.map(|thread| {
        let statistics = fs::read_to_string(thread.path().join("schedstat")).expect("a kernel that counts");
        statistics.split_whitespace().next().and_then(|first| first.parse::<u64>().ok()).expect("a number")
    });
    Duration::from_nanos(nanoseconds.sum())
}
