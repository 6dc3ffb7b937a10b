//! Pages and programs know the same options, and the examples of the pages are understood by the programs.

#![allow(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use manual::folder;
use manual::help::{Described, Help};
use manual::page::{Entry, Mention, Page};
use manual::program::{PROGRAMS, Program};

/// Programs that Piranha did not have, whose pages say so once for all options.
const OURS: [&str; 2] = ["piranha-helper", "piranhactl"];

/// The options of a program or of a command, and the part of the page that describes them.
struct Chapter {
    place: String,
    options: Vec<Described>,
    entries: Vec<Entry>,
}

/// Of a program; where it has commands, the options of each are its own but for those of all.
fn described(program: &Program) -> Vec<Chapter> {
    let (help, page) = (Help::of(program), Page::of(program));
    let everywhere = help.names();
    let of_command = |command: &String| {
        let mut options = Help::of_command(program, command).options;
        options.retain(|option| option.names.is_disjoint(&everywhere));
        let entries = page.section("COMMANDS", Some(command)).entries();
        Chapter { place: format!("{} {command}", program.name), options, entries }
    };
    let commands: Vec<_> =
        help.commands.iter().filter(|command| *command != "help").map(of_command).collect();
    let entries = page.section("OPTIONS", None).entries();
    let own = Chapter { place: program.name.to_owned(), options: help.options, entries };
    std::iter::once(own).chain(commands).collect()
}

