//! The range that an entry names.

use std::collections::BTreeSet;

use lvs_cf::{Kind, Place};

use crate::complain;
use crate::level::{known, level, read, statement, told};
use crate::page::Page;

/// The numbers at the end of a range, and those next to them outside of it.
fn ends_of_range(said: &str) -> Option<Vec<(String, String)>> {
    let range = said.split_once(", ")?.1;
    let words: Vec<&str> = range.split(' ').collect();
    let number = |word: &str| word.parse::<i64>().ok();
    let next = |at: i64, step: i64| (at.to_string(), (at + step).to_string());
    match words.as_slice() {
        [from, "to", to] => Some(vec![next(number(from)?, -1), next(number(to)?, 1)]),
        ["seconds", "from", from, "up"] | ["at", "least", from] if number(from).is_some() => {
            Some(vec![next(number(from)?, -1)])
        }
        ["at", "least", "1s"] => Some(vec![("1s".into(), "999ms".into())]),
        _ => None,
    }
}

#[test]
fn a_number_at_the_end_of_its_range_is_fine_and_the_next_one_is_told_of() {
    let page = Page::read();
    let (mut wrong, mut ranges) = (Vec::new(), 0);
    for (entry, it) in known(&page) {
        let (place, said) = (level(entry), entry.field("Type").unwrap_or_default());
        if !said.contains(", ") || matches!(it.kind, Kind::Fixed(_)) {
            continue;
        }
        let ends =
            ends_of_range(&said).unwrap_or_else(|| panic!("{}: a range is no `{said}`", entry.keyword));
        for (inside, outside) in ends {
            ranges += 1;
            let messages = |value: &str| -> BTreeSet<String> {
                told(place, &statement(entry, value)).into_iter().map(|it| it.message).collect()
            };
            if messages(&outside).is_subset(&messages(&inside)) {
                wrong.push(format!(
                    "{}: nothing is said about `{} = {outside}`",
                    entry.section, entry.keyword
                ));
            }
            if read(place, &statement(entry, &inside)).is_err() {
                wrong.push(format!("{}: `{} = {inside}` is refused", entry.section, entry.keyword));
            }
        }
    }
    assert!(ranges > 10, "{ranges} ends of ranges are too few to be all");
    complain(&wrong);
}

#[test]
fn a_count_and_a_period_have_the_limits_that_are_told() {
    let page = Page::read();
    let explained = |name| page.terms.iter().find(|it| it.name == name).expect("a type").explanation.clone();
    assert_eq!(explained("count"), "A number of checks from 1 to 100.");
    assert!(explained("period").starts_with("A time above zero with a unit, ms, s, m or h,"));
    let read = |line: &str| read(Place::Virtual(0), line).is_ok();
    for (line, right) in [
        ("#% rise = 0", false),
        ("#% rise = 1", true),
        ("#% rise = 100", true),
        ("#% rise = 101", false),
        ("#% check_interval = 0", false),
        ("#% check_interval = 1ms", true),
        ("#% check_interval = 1.5s", true),
        ("#% check_interval = 10m", true),
        ("#% check_interval = 2h", true),
        ("#% check_interval = 2", true),
        ("#% check_interval = 1d", false),
        ("#% check_interval = 0.5ms", false),
        ("#% check_interval = 2147483647s", true),
        ("#% check_interval = 2147483648s", false),
    ] {
        assert_eq!(read(line), right, "{line}");
    }
}

#[test]
fn only_announcements_may_never_come() {
    let page = Page::read();
    let entry = page.entries.iter().find(|it| it.keyword == "announce_refresh").expect("an entry");
    let meaning = entry.meaning.join(" ");
    assert!(meaning.contains("or with 0, they are announced when there is a reason only."), "{meaning}");
    for (value, right) in [("0", true), ("0.0s", true), ("1ms", true), ("0.5ms", false)] {
        let line = format!("#% announce_refresh = {value}");
        assert_eq!(read(Place::File, &line).is_ok(), right, "{line}");
    }
}
