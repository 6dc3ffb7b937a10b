//! `nanny --pool`: many real servers, one process, one socket.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use control::pool::{Argument, FromPool, Number, ToPool};
use control::report::{Checks, Force, Forced, FromNanny, Known, ToNanny};
use nix::sys::signal::Signal;

use crate::process::{BlackHole, Lvsd, Nanny, PATIENT, listen, nanny, watch};

/// lvsd and its pool.
struct Pool {
    nanny: Nanny,
    lvsd: Lvsd<FromPool>,
}

impl Pool {
    fn start() -> Self {
        let (nanny, lvsd) = Lvsd::share(&mut nanny(&["--pool"]), Nanny::run);
        Self { nanny, lvsd }
    }

    /// Has a local real server watched, checked each second unless it is said otherwise.
    fn watch(&mut self, server: Number, port: &str, known: Known, more: &[&str]) {
        let mut words = vec!["-t", "1"];
        words.extend(more);
        let arguments = watch(port, &words).into_iter().map(|word| Argument::Text(word.to_owned())).collect();
        self.lvsd.tell(&ToPool::Watch { server, arguments, known });
    }

    fn force(&mut self, server: Number, force: Force) {
        self.lvsd.tell(&ToPool::Tell { server, message: ToNanny::Force(force) });
    }

    fn checks(&mut self, server: Number) -> Checks {
        self.lvsd.tell(&ToPool::Tell { server, message: ToNanny::Inquire });
        self.told(server)
    }

    /// The next report, which has to tell how the checks of this real server go.
    fn told(&mut self, server: Number) -> Checks {
        match self.lvsd.next() {
            FromPool::Report { server: of, message: FromNanny::Checks(checks) } if of == server => checks,
            other => panic!("{other:?} is no answer"),
        }
    }
}

fn servers(count: usize) -> Vec<(TcpListener, SocketAddr)> {
    (0..count).map(|_| listen()).collect()
}

fn port(address: SocketAddr) -> String {
    address.port().to_string()
}

fn up(server: Number) -> FromPool {
    FromPool::Report { server, message: FromNanny::Up { weight: 1 } }
}

fn forced_down(server: Number) -> FromPool {
    let message = FromNanny::Down { reason: "forced down".to_owned(), forced: true };
    FromPool::Report { server, message }
}

#[test]
fn each_real_server_has_its_own_state_and_its_own_lines() {
    let mut servers = servers(100);
    let mut pool = Pool::start();
    for (server, (_, address)) in (0..).zip(&servers) {
        pool.watch(server, &port(*address), Known::Nothing, &[]);
    }
    let mut reported: Vec<FromPool> = (0..100).map(|_| pool.lvsd.next()).collect();
    reported.sort_by_key(|report| match report {
        FromPool::Report { server, .. } | FromPool::Refused { server, .. } => *server,
    });
    assert_eq!(reported, (0..100).map(up).collect::<Vec<_>>());

    let (listener, dead) = servers.remove(42);
    drop(listener);
    let reason = format!("Failed to connect {dead} ping socket: Connection refused");
    let down = FromNanny::Down { reason: reason.clone(), forced: false };
    assert_eq!(pool.lvsd.next(), FromPool::Report { server: 42, message: down });
    pool.nanny.expect_line(&format!(
        "nanny: [inactive] shutting down {dead} due to connection failure virtual_server=10.0.0.1:8080 \
         real_server={dead}"
    ));
    let checks = pool.checks(42);
    assert_eq!((checks.forced, checks.last.unwrap().failure), (None, Some(reason)));
    assert_eq!(pool.checks(41).last.unwrap().failure, None);
}

