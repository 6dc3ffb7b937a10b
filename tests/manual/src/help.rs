//! What a program, or one of its commands, says by `--help`.

use std::collections::BTreeSet;

use crate::program::Program;

/// A help text.
#[derive(Debug)]
pub struct Help {
    /// Its options, in its order.
    pub options: Vec<Described>,
    /// Every option that the text mentions, also beside its own line.
    pub known: BTreeSet<String>,
    /// The commands that it lists.
    pub commands: Vec<String>,
}

/// An option as a help text describes it.
#[derive(Debug)]
pub struct Described {
    /// As they are typed: `-c`, `--configfile`.
    pub names: BTreeSet<String>,
    /// What counts without it.
    pub default: Option<String>,
    /// Whether it is said that Piranha does not have it.
    pub ours: bool,
}

impl Help {
    /// Of a program.
    pub fn of(program: &Program) -> Self {
        Self::read(&program.says(&["--help"]))
    }

    /// Of one of its commands.
    pub fn of_command(program: &Program, command: &str) -> Self {
        Self::read(&program.says(&[command, "--help"]))
    }

    fn read(text: &str) -> Self {
        let (mut options, mut commands) = (Vec::new(), Vec::new());
        // send_arp names those in a chapter of their own.
        let (mut all_ours, mut listing_commands) = (false, false);
        for line in text.lines() {
            if !line.starts_with(' ') {
                listing_commands = line == "Commands:";
                all_ours |= line.contains("Piranha's") && line.contains("does not have");
            } else if listing_commands {
                commands.extend(line.split_whitespace().next().map(str::to_owned));
            } else {
                options.extend(described(line, all_ours));
            }
        }
        assert!(options.len() > 1, "where are the options?\n{text}");
        Self {
            options,
            known: text.split([' ', '\n', '(', ',', ':', '`', ']']).filter_map(option).collect(),
            commands,
        }
    }

    /// The names of all options.
    pub fn names(&self) -> BTreeSet<String> {
        self.options.iter().flat_map(|option| option.names.clone()).collect()
    }
}

/// The option that a line begins with.
fn described(line: &str, ours: bool) -> Option<Described> {
    let line = line.trim_start();
    let (words, text) = line.split_once("  ").unwrap_or((line, ""));
    let mut names: BTreeSet<_> = words.split([' ', ',']).filter_map(option).collect();
    if !words.starts_with('-') || names.is_empty() {
        return None;
    }
    names.extend(behind("[alias: ", text).and_then(|alias| option(&alias)));
    Some(Described {
        names,
        default: behind("[default: ", text),
        ours: ours || text.contains("(not in Piranha)"),
    })
}

fn behind(begin: &str, text: &str) -> Option<String> {
    Some(text.split_once(begin)?.1.split_once(']')?.0.to_owned())
}

/// The word, if it is an option.
fn option(word: &str) -> Option<String> {
    let word = word.trim_end_matches([')', '.', ';']);
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-').filter(|name| name.len() == 1))?;
    let plain = |one: char| one.is_ascii_alphanumeric() || "-_?".contains(one);
    (!name.is_empty() && name.chars().all(plain)).then(|| word.to_owned())
}
