//! What mandoc and groff make of the page.

use std::collections::BTreeSet;
use std::process::Command;

use crate::page::{self, Page};

/// What a program makes of the page: its output, and what it complains of.
fn rendered(program: &str, arguments: &[&str]) -> (String, String) {
    let output = Command::new(program).args(arguments).arg(page::path()).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}: tests/lab/install installs it"));
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (without_overstrikes(&text(&output.stdout)), text(&output.stderr))
}

/// Bold and underlined characters are printed twice, one above the other.
fn without_overstrikes(text: &str) -> String {
    let mut shown = String::new();
    for char in text.chars() {
        if char == '\u{8}' {
            shown.pop();
        } else {
            shown.push(char);
        }
    }
    shown
}

#[test]
fn mandoc_has_nothing_to_say_against_the_page() {
    let (output, complaints) = rendered("mandoc", &["-T", "lint", "-W", "warning"]);
    assert_eq!((output.as_str(), complaints.as_str()), ("", ""));
}

#[test]
fn both_formatters_show_each_example_as_it_is_to_be_typed() {
    let page = Page::read();
    let fields = page.entries.iter().flat_map(|entry| ["Example", "Extended"].map(|name| (name, entry)));
    let fields = fields.filter_map(|(name, entry)| Some(format!("{name} {}", entry.literal(name)?)));
    let displayed =
        page.displays.iter().flat_map(|it| it.text.lines().map(|line| line.trim_start().to_owned()));
    let lines: Vec<String> = fields.chain(displayed).collect();
    for (program, arguments) in [
        ("mandoc", &["-T", "utf8", "-O", "width=78"][..]),
        ("groff", &["-mdoc", "-Tutf8", "-ww", "-P-cbou"][..]),
    ] {
        let (output, complaints) = rendered(program, arguments);
        assert_eq!(complaints, "", "{program}");
        let shown: BTreeSet<String> = output.lines().map(without_indentation).collect();
        let lost: Vec<_> = lines.iter().filter(|line| !shown.contains(*line)).collect();
        assert!(lost.is_empty(), "{program} shows something else: {lost:#?}");
    }
}

/// A line from its first word on, with one blank behind the name of a field.
fn without_indentation(line: &str) -> String {
    let line = line.trim_start();
    let field = ["Example", "Extended"].iter().find_map(|name| Some((name, line.strip_prefix(name)?)));
    field.map_or_else(|| line.to_owned(), |(name, behind)| format!("{name} {}", behind.trim_start()))
}
