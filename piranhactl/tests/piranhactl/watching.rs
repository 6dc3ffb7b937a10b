//! `watch` where its output is kept.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use control::command::Answer;
use control::status::State;

use crate::lvsd::{Lvsd, status};

#[test]
fn a_log_gets_the_table_once_and_then_what_changes() {
    let mut after = status();
    after.virtual_servers[0].real_servers[1].state = State::Up;
    let answer = |status| control::lines::encode(&Answer::Status(Box::new(status))).unwrap();
    let answers = [answer(status()), answer(status()), Vec::new(), answer(after)];
    let lvsd = Lvsd::answering(move |number| answers[number.min(3)].clone());
    let mut child = lvsd.command(&["watch"]).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let changes: Vec<String> =
        lines.skip_while(|line| !line.contains("10.0.0.5:0")).skip(1).take(3).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let folder = format!("{}/", lvsd.folder.display());
    let words: Vec<_> =
        changes.iter().map(|line| line.split_once(' ').unwrap().1.replace(&folder, "")).collect();
    insta::assert_snapshot!(words.join("\n"), @"
    lvsd closed the connection at lvsd.sock before it had answered: its log may tell why
    lvsd answers again
    web/two 10.0.0.2:80 state: down (connection refused) -> up
    ");
    assert!(changes.iter().all(|line| line.starts_with("20") && line.contains("Z ")), "{changes:?}");
}
