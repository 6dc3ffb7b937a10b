//! Leaving and returning: list 7 of specification nanny.md 14.

use std::io::Write;
use std::net::SocketAddr;

use control::report::{FromNanny, Known};

use crate::process::{Lvsd, serve, watch};

/// A real server that treats one check after the other so: `+` good, `-` bad.
fn script(checks: &'static str) -> SocketAddr {
    let mut checks = checks.chars();
    let checks = std::sync::Mutex::new(move || checks.next());
    serve(move |mut client| {
        if (checks.lock().unwrap())() == Some('+') {
            // The check may have seen enough.
            let _ = client.write_all(b"HTTP");
        }
    })
}

/// What nanny counts and decides over these checks.
fn log(checks: &'static str, reentry: &str) -> String {
    let server = script(checks);
    let port = server.port().to_string();
    let words = watch(&port, &["-t", "60", "-a", reentry, "-x", "HTTP"]);
    let (nanny, _lvsd) = Lvsd::start(Known::Nothing, &words);
    let mut lines = nanny.expect_line("avail: ");
    for _ in 1..checks.len() {
        lines.extend(nanny.check_now());
    }
    // The last decision comes behind its count.
    if checks.ends_with('+') {
        lines.extend(nanny.expect_line("[ active ]"));
    }
    let said = lines
        .iter()
        .filter(|line| line.contains("avail: ") || line.contains("active ]") || line.contains("inactive]"));
    said.map(|line| line.replace(&server.to_string(), "SERVER") + "\n").collect()
}

#[test]
fn three_good_checks_in_a_row_are_needed_for_three_intervals() {
    insta::assert_snapshot!(log("+-+++", "180"), @"
    nanny: avail: 1 active: 0: count: 4
    nanny: [ active ] making SERVER available
    nanny: avail: 0 active: 1: count: 4
    nanny: [inactive] shutting down SERVER due to connection failure
    nanny: avail: 1 active: 0: count: 1
    nanny: avail: 1 active: 0: count: 2
    nanny: avail: 1 active: 0: count: 3
    nanny: [ active ] making SERVER available
    ");
}

#[test]
fn a_bad_check_in_between_starts_the_count_again() {
    insta::assert_snapshot!(log("+-++-+++", "180"), @"
    nanny: avail: 1 active: 0: count: 4
    nanny: [ active ] making SERVER available
    nanny: avail: 0 active: 1: count: 4
    nanny: [inactive] shutting down SERVER due to connection failure
    nanny: avail: 1 active: 0: count: 1
    nanny: avail: 1 active: 0: count: 2
    nanny: avail: 0 active: 0: count: 2
    nanny: avail: 1 active: 0: count: 1
    nanny: avail: 1 active: 0: count: 2
    nanny: avail: 1 active: 0: count: 3
    nanny: [ active ] making SERVER available
    ");
}

#[test]
fn a_reentry_time_below_the_interval_is_at_once() {
    insta::assert_snapshot!(log("+-+", "59"), @"
    nanny: avail: 1 active: 0: count: 1
    nanny: [ active ] making SERVER available
    nanny: avail: 0 active: 1: count: 1
    nanny: [inactive] shutting down SERVER due to connection failure
    nanny: avail: 1 active: 0: count: 1
    nanny: [ active ] making SERVER available
    ");
}

#[test]
fn a_first_bad_check_costs_the_whole_reentry_time() {
    insta::assert_snapshot!(log("-++", "120"), @"
    nanny: avail: 0 active: 0: count: 2
    nanny: avail: 1 active: 0: count: 1
    nanny: avail: 1 active: 0: count: 2
    nanny: [ active ] making SERVER available
    ");
}

#[test]
fn reentry_0_is_180_seconds_and_the_log_says_so() {
    let server = script("-+++");
    let port = server.port().to_string();
    let (nanny, mut lvsd) =
        Lvsd::start(Known::Nothing, &watch(&port, &["-t", "60", "-a", "0", "-x", "HTTP"]));
    nanny.expect_line("re-entry time 0 means 180 seconds");
    assert!(matches!(lvsd.next(), FromNanny::Down { .. }));
    nanny.expect_line("avail: 0");
    for count in 1..=3 {
        let lines = nanny.check_now();
        assert_eq!(lines.last().unwrap(), &format!("nanny: avail: 1 active: 0: count: {count}"));
    }
    assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 });
}
