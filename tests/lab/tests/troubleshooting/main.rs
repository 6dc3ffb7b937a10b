//! `docs/troubleshooting.md` has an entry for every line that the programs log, and no other.
//!
//! A log call with words of its own is taken from the sources as it stands. For one that logs a value, [`spoken`] names the
//! places where the words of that value are.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

mod format;
mod source;
mod spoken;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use lab::troubleshooting::{Entry, entries};

use crate::format::Format;
use crate::source::Said;
use crate::spoken::{CALLS, OTHERS, Words};

/// Where the sources are, and which programs log what stands there.
const SOURCES: [(&str, &[&str]); 8] = [
    ("pulse/src", &["pulse"]),
    ("lvsd/src", &["lvsd"]),
    ("nanny/src", &["nanny"]),
    ("fos/src", &["fos"]),
    ("piranha-gui/src", &["piranha-gui"]),
    ("piranha-helper/src", &["piranha-helper"]),
    ("send-arp/src", &["send_arp"]),
    ("crates", &["pulse", "lvsd", "piranha-helper"]),
];
/// Among the crates.
const CHECKS: (&str, &[&str]) = ("crates/health", &["nanny", "lvsd"]);

/// What a program may log.
struct Logged {
    program: &'static str,
    levels: BTreeSet<&'static str>,
    format: Format,
    place: &'static str,
}

impl Logged {
    fn is(&self, entry: &Entry, severity: &str) -> bool {
        entry.programs.contains(&self.program)
            && self.levels.contains(severity)
            && self.format.makes(&entry.line)
    }
}

static LOGGED: LazyLock<Vec<Logged>> = LazyLock::new(all_logged);

#[test]
fn every_line_has_an_entry() {
    let has_entry = |logged: &Logged| {
        entries().iter().any(|entry| entry.severities.iter().any(|severity| logged.is(entry, severity)))
    };
    let missing = LOGGED.iter().filter(|logged| !has_entry(logged));
    let missing: BTreeSet<_> = missing
        .map(|Logged { program, levels, format, place }| format!("{program} {levels:?} {format} ({place})"))
        .collect();
    assert!(missing.is_empty(), "docs/troubleshooting.md has no entry for {missing:#?}");
}

#[test]
fn every_entry_is_logged() {
    let mut idle = Vec::new();
    for entry in entries() {
        for severity in &entry.severities {
            if !LOGGED.iter().any(|logged| logged.is(entry, severity)) {
                idle.push(format!("{severity} of {:?}: {}", entry.programs, entry.line));
            }
        }
    }
    assert!(idle.is_empty(), "nobody logs {idle:#?}");
}

fn all_logged() -> Vec<Logged> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let sources = source::read(root, &SOURCES.map(|(folder, _)| folder));
    let mut logged = Vec::new();
    let mut add = |programs: &[&'static str], levels: &[&'static str], format: Format, place| {
        for program in programs {
            let levels = levels.iter().copied().collect();
            logged.push(Logged { program, levels, format: format.clone(), place });
        }
    };
    let mut spoken: BTreeSet<&str> = CALLS.iter().map(|call| call.place).collect();
    for call in &sources {
        let Some(level) = call.level else { continue };
        for format in Format::lines(&call.format) {
            let place = call.place.clone().leak();
            if format.has_words() {
                add(programs(place), &[level], format, place);
                continue;
            }
            let entry = CALLS.iter().find(|entry| entry.place == place);
            let entry =
                entry.unwrap_or_else(|| panic!("{place} logs {format}: spoken.rs does not say its words"));
            spoken.remove(place);
            for format in entry.words.iter().flat_map(|words| said_by(&sources, words)) {
                add(programs(place), &all_levels(&sources, place), format, place);
            }
        }
    }
    assert!(spoken.is_empty(), "spoken.rs names places that log no values: {spoken:?}");
    for other in OTHERS {
        for format in other.words.iter().flat_map(|words| said_by(&sources, words)) {
            add(other.programs, &[other.level], format, "written without a log call");
        }
    }
    logged
}

fn programs(place: &str) -> &'static [&'static str] {
    let (_, programs) =
        [CHECKS].iter().chain(&SOURCES).find(|(folder, _)| place.starts_with(folder)).unwrap();
    programs
}

/// Which of the values that are logged in a place has which level is decided while the program runs.
fn all_levels(sources: &[Said], place: &str) -> Vec<&'static str> {
    let there = sources.iter().filter(|said| said.place == place);
    let values = there.filter(|said| Format::lines(&said.format).iter().any(|format| !format.has_words()));
    values.filter_map(|said| said.level).collect()
}

/// The texts of a place.
fn said_by(sources: &[Said], words: &Words) -> Vec<Format> {
    let there = sources.iter().filter(|said| said.level.is_none() && said.place == words.place);
    let there: Vec<&str> = there.map(|said| said.format.as_str()).collect();
    for named in words.only.iter().chain(words.but) {
        assert!(there.contains(named), "{} does not say {named:?}", words.place);
    }
    let meant = there.into_iter().filter(|text| words.has(text));
    let formats: Vec<_> = meant.flat_map(if words.part { Format::parts } else { Format::lines }).collect();
    assert!(!formats.is_empty(), "{} says nothing", words.place);
    formats
}
