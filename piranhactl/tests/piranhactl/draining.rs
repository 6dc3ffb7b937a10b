//! A drain from its beginning to its end.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use control::command::Answer;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::lvsd::{Lvsd, done, status};

/// The status with so many connections on `web/three`, and its deadline in so many milliseconds.
fn left(active: u32, inactive: u32, deadline: Option<u64>) -> Answer {
    let mut status = status();
    let three = &mut status.virtual_servers[0].real_servers[2];
    (three.active_connections, three.inactive_connections) = (active, inactive);
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    three.operator.drain.as_mut().unwrap().deadline = deadline.map(|deadline| now + deadline);
    Answer::Status(Box::new(status))
}

#[test]
fn a_drain_is_waited_for_until_the_last_connection_has_ended() {
    let lvsd =
        Lvsd::saying(&[done("web/three: draining"), left(12, 30, None), left(3, 0, None), left(0, 0, None)]);
    insta::assert_snapshot!(lvsd.asked(&["drain", "web/three"]), @"
    web/three: draining
    web/three: 12 active and 30 inactive connections left
    web/three: no connections left
    [0]
    ");
    insta::assert_snapshot!(lvsd.requests().join("\n"), @r#"
    {"version":1,"command":{"drain":{"real_server":"web/three","deadline_ms":null}}}
    {"version":1,"command":"status"}
    {"version":1,"command":"status"}
    {"version":1,"command":"status"}
    "#);
}

#[test]
fn a_drain_is_waited_for_until_its_deadline() {
    let lvsd = Lvsd::saying(&[done("web/three: draining"), left(12, 30, Some(900)), left(11, 30, Some(0))]);
    insta::assert_snapshot!(lvsd.asked(&["drain", "web/three", "--deadline", "0.9"]), @"
    web/three: draining
    web/three: 12 active and 30 inactive connections left, cut off in 0s
    web/three: the deadline has passed, 42 connections were cut off
    [0]
    ");
}

#[test]
fn a_drain_without_connections_is_over_at_once() {
    let lvsd = Lvsd::saying(&[done("web/three: draining"), left(0, 0, None)]);
    insta::assert_snapshot!(lvsd.asked(&["drain", "web/three"]), @"
    web/three: draining
    web/three: no connections left
    [0]
    ");
}

#[test]
fn a_drain_that_somebody_else_takes_back_has_failed() {
    let lvsd = Lvsd::saying(&[done("web/one: draining"), left(0, 0, None)]);
    insta::assert_snapshot!(lvsd.asked(&["drain", "web/one"]), @"
    web/one: draining
    piranhactl: the drain of web/one was taken back by somebody else
    [1]
    ");
}

#[test]
fn a_drain_that_the_status_does_not_show_stays_in_force() {
    let lvsd = Lvsd::saying(&[done("web/nine: draining"), left(0, 0, None)]);
    insta::assert_snapshot!(lvsd.asked(&["drain", "web/nine"]), @"
    web/nine: draining
    piranhactl: web/nine is not among the real servers of `piranhactl status`; its drain stays in force until `piranhactl undrain web/nine`
    [1]
    ");
}

/// pulse starts a dead lvsd again; the drain goes on.
#[test]
fn an_lvsd_that_is_away_for_a_moment_is_waited_for() {
    let answers = [done("web/three: draining"), left(12, 30, None), left(0, 0, None)];
    let mut lines = answers.map(|answer| control::lines::encode(&answer).unwrap()).to_vec();
    lines.insert(2, Vec::new());
    let lvsd = Lvsd::answering(move |number| lines[number].clone());
    insta::assert_snapshot!(lvsd.asked(&["drain", "web/three"]), @"
    web/three: draining
    web/three: 12 active and 30 inactive connections left
    web/three: no connections left
    [0]
    ");
}

#[test]
fn an_interrupted_drain_stays_in_force() {
    let lvsd = Lvsd::saying(&[done("web/three: draining"), left(12, 30, None)]);
    let mut command = lvsd.command(&["drain", "web/three"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "web/three: draining");
    insta::assert_snapshot!(lines.next().unwrap().unwrap(), @"web/three: 12 active and 30 inactive connections left");
    interrupt(&child);
    let mut complaint = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    insta::assert_snapshot!(complaint, @"piranhactl: no longer waiting; the drain of web/three stays in force until `piranhactl undrain web/three`");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

fn interrupt(child: &Child) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
}