#[test]
fn a_state_is_forced_and_released_for_one_of_many() {
    let servers = servers(2);
    let mut pool = Pool::start();
    for (server, (_, address)) in (1..).zip(&servers) {
        pool.watch(server, &port(*address), Known::Nothing, &["-t", "60", "-a", "600"]);
        assert_eq!(pool.lvsd.next(), up(server));
    }
    pool.force(2, Force::Down);
    assert_eq!(pool.lvsd.next(), forced_down(2));
    assert_eq!(pool.told(2).forced, Some(Forced::Down));
    pool.nanny
        .expect_line(&format!("opaque glasses on virtual_server=10.0.0.1:8080 real_server={}", servers[1].1));
    assert_eq!(pool.checks(1).forced, None);
    assert_eq!(pool.checks(2).forced, Some(Forced::Down));
    pool.force(2, Force::Up);
    assert_eq!(pool.lvsd.next(), up(2));
    assert_eq!(pool.told(2).forced, Some(Forced::Up));
    pool.force(2, Force::Down);
    assert_eq!(pool.lvsd.next(), forced_down(2));
    assert_eq!(pool.told(2).forced, Some(Forced::Down));
    pool.force(2, Force::Release);
    assert_eq!(pool.told(2).forced, None);
    assert_eq!(pool.lvsd.next(), up(2), "at once, without the re-entry time");
}

#[test]
fn a_real_server_that_is_known_begins_where_it_is() {
    let servers = servers(2);
    let mut pool = Pool::start();
    pool.watch(1, &port(servers[0].1), Known::Up { weight: 1 }, &[]);
    pool.watch(2, &port(servers[1].1), Known::Down, &["-a", "2"]);
    assert_eq!(pool.lvsd.next(), up(2), "the other is up already");
    let lines = pool.nanny.expect_line("[ active ]");
    let count = |words: &str| lines.iter().filter(|line| line.contains(words)).count();
    assert_eq!((count("avail: 1 active: 0: count: 1"), count("[ active ]")), (1, 1), "{lines:#?}");
}

#[test]
fn a_forgotten_real_server_is_checked_no_more() {
    let (listener, address) = listen();
    let other = listen();
    listener.set_nonblocking(true).unwrap();
    let mut pool = Pool::start();
    for (server, address) in [(1, address), (2, other.1)] {
        pool.watch(server, &port(address), Known::Nothing, &["--check-interval", "0.02"]);
        assert_eq!(pool.lvsd.next(), up(server));
    }
    pool.lvsd.tell(&ToPool::Forget { server: 1 });
    pool.nanny.expect_line(&format!(
        "Terminating: lvsd has this real server checked no more virtual_server=10.0.0.1:8080 real_server={address}"
    ));
    // A check that was under way may still have come through; the other's next checks come after it.
    let checked = || std::iter::from_fn(|| listener.accept().ok()).count();
    checked();
    for _ in 0..5 {
        other.0.accept().unwrap();
    }
    assert_eq!(checked(), 0);
    pool.lvsd.tell(&ToPool::Tell { server: 1, message: ToNanny::Inquire });
    assert_eq!(pool.checks(2).forced, None, "nobody answers for the other");
}

#[test]
fn arguments_that_make_no_sense_concern_one_real_server() {
    let (_listener, address) = listen();
    let mut pool = Pool::start();
    for (server, (words, reason)) in (1..).zip([
        (&["--lvs", "-h", "nowhere"][..], "nanny: bad IP address -- nowhere"),
        (&["--lvs", "--what"], "nanny: bad argument --what: unknown option"),
        (&["--fos", "-h", "10.0.0.1"], "nanny: a pool does not watch services of the partner (--fos)"),
    ]) {
        let arguments = words.iter().map(|word| Argument::Text((*word).to_owned())).collect();
        pool.lvsd.tell(&ToPool::Watch { server, arguments, known: Known::Nothing });
        assert_eq!(pool.lvsd.next(), FromPool::Refused { server, reason: reason.to_owned() });
    }
    pool.watch(9, &port(address), Known::Nothing, &[]);
    assert_eq!(pool.lvsd.next(), up(9));
}

