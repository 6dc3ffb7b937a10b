//! The example lines of the entries, ordinary and extended.

use std::collections::BTreeSet;

use lvs_cf::{ErrorKind, Kind};

use crate::complain;
use crate::level::{known, level, names, read, statement, told};
use crate::page::Page;

#[test]
fn examples_are_read_at_their_level_and_change_something() {
    let page = Page::read();
    let mut wrong = Vec::new();
    for (entry, _) in known(&page) {
        let (place, example) = (level(entry), entry.literal("Example").unwrap_or_default());
        let begins = statement(entry, "");
        if !example.starts_with(&begins) {
            wrong.push(format!("{}: `{example}` does not begin with `{begins}`", entry.section));
        }
        match (read(place, &example), read(place, "")) {
            (Err(error), _) => wrong.push(format!("{}: `{example}` is refused: {error}", entry.section)),
            (with, without) if with == without => {
                wrong.push(format!("{}: `{example}` changes nothing", entry.section));
            }
            _ => {}
        }
    }
    complain(&wrong);
}

#[test]
fn only_the_examples_of_extensions_need_the_mark() {
    let page = Page::read();
    let mut wrong = Vec::new();
    for (entry, _) in known(&page) {
        let (place, example) = (level(entry), entry.literal("Example").unwrap_or_default());
        if names(&told(place, &example)).contains("extension") != entry.extension {
            wrong.push(format!("{}: `{example}` is an extension, or is none", entry.section));
        }
        let other = example.strip_prefix("#% ").map_or_else(|| format!("#% {example}"), str::to_owned);
        let is_wrong = if entry.extension {
            read(place, &other) == Err(ErrorKind::BadCommand)
        } else {
            names(&told(place, &other)).contains("extension-unneeded")
        };
        if !is_wrong {
            wrong.push(format!("{}: `{other}` should not be right, too", entry.section));
        }
    }
    complain(&wrong);
}

/// Values of which Piranha can read none.
const BEYOND_PIRANHA: [&str; 5] = ["2001:db8::1", "2001:db8::1 eth0", "250ms", "sctp", "mh"];

#[test]
fn extended_values_are_told_where_there_are_some_and_nowhere_else() {
    let page = Page::read();
    let mut wrong = Vec::new();
    for (entry, it) in known(&page) {
        let place = level(entry);
        let beyond = |value: &str| {
            let line = format!("{} = {value}", entry.keyword);
            let told = told(place, &format!("#% {line}"));
            read(place, &format!("#% {line}")).is_ok()
                && !names(&told).contains("extension-unneeded")
                && names(&told).contains("extension")
        };
        let possible = !entry.extension && BEYOND_PIRANHA.iter().any(|value| beyond(value));
        let Some(line) = entry.literal("Extended") else {
            if possible {
                wrong.push(format!("{}: `{}` lacks the field Extended", entry.section, entry.keyword));
            }
            continue;
        };
        let value = line.strip_prefix(&format!("#% {} = ", entry.keyword));
        if !value.is_some_and(beyond) {
            wrong.push(format!("{}: `{line}` is no extended value", entry.section));
        }
        if names(&told(place, line.trim_start_matches("#% "))) == names(&told(place, "")) {
            wrong.push(format!("{}: `{line}` could stand on an ordinary line", entry.section));
        }
        if let Kind::Fixed(words) = it.kind {
            let said = entry.field("Extended").unwrap_or_default();
            let said: BTreeSet<&str> = said.split([' ', ',']).collect();
            let lost = words.iter().filter(|word| beyond(word) && !said.contains(*word));
            wrong.extend(lost.map(|word| format!("{}: `{}` lacks {word}", entry.section, entry.keyword)));
        }
    }
    complain(&wrong);
}
