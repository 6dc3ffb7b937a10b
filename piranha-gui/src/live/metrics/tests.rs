use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use control::command::Answer;
use control::overview::Overview;
use control::pulse;
use proptest::prelude::*;
use serde_json::Value;

use super::families::FAMILIES;
use super::{Escaped, Facts, PIECE};
use crate::live::Reading;

const DOCUMENT: &str = include_str!("../../../../docs/api.md");

/// Those of the example in the document.
fn facts() -> Facts {
    let example = DOCUMENT.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let mut example: Value = serde_json::from_str(example).unwrap();
    let status: pulse::Status = serde_json::from_value(example["pulse"]["status"].take()).unwrap();
    let overview: Overview = serde_json::from_value(example["lvsd"]["overview"].take()).unwrap();
    Facts {
        running: true,
        pulse: Ok(Arc::new(status)),
        reading: Reading {
            at: 1_772_366_695_000,
            lvsd: Ok(Arc::new(overview)),
            took: Duration::from_millis(7),
        },
        saved: Some("f40597133e17c66c3743ca12bc358cc0ff".to_owned()),
        serial_no: Some(43),
        age: Duration::from_secs(90),
    }
}

fn unknown() -> Facts {
    let reading = Reading { lvsd: Err("no".to_owned()), ..facts().reading };
    Facts { running: false, pulse: Err("no".to_owned()), reading, saved: None, serial_no: None, ..facts() }
}

fn text(facts: Facts) -> String {
    Arc::new(facts).pieces().collect()
}

/// A reader of the format that knows nothing of its writer: samples by name and labels.
fn read(text: &str) -> BTreeMap<String, f64> {
    let (mut samples, mut family, mut done) = (BTreeMap::new(), String::new(), HashSet::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            family = rest.split(' ').next().unwrap().to_owned();
            assert!(done.insert(family.clone()), "{family} comes twice");
            assert!(rest.len() > family.len() + 5, "{family} is not explained");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, family);
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            assert!(["counter", "gauge"].contains(&kind));
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').map_or((series, ""), |(name, rest)| (name, rest));
            assert_eq!(name, family, "{line}");
            check_labels(labels);
            assert!(
                samples.insert(series.to_owned(), value.parse().unwrap()).is_none(),
                "{series} comes twice"
            );
        }
    }
    samples
}

/// `name="value",name="value"}`, or nothing.
fn check_labels(mut rest: &str) {
    while !rest.is_empty() && rest != "}" {
        let (name, value) = rest.trim_start_matches(',').split_once("=\"").unwrap();
        assert!(!name.is_empty() && name.chars().all(|one| one.is_ascii_lowercase() || one == '_'), "{name}");
        let mut escaped = false;
        let end = value.find(|one| {
            let ends = one == '"' && !escaped;
            assert!(!escaped || ['\\', '"', 'n'].contains(&one));
            escaped = one == '\\' && !escaped;
            ends
        });
        rest = &value[end.unwrap() + 1..];
    }
}

#[test]
fn a_reader_of_the_format_understands_it() {
    let samples = read(&text(facts()));
    for (series, value) in [
        ("piranha_router_active", 1.0),
        ("piranha_partner_alive", 1.0),
        ("piranha_partner_same_file", 0.0),
        ("piranha_file_in_force", 1.0),
        ("piranha_file_serial_number{of=\"partner\"}", 41.0),
        ("piranha_heartbeat_age_seconds{link=\"private\"}", 312.0),
        ("piranha_router_since_timestamp_seconds", 1_772_366_100.0),
        (
            "piranha_virtual_server_real_servers_up{virtual_server=\"web\",service=\"-t 192.168.26.10:80\"}",
            1.0,
        ),
        (
            "piranha_real_server_weight{virtual_server=\"web\",service=\"-t 192.168.26.10:80\",real_server=\"one\",address=\"10.0.0.1:80\"}",
            50.0,
        ),
    ] {
        assert_eq!(samples.get(series), Some(&value), "{series}");
    }
}

#[test]
fn every_name_is_in_the_document() {
    let samples = read(&text(facts()));
    for family in FAMILIES {
        let row = format!("| `{}` | {} | {} |", family.name, family.kind, family.help);
        assert!(DOCUMENT.contains(&row), "missing: {row}");
        let told = samples.keys().any(|series| series.split('{').next() == Some(family.name));
        assert!(told, "{} is not told of the example", family.name);
    }
}

#[test]
fn what_is_not_known_is_left_out() {
    let samples = read(&text(unknown()));
    assert_eq!(samples.get("piranha_pulse_running"), Some(&0.0));
    assert_eq!(samples.get("piranha_lvsd_running"), Some(&0.0));
    assert!(samples.keys().all(|series| !series.contains("virtual_server") && !series.contains("partner")));
}

#[test]
fn ten_thousand_real_servers_come_in_small_pieces_and_none_twice() {
    let mut facts = facts();
    let Ok(Answer::Overview(mut overview)) =
        serde_json::from_value(serde_json::json!({"overview": **facts.reading.lvsd.as_ref().unwrap()}))
    else {
        unreachable!()
    };
    let server = overview.virtual_servers[0].clone();
    let real = server.real_servers[0].clone();
    overview.virtual_servers = (0..100)
        .map(|n| {
            let mut server = server.clone();
            server.name = format!("web{}", n / 2 * 2);
            server.real_servers = (0..100)
                .map(|n| {
                    let mut real = real.clone();
                    real.address = format!("10.0.0.{}:80", n / 2);
                    real
                })
                .collect();
            server
        })
        .collect();
    facts.reading.lvsd = Ok(Arc::new(*overview));
    let (mut all, mut longest) = (String::new(), 0);
    for piece in Arc::new(facts).pieces() {
        longest = longest.max(piece.len());
        all.push_str(&piece);
    }
    assert!(longest < 2 * PIECE, "{longest}");
    let samples = read(&all);
    assert_eq!(
        samples.keys().filter(|series| series.starts_with("piranha_real_server_up{")).count(),
        50 * 50
    );
}

proptest! {
    #[test]
    fn any_name_is_one_label(name: String) {
        check_labels(&format!("name=\"{}\"}}", Escaped(&name)));
        prop_assert!(!Escaped(&name).to_string().contains('\n'));
    }
}
