//! `docs/compatibility.md` is complete and names tests that exist.
//!
//! Options are taken from the help texts that the programs' own tests compare with what the programs print.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lvs_cf::{Place, vocabulary};

/// A table of the document with the titles above it.
struct Table {
    /// `lvsd`, `nanny`, ...
    part: String,
    /// Empty if the table stands right below the part's title.
    title: String,
    columns: usize,
    rows: Vec<Vec<String>>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn tables() -> Vec<Table> {
    let text = fs::read_to_string(root().join("docs/compatibility.md")).unwrap();
    let (mut part, mut title) = ("", "");
    let mut tables: Vec<Table> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(words) = line.strip_prefix("## ") {
            (part, title) = (words, "");
        } else if let Some(words) = line.strip_prefix("### ") {
            title = words;
        }
        let cells = cells(line);
        match tables.last_mut() {
            // The line of dashes below the head.
            Some(_) if line.starts_with("| ---") => {}
            Some(table) if inside => table.rows.extend(cells.clone()),
            _ => tables.extend(cells.as_ref().map(|head| Table {
                part: part.to_owned(),
                title: title.to_owned(),
                columns: head.len(),
                rows: Vec::new(),
            })),
        }
        inside = cells.is_some();
    }
    tables
}

fn cells(line: &str) -> Option<Vec<String>> {
    let inside = line.strip_prefix("| ")?.strip_suffix(" |")?;
    Some(inside.split(" | ").map(str::to_owned).collect())
}

/// What stands between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The names that the first column of these tables quotes.
fn named<'a>(tables: impl Iterator<Item = &'a Table>) -> BTreeSet<&'a str> {
    tables.flat_map(|table| &table.rows).flat_map(|row| quoted(&row[0])).collect()
}

/// Every test of the house as it is named in the document.
fn tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy();
            if path.is_dir() && !name.starts_with("target") && !name.starts_with('.') {
                folders.push(path);
            } else if name.ends_with(".rs") {
                let text = fs::read_to_string(&path).unwrap();
                tests.extend(tests_of_cargo(&path, &text));
                tests.extend(tests_of_the_lab(&text));
            }
        }
    }
    tests
}

/// `crate::file::test`; the file's folder may stand in its place, as for `state/tests.rs`.
fn tests_of_cargo(path: &Path, source: &str) -> Vec<String> {
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    let home = name(path.ancestors().find(|folder| folder.join("Cargo.toml").exists()).unwrap());
    let mut tests = Vec::new();
    for behind in source.split("#[test]").skip(1) {
        let Some((test, _)) = behind.split_once("fn ").and_then(|(_, rest)| rest.split_once('(')) else {
            continue;
        };
        for file in [name(path), name(path.parent().unwrap())] {
            tests.push(format!("{home}::{file}::{test}"));
        }
    }
    tests
}

/// `lab::group::test`, from the lists in the macros.
fn tests_of_the_lab(text: &str) -> Vec<String> {
    let lists = [" tests!(\"", " in_three_pairings!(\""].iter().flat_map(|begin| text.split(begin).skip(1));
    let lists = lists.filter_map(|rest| rest.split_once(')')?.0.split_once("\":"));
    let tests = |(group, list): (&str, &str)| {
        let names = list.split(',').map(str::trim).filter(|test| !test.is_empty());
        names.map(|test| format!("lab::{group}::{test}")).collect::<Vec<_>>()
    };
    lists.flat_map(tests).collect()
}

#[test]
fn every_row_names_tests_that_exist_or_says_why_there_is_none() {
    let tests = tests();
    let mut wrong = Vec::new();
    for Table { part, title, columns, rows } in tables() {
        for row in rows {
            let place = format!("{part}, {title}: {}", row[0]);
            let shown = row.last().unwrap();
            if row.len() != columns {
                wrong.push(format!("{place}: {} columns in place of {columns}", row.len()));
            }
            if shown.starts_with("no test") {
                continue;
            }
            if quoted(shown).next().is_none() {
                wrong.push(format!("{place}: neither a test nor a reason"));
            }
            let unknown = quoted(shown).filter(|test| !tests.contains(*test));
            wrong.extend(unknown.map(|test| format!("{place}: there is no {test}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_option_has_a_row() {
    let tables = tables();
    for (program, help) in [
        ("fos", "fos/tests/fos/command_line.rs"),
        ("lvsd", "lvsd/tests/command_line.rs"),
        ("piranha-passwd", "piranha-passwd/tests/piranha-passwd/command_line.rs"),
        ("nanny", "nanny/tests/nanny/command_line.rs"),
        ("piranha-gui", "piranha-gui/tests/server.rs"),
        ("pulse", "pulse/tests/command_line.rs"),
        ("send_arp", "send-arp/src/help.txt"),
    ] {
        let ours = format!("Options of {program} that are ours");
        let named = named(tables.iter().filter(|table| table.part == program || table.title == ours));
        let help = fs::read_to_string(root().join(help)).unwrap();
        let options: BTreeSet<&str> = help.lines().flat_map(options).collect();
        assert!(options.len() > 4, "{program}: where is its help text?");
        let missing: Vec<_> = options.difference(&named).collect();
        assert!(missing.is_empty(), "{program}: {missing:?}");
    }
}

/// The options that a line of a help text begins with, as `-p` and `--port`.
fn options(line: &str) -> impl Iterator<Item = &str> {
    let words = line.strip_prefix("  ").unwrap_or_default().trim_start();
    let words = words.split("  ").next().filter(|words| words.starts_with('-')).unwrap_or_default();
    words.split(", ").filter_map(|word| word.split(' ').next()).filter(|word| word.ends_with(is_of_an_option))
}

fn is_of_an_option(last: char) -> bool {
    last.is_alphanumeric() || last == '?'
}

#[test]
fn every_keyword_has_a_row() {
    let tables = tables();
    for (place, title) in [
        (Place::File, "Global keywords"),
        (Place::Virtual(0), "Keywords of `virtual` and `failover` sections"),
        (Place::Server(0, 0), "Keywords of `server` sections"),
    ] {
        for entry in vocabulary(place) {
            let title = if entry.extension { "Keywords that are ours" } else { title };
            let named = named(tables.iter().filter(|table| table.title == title));
            assert!(named.contains(entry.name), "{title}: {}", entry.name);
        }
    }
}
