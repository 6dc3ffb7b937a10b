//! Where an entry of the page belongs in the file, and what the reader makes of a line there.

use std::collections::BTreeSet;

use lvs_cf::{Config, Diagnostic, ErrorKind, NumbersOnly, Place, check, vocabulary};

use crate::page::{Entry, Page};

/// The levels of the file, and the sections of the page about their keywords.
pub(crate) const LEVELS: [(Place, &str); 4] = [
    (Place::File, "GLOBAL SETTINGS"),
    (Place::Virtual(0), "VIRTUAL SERVERS"),
    (Place::Server(0, 0), "REAL SERVERS"),
    (Place::Failover(0), "FAILOVER SERVICES"),
];

pub(crate) fn level(entry: &Entry) -> Place {
    LEVELS.iter().find(|(_, section)| *section == entry.section).expect("a section about a level").0
}

/// Every entry of the page that is about a keyword which the reader knows, with what the reader knows of it.
pub(crate) fn known(page: &Page) -> Vec<(&Entry, lvs_cf::Entry)> {
    let known = |entry: &Entry| vocabulary(level(entry)).into_iter().find(|it| it.name == entry.keyword);
    page.entries.iter().filter_map(|entry| known(entry).map(|it| (entry, it))).collect()
}

/// A file that has nothing but this line at its level, and what that level needs.
pub(crate) fn file_with(place: Place, line: &str) -> String {
    match place {
        Place::File => format!("{line}\n"),
        Place::Virtual(_) => format!("virtual web {{\n{line}\n}}\n"),
        Place::Failover(_) => format!("failover web {{\n{line}\n}}\n"),
        Place::Server(..) => format!("virtual web {{\nserver one {{\n{line}\n}}\n}}\n"),
    }
}

pub(crate) fn read(place: Place, line: &str) -> Result<Config, ErrorKind> {
    let parsed = Config::parse(file_with(place, line).as_bytes(), &NumbersOnly);
    parsed.map(|parsed| parsed.config).map_err(|errors| errors.first().kind)
}

/// Everything that is told of the line.
pub(crate) fn told(place: Place, line: &str) -> Vec<Diagnostic> {
    check(file_with(place, line).as_bytes(), &NumbersOnly).diagnostics().cloned().collect()
}

pub(crate) fn names(diagnostics: &[Diagnostic]) -> BTreeSet<&'static str> {
    diagnostics.iter().map(|diagnostic| diagnostic.name).collect()
}

/// The statement of a value, in the form that the keyword needs.
pub(crate) fn statement(entry: &Entry, value: &str) -> String {
    let mark = if entry.extension { "#% " } else { "" };
    format!("{mark}{} = {value}", entry.keyword)
}
