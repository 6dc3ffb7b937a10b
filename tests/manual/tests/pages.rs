//! Every program has a page, every page has all sections, mandoc and groff have nothing to say, and what is shown is what
//! was shown before.

#![allow(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use manual::page::Page;
use manual::program::PROGRAMS;
use manual::root;
use serde_json::Value;

/// In this order.
const SECTIONS: [&str; 11] = [
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "OPTIONS",
    "SIGNALS",
    "ENVIRONMENT",
    "FILES",
    "EXIT STATUS",
    "EXAMPLES",
    "DIAGNOSTICS",
    "COMPATIBILITY",
];

/// What a program printed, whatever its status.
fn said(program: &str, words: &[&str], page: &Path) -> String {
    let output = Command::new(program).args(words).arg(page).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}: tests/lab/install installs it"));
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn every_program_of_the_workspace_has_a_page() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let metadata = ["metadata", "--offline", "--no-deps", "--format-version", "1"];
    let output = Command::new(cargo).current_dir(root()).args(metadata).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let installed = packages.iter().filter(|package| !is_a_test(&package["manifest_path"]));
    let targets = installed.flat_map(|package| package["targets"].as_array().unwrap());
    let programs =
        targets.filter(|target| target["kind"][0] == "bin").map(|target| target["name"].as_str().unwrap());
    assert_eq!(
        programs.collect::<BTreeSet<_>>(),
        PROGRAMS.iter().map(|program| program.binary).collect::<BTreeSet<_>>()
    );
    let pages = fs::read_dir(root().join("docs/man")).unwrap().map(|page| page.unwrap().file_name());
    let pages: BTreeSet<_> =
        pages.map(|page| page.into_string().unwrap()).filter(|page| page.ends_with(".8")).collect();
    assert_eq!(pages, PROGRAMS.iter().map(|program| format!("{}.8", program.name)).collect());
}

fn is_a_test(manifest: &Value) -> bool {
    Path::new(manifest.as_str().unwrap()).starts_with(root().join("tests"))
}

#[test]
fn every_page_has_all_sections_in_order() {
    for program in &PROGRAMS {
        let page = Page::of(program);
        let parts = page.sections().iter().filter(|section| section.part.is_none());
        let titles: Vec<_> =
            parts.map(|section| section.title.as_str()).filter(|title| *title != "COMMANDS").collect();
        assert_eq!(titles, [&SECTIONS[..], &["SEE ALSO"]].concat(), "{}", program.name);
        let empty = page.sections().iter().find(|section| {
            section.title != "COMMANDS" && section.lines.iter().all(|line| line.starts_with(".\\\""))
        });
        assert!(empty.is_none(), "{}: {empty:?}", program.name);
        let name = &page.section("NAME", None).lines[0];
        assert_eq!(*name, format!(".Nm {}", program.name));
        let first = fs::read_to_string(&page.path).unwrap();
        assert!(first.contains(&format!("\n.Dt {} 8\n", program.name.to_uppercase())), "{}", program.name);
    }
}

/// `packaging/files` is the table of all that is installed: PATH MODE OWNER KIND SOURCE.
#[test]
fn pages_and_what_they_point_to_are_installed() {
    let table = fs::read_to_string(root().join("packaging/files")).unwrap();
    let installed: BTreeSet<&str> = table.lines().filter_map(|line| line.split_whitespace().next()).collect();
    for program in &PROGRAMS {
        let page = format!("/usr/share/man/man8/{}.8", program.name);
        assert!(installed.contains(&*page), "{page}");
        let page = fs::read_to_string(Page::of(program).path).unwrap();
        let documents = page.split_whitespace().filter(|word| word.starts_with("/usr/share/doc/"));
        let missing: Vec<_> = documents.filter(|document| !installed.contains(document)).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", program.name);
    }
    for completion in fs::read_dir(root().join("etc/completion")).unwrap() {
        let name = completion.unwrap().file_name().into_string().unwrap();
        let completion = format!("/usr/share/bash-completion/completions/{name}");
        assert!(installed.contains(&*completion), "{completion}");
    }
}

#[test]
fn pages_of_ours_that_are_referred_to_exist() {
    for program in &PROGRAMS {
        let page = fs::read_to_string(Page::of(program).path).unwrap();
        let references = page.lines().filter_map(|line| line.split_once("Xr ")?.1.split_once(' '));
        let ours = |name: &str| name == "lvs.cf" || PROGRAMS.iter().any(|program| program.name == name);
        let references: BTreeSet<_> = references.filter(|(name, _)| ours(name)).collect();
        assert!(!references.is_empty(), "{}: refers to none of ours", program.name);
        for (name, section) in references {
            let page = format!("{name}.{}", section.split_whitespace().next().unwrap());
            assert!(root().join("docs/man").join(&page).exists(), "{}: {page}", program.name);
        }
    }
}

#[test]
fn mandoc_finds_nothing_to_complain_of() {
    for program in &PROGRAMS {
        assert_eq!(said("mandoc", &["-T", "lint", "-W", "warning"], &Page::of(program).path), "");
    }
}

#[test]
fn groff_finds_nothing_to_complain_of() {
    for program in &PROGRAMS {
        assert_eq!(said("groff", &["-mdoc", "-ww", "-Tutf8", "-z"], &Page::of(program).path), "");
    }
}

#[test]
fn exit_statuses_are_numbers_each_told_once() {
    for program in &PROGRAMS {
        let page = Page::of(program);
        let lines = page.section("EXIT STATUS", None).lines.iter();
        let statuses: Vec<u8> = lines.filter_map(|line| line.strip_prefix(".It ")?.parse().ok()).collect();
        assert!(statuses.starts_with(&[0, 1]), "{}: {statuses:?}", program.name);
        assert!(statuses.is_sorted_by(|one, other| one < other), "{}: {statuses:?}", program.name);
    }
}

#[test]
fn what_is_shown() {
    for program in &PROGRAMS {
        let page = Page::of(program).path;
        let shown = said("mandoc", &["-T", "utf8", "-O", "width=78", "-I", "os=Piranha"], &page);
        insta::assert_snapshot!(program.name, plain(&shown));
    }
}

/// Bold and underlined characters are printed over each other.
fn plain(shown: &str) -> String {
    let mut text = String::new();
    for one in shown.chars() {
        if one == '\u{8}' {
            text.pop();
        } else {
            text.push(one);
        }
    }
    text
}
