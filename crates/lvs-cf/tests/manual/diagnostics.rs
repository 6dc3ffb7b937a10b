//! The errors, warnings and notes that the page explains.

use lvs_cf::{ErrorKind, Severity, Warning};

use crate::page::{self, Page};

#[test]
fn every_warning_and_note_is_explained_once() {
    let page = Page::read();
    for (severity, title) in [(Severity::Warning, "Warnings"), (Severity::Note, "Notes")] {
        let explained = page.terms.iter().filter(|it| it.subsection == title);
        let mut explained: Vec<&str> = explained.map(|it| it.name.as_str()).collect();
        let all = Warning::ALL.iter().filter(|it| it.severity() == severity);
        let mut all: Vec<&str> = all.map(|it| it.name()).collect();
        explained.sort_unstable();
        all.sort_unstable();
        assert_eq!(explained, all, "{title}");
    }
}

#[test]
fn every_error_is_named_with_its_message() {
    const ALL: [ErrorKind; 14] = [
        ErrorKind::Stat,
        ErrorKind::Read,
        ErrorKind::BadQuoting,
        ErrorKind::ExtraArgs,
        ErrorKind::EqualExpected,
        ErrorKind::MissingArgs,
        ErrorKind::BadHostname,
        ErrorKind::BadArgument,
        ErrorKind::IntExpected,
        ErrorKind::BoolExpected,
        ErrorKind::BadCommand,
        ErrorKind::ListExpected,
        ErrorKind::BadNetmask,
        ErrorKind::NulByte,
    ];
    let page = Page::read();
    let explained: Vec<_> = page.terms.iter().filter(|it| it.subsection == "Errors").collect();
    assert_eq!(explained.len(), ALL.len());
    for kind in ALL {
        let begins = format!("{}: ", kind.message());
        let told = |it: &&&page::Term| it.name == kind.name() && it.explanation.starts_with(&begins);
        assert_eq!(explained.iter().filter(told).count(), 1, "{}", kind.name());
    }
}
