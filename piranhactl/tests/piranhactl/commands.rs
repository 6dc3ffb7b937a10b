//! Every command: what lvsd hears, and what the administrator reads.

use control::command::Answer;
use serde_json::{Value, json};

use crate::lvsd::{Lvsd, done, refused, status};

/// What lvsd heard of a command.
fn heard(words: &[&str]) -> String {
    let lvsd = Lvsd::saying(&[done("it is done")]);
    assert_eq!(lvsd.asked(words), "it is done\n[0]\n");
    lvsd.requests().join("\n")
}

#[test]
fn decisions_about_a_real_server() {
    insta::assert_snapshot!(heard(&["undrain", "web/one"]), @r#"{"version":1,"command":{"undrain":{"real_server":"web/one"}}}"#);
    insta::assert_snapshot!(heard(&["disable", "web/one"]), @r#"{"version":1,"command":{"disable":{"real_server":"web/one"}}}"#);
    insta::assert_snapshot!(heard(&["enable", "web/one"]), @r#"{"version":1,"command":{"enable":{"real_server":"web/one"}}}"#);
    insta::assert_snapshot!(heard(&["weight", "web/one", "50"]), @r#"{"version":1,"command":{"weight":{"real_server":"web/one","weight":50}}}"#);
    insta::assert_snapshot!(heard(&["weight", "web/one", "default"]), @r#"{"version":1,"command":{"weight":{"real_server":"web/one","weight":null}}}"#);
    insta::assert_snapshot!(heard(&["up", "web/one"]), @r#"{"version":1,"command":{"up":{"real_server":"web/one"}}}"#);
    insta::assert_snapshot!(heard(&["down", "[2001:db8::10]:80/[2001:db8::1]:80"]), @r#"{"version":1,"command":{"down":{"real_server":"[2001:db8::10]:80/[2001:db8::1]:80"}}}"#);
    insta::assert_snapshot!(heard(&["release", "web/one"]), @r#"{"version":1,"command":{"release":{"real_server":"web/one"}}}"#);
    insta::assert_snapshot!(heard(&["drain", "web/one", "--no-wait"]), @r#"{"version":1,"command":{"drain":{"real_server":"web/one","deadline_ms":null}}}"#);
    insta::assert_snapshot!(heard(&["drain", "web/one", "--no-wait", "--deadline", "1h30m"]), @r#"{"version":1,"command":{"drain":{"real_server":"web/one","deadline_ms":5400000}}}"#);
}

fn operations(operations: &[&str], remarks: &[&str]) -> Lvsd {
    let all = |lines: &[&str]| lines.iter().copied().map(str::to_owned).collect();
    Lvsd::saying(&[Answer::Operations { operations: all(operations), remarks: all(remarks) }])
}

#[test]
fn changes_of_the_table_stand_alone_on_standard_output() {
    let lvsd = operations(
        &["-d -t 10.0.0.10:80 -r 10.0.0.1:80", "-e -t 10.0.0.10:80 -r 10.0.0.2:80 -g -w 5"],
        &["lvs.cf: 1 warning"],
    );
    insta::assert_snapshot!(lvsd.asked(&["diff"]), @"
    ipvsadm -d -t 10.0.0.10:80 -r 10.0.0.1:80
    ipvsadm -e -t 10.0.0.10:80 -r 10.0.0.2:80 -g -w 5
    lvs.cf: 1 warning
    [0]
    ");
    let output = lvsd.command(&["reload"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "lvs.cf: 1 warning\n");
    insta::assert_snapshot!(lvsd.asked(&["repair"]), @"
    ipvsadm -d -t 10.0.0.10:80 -r 10.0.0.1:80
    ipvsadm -e -t 10.0.0.10:80 -r 10.0.0.2:80 -g -w 5
    lvs.cf: 1 warning
    [0]
    ");
    insta::assert_snapshot!(lvsd.requests().join("\n"), @r#"
    {"version":1,"command":"diff"}
    {"version":1,"command":"reload"}
    {"version":1,"command":"repair"}
    "#);
}

#[test]
fn nothing_to_change_is_said_beside_standard_output() {
    let lvsd = operations(&[], &[]);
    insta::assert_snapshot!(lvsd.asked(&["diff"]), @"
    a reload would change nothing
    [0]
    ");
    insta::assert_snapshot!(lvsd.asked(&["reload"]), @"
    read; nothing had to be changed
    [0]
    ");
    insta::assert_snapshot!(lvsd.asked(&["repair"]), @"
    nothing had to be repaired
    [0]
    ");
    assert!(lvsd.command(&["diff"]).output().unwrap().stdout.is_empty());
}

#[test]
fn a_refusal_is_status_1() {
    let lvsd = Lvsd::saying(&[refused("web/seven: no such real server\nweb has one, two")]);
    for words in [
        &["drain", "web/seven"][..],
        &["disable", "web/seven"],
        &["diff"],
        &["status"],
        &["status", "--json"],
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(lvsd.asked(words), @"
            piranhactl: lvsd refused: web/seven: no such real server
            web has one, two
            [1]
            ");
        }
    }
}

#[test]
fn the_status_is_a_table() {
    let table = Lvsd::saying(&[Answer::Status(Box::new(status()))]).asked(&["status"]);
    for text in [", process 812, started ", "one   10.0.0.1:80 ", "failed ", "connection refused\n", "[0]\n"]
    {
        assert!(table.contains(text), "no {text:?} in\n{table}");
    }
}

#[test]
fn the_json_is_what_lvsd_said_with_fields_of_later_releases() {
    let mut said = serde_json::to_value(status()).unwrap();
    said["virtual_servers"][0]["name"] = json!("\u{9b}31m\u{1b}[0m");
    said["of_a_later_release"] = json!([1, 2]);
    let answer = format!("{}\n", json!({ "status": said }));
    let json = Lvsd::answering(move |_| answer.clone().into_bytes()).asked(&["status", "--json"]);
    let (line, rest) = json.split_once('\n').unwrap();
    assert_eq!(rest, "[0]\n");
    assert_eq!(serde_json::from_str::<Value>(line).unwrap(), said);
    assert!(!line.contains(char::is_control));
}

#[test]
fn ten_thousand_real_servers_are_shown() {
    let mut status = status();
    let servers = &mut status.virtual_servers[0].real_servers;
    servers.truncate(1);
    *servers = vec![servers[0].clone(); 10_000];
    let lvsd = Lvsd::saying(&[Answer::Status(Box::new(status))]);
    assert_eq!(lvsd.asked(&["status"]).matches("10.0.0.1:80").count(), 10_000);
    assert!(lvsd.asked(&["status", "--json"]).len() > 5_000_000);
}
