//! Under lvsd: what is reported over the inherited socket, and when.

use std::io::Read;
use std::net::TcpListener;
use std::process::Stdio;

use control::report::{FromNanny, Known};
use nix::sys::signal::Signal;

use crate::process::{Lvsd, PATIENT, expect_end, listen, nanny, watch};

fn up(weight: u32) -> FromNanny {
    FromNanny::Up { weight }
}

fn down(reason: &str) -> FromNanny {
    FromNanny::Down { reason: reason.to_owned(), forced: false }
}

#[test]
fn a_real_server_comes_goes_and_returns() {
    let (listener, server) = listen();
    let port = server.port().to_string();
    let refused = format!("Failed to connect {server} ping socket: Connection refused");
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-t", "1", "-a", "2"]));

    assert_eq!(lvsd.next(), up(1), "one good check is enough at first");
    let begin = nanny.expect_line("[ active ]");
    assert!(begin.contains(&format!("nanny: starting LVS client monitor for 10.0.0.1:8080 -> {server}")));
    assert_eq!(begin.last(), Some(&format!("nanny: [ active ] making {server} available")));

    drop(listener);
    assert_eq!(lvsd.next(), down(&refused));
    let words = nanny.expect_line("[inactive]");
    assert!(words.contains(&format!("nanny: {refused}")), "{words:?}");
    assert_eq!(
        words.last(),
        Some(&format!("nanny: [inactive] shutting down {server} due to connection failure"))
    );

    let _listener = TcpListener::bind(server).unwrap();
    assert_eq!(lvsd.next(), up(1));
    let counts: Vec<String> =
        nanny.expect_line("[ active ]").into_iter().filter(|line| line.contains("avail: 1")).collect();
    assert_eq!(counts, ["nanny: avail: 1 active: 0: count: 1", "nanny: avail: 1 active: 0: count: 2"]);
}

#[test]
fn a_first_bad_check_is_reported_and_serves_the_whole_reentry_time() {
    let (listener, server) = listen();
    drop(listener);
    let port = server.port().to_string();
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-t", "60", "-a", "120"]));
    assert!(matches!(lvsd.next(), FromNanny::Down { .. }));

    let _listener = TcpListener::bind(server).unwrap();
    for count in 1..=2 {
        nanny.signal(Signal::SIGALRM);
        nanny.expect_line(&format!("avail: 1 active: 0: count: {count}"));
    }
    assert_eq!(lvsd.next(), up(1));
}

#[test]
fn weight_0_is_reported_as_it_is() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    let (_nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-w", "0"]));
    assert_eq!(lvsd.next(), up(0));
}

#[test]
fn a_server_known_to_be_up_is_not_announced_again() {
    let (listener, server) = listen();
    let port = server.port().to_string();
    let known = Known::Up { weight: 7 };
    let (nanny, mut lvsd) = Lvsd::start(known, &watch(&port, &["-t", "60", "-w", "7"]));
    let lines = nanny.expect_line("avail: 1 active: 1");
    assert!(!lines.iter().any(|line| line.contains("[ active ]")), "{lines:?}");
    drop(listener);
    nanny.signal(Signal::SIGALRM);
    assert!(matches!(lvsd.next(), FromNanny::Down { .. }), "nothing was reported before");
}

#[test]
fn a_server_known_to_be_down_serves_the_whole_reentry_time() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    let (nanny, mut lvsd) = Lvsd::start(Known::Down, &watch(&port, &["-t", "60", "-a", "120"]));
    nanny.expect_line("avail: 1 active: 0: count: 1");
    nanny.signal(Signal::SIGALRM);
    assert_eq!(lvsd.next(), up(1));
}

#[test]
fn nothing_is_checked_before_lvsd_has_spoken() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    let (nanny, mut lvsd) = Lvsd::silent(&watch(&port, &[]));
    nanny.expect_line("starting LVS client monitor");
    lvsd.begin(Known::Down);
    // Known to be dead from the beginning, so no check has run before.
    nanny.expect_line("avail: 1 active: 0: count: 1");
}

#[test]
fn the_end_of_lvsd_is_the_end_of_nanny() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    let (mut nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-t", "60"]));
    assert_eq!(lvsd.next(), up(1));
    drop(lvsd);
    nanny.expect_line("Terminating because lvsd is gone");
    assert_eq!(nanny.expect_end(PATIENT).code(), Some(0));
}

#[test]
fn an_lvsd_that_talks_nonsense_is_left() {
    let (mut nanny, mut lvsd) = Lvsd::silent(&watch("9", &[]));
    lvsd.say(b"\xff\x00 nonsense\n");
    nanny.expect_line("lvsd does not speak this nanny's language");
    assert_eq!(nanny.expect_end(PATIENT).code(), Some(0));
}

#[test]
fn detached_nannies_report_and_end_like_others() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    for place in [&["-c"][..], &[]] {
        let mut command = nanny(&watch(&port, place));
        let (mut child, mut lvsd) =
            Lvsd::share(command.stdout(Stdio::piped()), |command| command.spawn().unwrap());
        if place.is_empty() {
            assert_eq!(expect_end(&mut child, PATIENT).code(), Some(0), "the foreground parent ends");
        }
        lvsd.begin(Known::Nothing);
        assert_eq!(lvsd.next(), up(1));
        let mut printed = String::new();
        child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        assert_eq!(printed, "", "standard output is let go");
        lvsd.fall_silent();
        lvsd.expect_end();
        assert_eq!(expect_end(&mut child, PATIENT).code(), Some(0));
    }
}
