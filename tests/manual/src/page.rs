//! A manual page, read from its source in mdoc(7).

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::program::Program;
use crate::root;

/// A page.
#[derive(Debug)]
pub struct Page {
    /// Its source.
    pub path: PathBuf,
    sections: Vec<Section>,
}

/// What stands below one title.
#[derive(Debug)]
pub struct Section {
    /// In capitals.
    pub title: String,
    /// Of the part of the section, if it has parts.
    pub part: Option<String>,
    /// The source.
    pub lines: Vec<String>,
}

/// The description of an option in a list.
#[derive(Debug)]
pub struct Entry {
    /// As they are typed.
    pub names: BTreeSet<String>,
    /// The words, without macros.
    pub text: String,
}

/// A word that a page calls an option.
#[derive(Debug, PartialEq, Eq)]
pub struct Mention {
    /// What it is an option of, if that is not the page's program: `.Ic piranhactl sync Fl -reload`.
    pub of: Vec<String>,
    /// As it is typed.
    pub option: String,
}

impl Page {
    /// That of a program.
    pub fn of(program: &Program) -> Self {
        Self::read(root().join("docs/man").join(format!("{}.8", program.name)))
    }

    fn read(path: PathBuf) -> Self {
        let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut sections: Vec<Section> = Vec::new();
        for line in source.lines() {
            if let Some(title) = line.strip_prefix(".Sh ") {
                sections.push(Section { title: title.to_owned(), part: None, lines: Vec::new() });
            } else if let (Some(part), Some(last)) = (line.strip_prefix(".Ss "), sections.last()) {
                let title = last.title.clone();
                sections.push(Section { title, part: Some(part.to_owned()), lines: Vec::new() });
            } else if let Some(last) = sections.last_mut() {
                last.lines.push(line.to_owned());
            }
        }
        Self { path, sections }
    }

    /// All sections, and their parts as sections of their own.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// A section, or a part of one.
    pub fn section(&self, title: &str, part: Option<&str>) -> &Section {
        let found =
            self.sections.iter().find(|section| section.title == title && section.part.as_deref() == part);
        found.unwrap_or_else(|| panic!("{}: no {title} {}", self.path.display(), part.unwrap_or_default()))
    }

    /// What stands behind `.Ic`: a program, and its command.
    pub fn commands(&self) -> Vec<Vec<String>> {
        self.lines().filter_map(|line| command(&words(line))).collect()
    }

    /// Options in running text, which should be marked as such.
    pub fn unmarked(&self) -> Vec<&str> {
        let text = self.lines().filter(|line| !line.starts_with('.'));
        text.flat_map(str::split_whitespace).filter(|word| word.len() > 1 && word.starts_with('-')).collect()
    }

    /// The command lines of EXAMPLES.
    pub fn examples(&self) -> Vec<String> {
        let examples = self.section("EXAMPLES", None).lines.iter();
        let lines = examples.filter_map(|line| line.strip_prefix(".Dl "));
        lines.map(|line| line.replace("\\(dq", "\"").replace("\\e", "\\")).collect()
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().flat_map(|section| section.lines.iter().map(String::as_str))
    }
}

impl Section {
    /// Every word that is called an option, wherever it stands.
    pub fn mentions(&self) -> Vec<Mention> {
        self.lines.iter().flat_map(|line| mentions(line)).collect()
    }

    /// The descriptions of options.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut inside = false;
        for line in &self.lines {
            if line.starts_with(".It Fl ") {
                let names = mentions(line).into_iter().map(|mention| mention.option).collect();
                entries.push(Entry { names, text: String::new() });
                inside = true;
            } else if line.starts_with(".It ") || line == ".El" {
                inside = false;
            } else if let (true, Some(entry)) = (inside, entries.last_mut()) {
                entry.text +=
                    &words(line).into_iter().filter(|word| !is_macro(word)).collect::<Vec<_>>().join(" ");
                entry.text.push(' ');
            }
        }
        entries
    }
}

/// The words of a line; a macro at its beginning is without its dot.
fn words(line: &str) -> Vec<&str> {
    line.strip_prefix('.').unwrap_or(line).split_whitespace().collect()
}

/// Two letters, as `Fl` and `Ar`.
fn is_macro(word: &str) -> bool {
    matches!(word.as_bytes(), [first, second] if first.is_ascii_uppercase() && second.is_ascii_lowercase())
}

fn mentions(line: &str) -> Vec<Mention> {
    if !line.starts_with('.') || line.starts_with(".Dl ") {
        return Vec::new();
    }
    let words = words(line);
    let of = command(&words).unwrap_or_default();
    let mut options = Vec::new();
    let mut flags = false;
    for word in words {
        if is_macro(word) {
            flags = word == "Fl";
        } else if flags
            && (word == "?\\&" || word.starts_with(|one: char| one == '-' || one.is_ascii_alphanumeric()))
        {
            options.extend(spelled(word));
        }
    }
    options.into_iter().map(|option| Mention { of: of.clone(), option }).collect()
}

/// As options are typed: `-configfile` is `--configfile`, `nv` are `-n` and `-v`.
fn spelled(word: &str) -> Vec<String> {
    let word = word.trim_end_matches("\\&");
    if word.starts_with('-') {
        vec![format!("-{word}")]
    } else {
        word.chars().map(|one| format!("-{one}")).collect()
    }
}

/// What stands behind `Ic`, up to the next macro.
fn command(words: &[&str]) -> Option<Vec<String>> {
    let behind = words.iter().skip_while(|word| **word != "Ic").skip(1);
    let named = behind.take_while(|word| !is_macro(word)).filter(|word| word.len() > 1);
    Some(named.map(|word| (*word).to_owned()).collect::<Vec<_>>()).filter(|named| !named.is_empty())
}
