//! The settings that Piranha does not know: specification nanny.md 13, rows 10, 11 and 22.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use control::report::{FromNanny, Known};
use health::spread::first_check_delay;

use crate::process::{BlackHole, Lvsd, Nanny, PATIENT, listen, watch};

/// The beginnings of the checks as a real server sees them, which answers each after this time.
fn checks(server: TcpListener, answered_after: Duration) -> impl Iterator<Item = Instant> {
    let (sender, checks) = channel();
    thread::spawn(move || {
        for mut client in server.incoming().map_while(Result::ok) {
            if sender.send(Instant::now()).is_err() {
                return;
            }
            thread::sleep(answered_after);
            // The check may have gone away.
            let _ = client.write_all(b"hello");
            let _ = client.read(&mut [0]);
        }
    });
    std::iter::from_fn(move || checks.recv_timeout(PATIENT).ok())
}

fn is_down(report: &FromNanny) -> bool {
    matches!(report, FromNanny::Down { .. })
}

#[test]
fn a_real_server_goes_and_comes_after_so_many_checks_in_a_row() {
    let (listener, server) = listen();
    let port = server.port().to_string();
    let words = watch(&port, &["--check-interval", "0.05", "--fall", "3", "--rise", "2"]);
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &words);
    assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 }, "the first good check is enough");

    drop(listener);
    assert!(is_down(&lvsd.next()));
    let lines = nanny.expect_line("[inactive] shutting down");
    let count = |words: &str| lines.iter().filter(|line| line.contains(words)).count();
    assert_eq!(count("avail: 0 active: 1"), 3, "{lines:#?}");
    assert_eq!(count("Connection refused bad=1 fall=3"), 1, "{lines:#?}");

    let _listener = TcpListener::bind(server).unwrap();
    assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 });
    let lines = nanny.expect_line("[ active ] making");
    let good = lines.iter().filter(|line| line.contains("avail: 1 active: 0")).count();
    assert_eq!(good, 2, "{lines:#?}");
}

#[test]
fn checks_begin_on_the_beat_however_slow_the_answers() {
    const BEAT: Duration = Duration::from_millis(200);
    let (listener, server) = listen();
    let port = server.port().to_string();
    let begun = checks(listener, BEAT * 3 / 4);
    let words = watch(&port, &["--check-interval", "0.2", "-x", "hello"]);
    let (_nanny, _lvsd) = Lvsd::start(Known::Nothing, &words);
    let begun: Vec<Instant> = begun.take(6).collect();
    let lasted = begun[5].duration_since(begun[0]);
    assert!((BEAT * 4..BEAT * 7).contains(&lasted), "five beats took {lasted:?}");
}

#[test]
fn the_time_of_a_check_is_set_apart_from_the_interval() {
    let hole = BlackHole::new();
    let port = hole.port();
    let (nanny, mut lvsd) =
        Lvsd::start(Known::Nothing, &watch(&port, &["-t", "60", "--check-timeout", "0.25"]));
    assert!(is_down(&lvsd.next()));
    nanny.expect_line("timed out");
}

#[test]
fn nannies_on_a_beat_take_turns_where_lvsd_has_looked_already() {
    const BEAT: Duration = Duration::from_secs(1);
    let mut longest = Duration::ZERO;
    // The process ids say when: several, so that one of them has to wait.
    while longest < BEAT / 3 {
        let (listener, server) = listen();
        let port = server.port().to_string();
        let mut checks = checks(listener, Duration::ZERO);
        let words = watch(&port, &["--check-interval", "1", "-x", "hello"]);
        let begin = Instant::now();
        let (nanny, _lvsd) = Lvsd::start(Known::Up { weight: 1 }, &words);
        let delay = first_check_delay(nanny.pid().into(), BEAT);
        assert!(checks.next().unwrap().duration_since(begin) >= delay);
        longest = longest.max(delay);
    }
}

#[test]
fn a_nanny_that_stands_alone_keeps_to_the_same_settings() {
    let (listener, server) = listen();
    let port = server.port().to_string();
    let words = watch(&port, &["--test-start", "--check-interval", "0.05", "--fall", "2"]);
    let nanny = Nanny::start(&words);
    nanny.expect_line(&format!("[ active ] making {server} available"));
    drop(listener);
    nanny.expect_line("Connection refused bad=1 fall=2");
    nanny.expect_line(&format!("[inactive] shutting down {server} due to connection failure"));
}

#[test]
fn a_service_of_the_partner_may_fail_as_often_as_it_is_said() {
    let (listener, service) = listen();
    let port = service.port().to_string();
    let words = ["--fos", "-h", "127.0.0.1", "-p", &port, "--check-interval", "0.05", "--fall", "2"];
    let mut nanny = Nanny::start(&words);
    nanny.expect_line("is available");
    drop(listener);
    nanny.expect_line("Connection refused bad=1 fall=2");
    nanny.expect_line(&format!("Exiting due to connection failure of {service}"));
    assert_eq!(nanny.expect_end(PATIENT).code(), Some(0));
}
