//! `docs/control.md` says what is so: every example is understood, and nothing is left out.
#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::collections::BTreeSet;
use std::fmt::Debug;

use control::command::{Answer, Command};
use control::decisions::Decisions;
use control::helper;
use control::pulse;
use control::request::Request;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Deserializer, Value};

const DOCUMENT: &str = include_str!("../../../docs/control.md");

/// The examples of one kind, as the document has them.
fn examples(kind: &str) -> Vec<Value> {
    let fence = format!("```json {kind}\n");
    let blocks = DOCUMENT.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.flat_map(|block| Deserializer::from_str(block).into_iter().map(Result::unwrap)).collect()
}

/// The examples as messages; each says all that a message of its kind says, in the same words.
fn messages<M: Serialize + DeserializeOwned + Debug>(kind: &str) -> Vec<M> {
    let understood = |example: Value| {
        let message: M = serde_json::from_value(example.clone()).unwrap();
        assert_eq!(serde_json::to_value(&message).unwrap(), example);
        message
    };
    examples(kind).into_iter().map(understood).collect()
}

#[test]
fn every_command_has_an_example() {
    let word = |request: &Request<Command>| match request.command {
        Command::Status => "status",
        Command::Overview => "overview",
        Command::VirtualServer { .. } => "virtual_server",
        Command::Drain { .. } => "drain",
        Command::Undrain { .. } => "undrain",
        Command::Disable { .. } => "disable",
        Command::Enable { .. } => "enable",
        Command::Weight { .. } => "weight",
        Command::Up { .. } => "up",
        Command::Down { .. } => "down",
        Command::Release { .. } => "release",
        Command::Diff => "diff",
        Command::Reload => "reload",
        Command::Repair => "repair",
    };
    let shown: BTreeSet<_> = messages::<Request<Command>>("request").iter().map(word).collect();
    let all = "diff disable down drain enable overview release reload repair status undrain up virtual_server weight";
    assert_eq!(shown.into_iter().collect::<Vec<_>>().join(" "), all);
    for word in all.split(' ') {
        assert!(DOCUMENT.contains(&format!("`{word}`")), "{word} is not explained");
    }
}

#[test]
fn every_answer_has_an_example() {
    let word = |answer: &Answer| match answer {
        Answer::Status(_) => "status",
        Answer::Overview(_) => "overview",
        Answer::VirtualServer(_) => "virtual_server",
        Answer::Done { .. } => "done",
        Answer::Operations { .. } => "operations",
        Answer::Refused { .. } => "refused",
    };
    let shown: Vec<_> = messages::<Answer>("answer").iter().map(word).collect();
    assert_eq!(shown, ["done", "operations", "refused", "status", "overview", "virtual_server"]);
}

#[test]
fn what_pulse_is_asked_and_answers_has_an_example() {
    let requests: Vec<Request<pulse::Command>> = messages("pulse-request");
    let asked: Vec<_> = requests.iter().map(|request| request.command).collect();
    assert_eq!(asked, [pulse::Command::Status, pulse::Command::Failover]);
    let word = |answer: &pulse::Answer| match answer {
        pulse::Answer::Status(_) => "status",
        pulse::Answer::Done { .. } => "done",
        pulse::Answer::Refused { .. } => "refused",
    };
    let shown: Vec<_> = messages::<pulse::Answer>("pulse-answer").iter().map(word).collect();
    assert_eq!(shown, ["done", "refused", "status"]);
}

#[test]
fn what_piranha_helper_is_asked_and_answers_has_an_example() {
    let asked = |request: &Request<helper::Command>| match request.command {
        helper::Command::Able => "able",
        helper::Command::Save { .. } => "save",
        helper::Command::Reload { .. } => "reload",
        helper::Command::Restart { .. } => "restart",
        helper::Command::Start { .. } => "start",
        helper::Command::Stop { .. } => "stop",
        helper::Command::CopyToBackup { .. } => "copy_to_backup",
    };
    let shown: Vec<_> = messages("helper-request").iter().map(asked).collect();
    assert_eq!(shown, ["able", "save", "reload", "restart", "start", "stop", "copy_to_backup"]);
    let answered = |answer: &helper::Answer| match answer {
        helper::Answer::Able(_) => "able",
        helper::Answer::Saved { .. } => "saved",
        helper::Answer::Changed { .. } => "changed",
        helper::Answer::Done { .. } => "done",
        helper::Answer::Refused { .. } => "refused",
    };
    let shown: Vec<_> = messages("helper-answer").iter().map(answered).collect();
    assert_eq!(shown, ["able", "saved", "changed", "done", "refused"]);
}

#[test]
fn every_field_of_an_answer_is_explained() {
    let mut found = BTreeSet::new();
    collect_names(&Value::Array(examples("answer")), &mut found);
    collect_names(&Value::Array(examples("pulse-answer")), &mut found);
    collect_names(&Value::Array(examples("helper-answer")), &mut found);
    assert!(found.remove("web/old"), "a real server, not a field");
    for name in found {
        assert!(DOCUMENT.contains(&format!("`{name}`")), "{name} is not explained");
    }
}

fn collect_names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.keys().cloned());
            fields.values().for_each(|value| collect_names(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_names(value, found)),
        _ => {}
    }
}

/// Only what is shown is looked at above.
#[test]
fn the_example_shows_what_is_not_always_there() {
    let status = examples("answer").into_iter().find(|answer| answer.get("status").is_some()).unwrap();
    let server = &status["status"]["virtual_servers"][0]["real_servers"][0];
    for part in ["/last_failure/at", "/operator/drain/deadline", "/last_check/took_us"] {
        assert!(server.pointer(part).is_some(), "{part} is not shown");
    }
}

#[test]
fn the_state_file_is_what_lvsd_reads() {
    let state = examples("state").pop().unwrap();
    let decisions = Decisions::read(state.to_string().as_bytes()).unwrap();
    assert_eq!(serde_json::to_value(decisions).unwrap(), state);
}