#[test]
fn silent_real_servers_delay_no_other() {
    let holes: Vec<BlackHole> = (0..50).map(|_| BlackHole::new()).collect();
    let (_listener, address) = listen();
    let mut pool = Pool::start();
    for (server, hole) in (100..).zip(&holes) {
        pool.watch(server, &hole.port(), Known::Nothing, &["-t", "60"]);
    }
    pool.watch(1, &port(address), Known::Nothing, &[]);
    assert_eq!(pool.lvsd.next(), up(1));
}

#[test]
fn an_lvsd_that_does_not_listen_stops_no_check_and_misses_no_state() {
    let servers = servers(200);
    let mut pool = Pool::start();
    for (server, (_, address)) in (0..).zip(&servers) {
        pool.watch(server, &port(*address), Known::Nothing, &["-t", "60"]);
    }
    // More than any socket buffer holds.
    for round in 0..100 {
        for server in 0..200 {
            pool.force(server, if round % 2 == 0 { Force::Down } else { Force::Up });
        }
    }
    pool.nanny.expect_line("rose-colored glasses on");
    for server in 0..200 {
        pool.force(server, Force::Down);
    }
    let mut last = vec![None; 200];
    while !last.iter().all(|message| matches!(message, Some(FromNanny::Down { .. }))) {
        let FromPool::Report { server, message } = pool.lvsd.next() else { continue };
        if !matches!(message, FromNanny::Checks(_)) {
            last[usize::try_from(server).unwrap()] = Some(message);
        }
    }
}

#[test]
fn signals_concern_all_or_nobody() {
    let servers = servers(2);
    let mut pool = Pool::start();
    for (server, (_, address)) in (1..).zip(&servers) {
        pool.watch(server, &port(*address), Known::Nothing, &["-t", "60"]);
        assert_eq!(pool.lvsd.next(), up(server));
    }
    pool.nanny.signal(Signal::SIGUSR1);
    pool.nanny.expect_line("ignoring signal 10, which would force the state of all 2 real servers");

    pool.force(1, Force::Down);
    assert_eq!(pool.lvsd.next(), forced_down(1));
    assert_eq!(pool.told(1).forced, Some(Forced::Down));
    pool.nanny.signal(Signal::SIGHUP);
    assert_eq!(pool.told(1).forced, None);
    assert_eq!(pool.lvsd.next(), up(1), "released and checked at once");

    pool.nanny.signal(Signal::SIGTERM);
    pool.nanny.expect_line("Terminating due to signal 15");
    assert_eq!(pool.nanny.expect_end(Duration::from_secs(1)).code(), Some(0));
}

#[test]
fn programs_check_and_tell_the_load_in_a_pool_too() {
    let mut pool = Pool::start();
    pool.watch(1, "9", Known::Nothing, &["-e", "echo OK", "-x", "OK", "-U", "echo", "-t", "60"]);
    assert_eq!(pool.lvsd.next(), up(1));
    pool.nanny.expect_line("bad load average returned: 127.0.0.1");
    assert_eq!(pool.checks(1).last.unwrap().failure, None);
}

#[test]
fn the_end_of_lvsd_is_the_end_of_the_pool_and_of_its_programs() {
    let mut pool = Pool::start();
    pool.watch(1, "9", Known::Nothing, &["-e", "sleep 60", "-t", "60"]);
    pool.nanny.expect_line("Invoking:  sleep");
    drop(pool.lvsd);
    pool.nanny.expect_line("Terminating because lvsd is gone");
    pool.nanny.expect_line("Killing child");
    assert_eq!(pool.nanny.expect_end(PATIENT).code(), Some(0));
}

#[test]
fn a_pool_without_lvsd_is_refused() {
    let output = nanny(&["--pool", "-c"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @"nanny: --pool is for lvsd, which says over a socket what is to be checked; by hand, start one nanny for each real server");
}