#[test]
fn every_option_has_an_entry_with_all_its_names_and_its_default() {
    let mut wrong = String::new();
    for Chapter { place, options, entries } in PROGRAMS.iter().flat_map(described) {
        for option in options {
            let of_option = entries.iter().filter(|entry| !entry.names.is_disjoint(&option.names));
            let text: String = of_option.clone().map(|entry| entry.text.as_str()).collect();
            let names: BTreeSet<_> = of_option.flat_map(|entry| entry.names.clone()).collect();
            if names != option.names {
                writeln!(wrong, "{place}: {:?} in --help, {names:?} in the page", option.names).unwrap();
            }
            // Other defaults are said in words.
            let default = option.default.filter(|default| !default.contains(' ') && default != "never");
            if let Some(default) =
                default.filter(|default| !text.split([' ', ',', ';']).any(|word| word == default))
            {
                writeln!(wrong, "{place}: {names:?} does not say that its default is {default}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn no_page_names_an_option_that_its_program_does_not_know() {
    let mut wrong = String::new();
    for program in &PROGRAMS {
        let page = Page::of(program);
        for section in page.sections() {
            let command = section.part.as_ref().filter(|_| section.title == "COMMANDS");
            let own = known(program, command);
            for Mention { of, option } in section.mentions() {
                let knows = match of.first().map(|name| Program::installed_as(name)) {
                    None => own.contains(&option),
                    Some(Some(other)) => known(other, of.get(1)).contains(&option),
                    // Somebody else's.
                    Some(None) => true,
                };
                if !knows {
                    writeln!(wrong, "{}: {command:?} {of:?} {option}", page.path.display()).unwrap();
                }
            }
        }
        if !page.unmarked().is_empty() {
            writeln!(wrong, "{}: not marked by Fl: {:?}", page.path.display(), page.unmarked()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// All options of a program and of its commands, or of one of these.
fn known(program: &Program, command: Option<&String>) -> BTreeSet<String> {
    if let Some(command) = command {
        return Help::of_command(program, command).known;
    }
    let mut help = Help::of(program);
    for command in help.commands.iter().filter(|command| *command != "help") {
        help.known.append(&mut Help::of_command(program, command).known);
    }
    help.known
}

#[test]
fn what_piranha_does_not_have_is_marked() {
    let mut wrong = String::new();
    let others = PROGRAMS.iter().filter(|program| !OURS.contains(&program.name));
    // Nobody but the pages tells it of these two: the one had no options, the other was httpd.
    let told = |place: &str| !["piranha-passwd", "piranha_gui"].contains(&place);
    for Chapter { place, options, entries } in others.flat_map(described).filter(|it| told(&it.place)) {
        for option in options {
            let of_option = entries.iter().find(|entry| !entry.names.is_disjoint(&option.names));
            let marked = of_option.is_some_and(|entry| entry.text.ends_with("Not in Piranha. "));
            if marked != option.ours {
                writeln!(wrong, "{place}: {:?} marked: {marked}", option.names).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_command_is_described_and_every_command_that_is_named_exists() {
    for program in &PROGRAMS {
        let (commands, page) = (Help::of(program).commands, Page::of(program));
        let described = page.sections().iter().filter(|section| section.title == "COMMANDS");
        let described: Vec<_> = described.filter_map(|section| section.part.clone()).collect();
        let listed: Vec<_> = commands.into_iter().filter(|command| command != "help").collect();
        assert_eq!(described, listed, "{}", program.name);
        for named in page.commands() {
            let Some(program) = Program::installed_as(&named[0]) else { continue };
            let commands = Help::of(program).commands;
            let exists = named.get(1).is_none_or(|command| commands.contains(command));
            assert!(exists, "{}: {named:?}", page.path.display());
        }
    }
}

/// Nothing happens in them: behind their own words programs find an option that they refuse. That they refuse it, and no
/// word before it, shows that they have understood the rest.
#[test]
fn examples_are_understood() {
    let folder = folder("examples");
    for program in &PROGRAMS {
        stand_in(&folder, program);
    }
    let mut wrong = String::new();
    for program in &PROGRAMS {
        let examples = Page::of(program).examples();
        assert!(!examples.is_empty(), "{}: no examples", program.name);
        for line in examples {
            if let Err(said) = understood(&line, &folder) {
                writeln!(wrong, "{}: {line}\n{said}", program.name).unwrap();
            }
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    assert!(wrong.is_empty(), "{wrong}");
}

/// A script in the place of a program, which calls it with words more, twice: behind an option that is known, since clap looks
/// at a value when the next option has come; and before it, since a value that is missing is taken from there. `send_arp`
/// knows options before its four arguments only, and there `--help` ends the reading.
fn stand_in(folder: &Path, program: &Program) {
    let [first, second] = match program.name {
        "send_arp" => [r#""${@:1:$#-4}" --help "${@:$#-3}""#; 2],
        "piranhactl" => [r#""$@" --timeout 1s --no-such-option"#, r#""$@" --no-such-option"#],
        "fos" | "lvsd" | "nanny" | "pulse" => {
            [r#""$@" --help --no-such-option"#, r#""$@" --no-such-option --help"#]
        }
        _ => [r#""$@" --no-such-option"#; 2],
    };
    let (script, path) = (folder.join(program.name), program.path());
    let path = path.display();
    fs::write(&script, format!("#!/bin/bash\n'{path}' {first}\n'{path}' {second}\n")).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Whether every program of the line has understood all of its words; else what they said.
fn understood(line: &str, folder: &Path) -> Result<(), String> {
    let output = Command::new("/bin/bash").args(["-c", line]).env("PATH", folder).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let calls = line.split_whitespace().filter(|word| Program::installed_as(word).is_some()).count();
    let refusals = said.lines().filter(|line| is_refusal(line)).count();
    if calls > 0 && refusals == 2 * calls { Ok(()) } else { Err(said) }
}

fn is_refusal(line: &str) -> bool {
    line.ends_with("bad argument --no-such-option: unknown option")
        || line == "error: unexpected argument '--no-such-option' found"
        || line.starts_with("usage: send_arp [OPTION]...")
}

#[test]
fn an_example_with_a_mistake_is_noticed() {
    let folder = folder("mistakes");
    for program in &PROGRAMS {
        stand_in(&folder, program);
    }
    for line in [
        "pulse --forceactve",
        "lvsd --check=yes",
        "nanny --lvs -h",
        "nanny -p http",
        "piranhactl drian web/one",
        "piranhactl drain web",
        "piranhactl drain web/one --deadline soon",
        "piranhactl status --deadline 10m",
        "piranha_gui -k start",
        "send_arp --twice a b c d",
        "send_arp a b c",
        "send_arp a b c d e",
    ] {
        assert!(understood(line, &folder).is_err(), "{line}");
    }
    fs::remove_dir_all(&folder).unwrap();
}
