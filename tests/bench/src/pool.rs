//! What one nanny takes to check very many real servers each second, and how late its checks begin at the most.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use control::lines::encode;
use control::pool::{Argument, Number, ToPool};
use control::report::{DESCRIPTOR, Known};
use lab::world;
use service::child::Link;
use tokio::net::{TcpListener, TcpSocket};

use crate::memory::private_dirty_of;
use crate::stopwatch::processor_time;

const REAL_SERVERS: u32 = 10_000;
/// Port of all real servers, each of which has an address of its own.
const PORT: u16 = 7180;
const INTERVAL: Duration = Duration::from_secs(1);
/// Time until all are in service and the checks go their even way.
const WARM_UP: Duration = Duration::from_secs(5);
const MEASURED: Duration = Duration::from_secs(30);
/// Requests for connections that wait to be accepted, for each listener.
const BACKLOG: u32 = 16;

/// A connection was accepted by the real server of this number.
type Arrival = (u32, Instant);

/// Ten thousand real servers on this computer, checked each second by their connections alone.
pub(crate) fn measure() {
    let (sender, arrivals) = channel();
    let (ready, listening) = channel();
    thread::spawn(move || listen(&sender, &ready));
    listening.recv().expect("ten thousand listeners");
    let mut pool = start();

    thread::sleep(WARM_UP);
    arrivals.try_iter().for_each(drop);
    let (begin, before) = (Instant::now(), processor_time(pool.id()));
    thread::sleep(MEASURED);
    let (taken, measured) = (processor_time(pool.id()).saturating_sub(before), begin.elapsed());
    let arrivals: Vec<Arrival> = arrivals.try_iter().collect();
    let memory = private_dirty_of(pool.id());
    pool.kill().and_then(|()| pool.wait()).expect("the end of nanny");

    let checks = arrivals.len();
    println!("one nanny that checks {REAL_SERVERS} real servers each second by TCP connect, natively");
    println!("  {:.0} checks a second", per_second(checks, measured));
    println!("  {:.0} ms late at the most", lateness(&arrivals).as_secs_f64() * 1000.0);
    println!(
        "  {:.3} of a processor, {:.1} us a check",
        taken.as_secs_f64() / measured.as_secs_f64(),
        taken.as_secs_f64() * 1e6 / count(checks)
    );
    println!("  {memory} kB private memory");
}

fn address(server: u32) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 1, 0, 0)) + server), PORT))
}

/// The real servers: each accepts and closes.
#[tokio::main(flavor = "current_thread")]
async fn listen(arrivals: &Sender<Arrival>, ready: &Sender<()>) {
    for server in 0..REAL_SERVERS {
        let listener = listener(address(server));
        let arrivals = arrivals.clone();
        tokio::spawn(async move {
            while listener.accept().await.is_ok() && arrivals.send((server, Instant::now())).is_ok() {}
        });
    }
    ready.send(()).expect("somebody who waits for it");
    std::future::pending::<()>().await;
}

fn listener(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("an address that was in use lately");
    socket.bind(address).expect("a free address");
    socket.listen(BACKLOG).expect("a listener")
}

/// nanny, with every real server in service.
fn start() -> Child {
    let link = Link::new().expect("a socket pair");
    let mut command = Command::new(world::programs().join("nanny"));
    let pool = command.args(["--pool", "-c"]).env(DESCRIPTOR, link.number()).spawn().expect("nanny");
    let mut lvsd = link.keep();
    lvsd.set_nonblocking(false).expect("a blocking socket");
    let mut reports = BufReader::new(lvsd.try_clone().expect("the same socket")).lines();
    for server in 0..REAL_SERVERS {
        lvsd.write_all(&encode(&watch(server)).expect("a line")).expect("a word to nanny");
    }
    for _ in 0..REAL_SERVERS {
        let report = reports.next().expect("a report").expect("a whole line");
        assert!(report.contains("up"), "not a report of a good check: {report:?}");
    }
    // As long as nanny lives.
    std::mem::forget(lvsd);
    pool
}

/// In the words that lvsd gives a nanny.
fn watch(server: u32) -> ToPool {
    let address = address(server).ip().to_string();
    let port = PORT.to_string();
    let words = [
        "-c",
        "-h",
        &address,
        "-p",
        "7180",
        "-r",
        &port,
        "-a",
        "15",
        "-I",
        "/sbin/ipvsadm",
        "-t",
        "1",
        "-w",
        "1",
        "-V",
        "198.18.0.1",
        "-M",
        "g",
        "-U",
        "none",
        "--check-interval",
        "1",
        "--lvs",
    ];
    let arguments = words.into_iter().map(|word| Argument::Text(word.to_owned())).collect();
    ToPool::Watch { server: Number::from(server), arguments, known: Known::Nothing }
}

/// How long after its time the latest connection of all was accepted. The time of a real server's checks is told by
/// its earliest one; a check that is left out makes the next one late.
fn lateness(arrivals: &[Arrival]) -> Duration {
    let mut of: HashMap<u32, Vec<Instant>> = HashMap::new();
    for (server, at) in arrivals {
        of.entry(*server).or_default().push(*at);
    }
    assert_eq!(of.len(), REAL_SERVERS as usize, "a real server was not checked");
    of.into_values().map(|times| latest(&times)).max().unwrap_or_default()
}

fn latest(times: &[Instant]) -> Duration {
    let first = times[0];
    let offsets = (0..).zip(times).map(|(n, at)| (at.duration_since(first), INTERVAL * n));
    // Some come before their time by the first one's, which was late itself.
    let (early, late) = offsets.fold((Duration::ZERO, Duration::ZERO), |(early, late), (at, due)| {
        (early.max(due.saturating_sub(at)), late.max(at.saturating_sub(due)))
    });
    early + late
}

fn per_second(events: usize, time: Duration) -> f64 {
    count(events) / time.as_secs_f64()
}

fn count(events: usize) -> f64 {
    f64::from(u32::try_from(events).unwrap_or(u32::MAX))
}
