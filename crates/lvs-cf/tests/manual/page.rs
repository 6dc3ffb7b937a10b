//! The manual page as its source has it: entries with their fields, lists of keywords, displays.

use std::collections::BTreeMap;
use std::fs;
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::str::Lines;

/// Where the page is.
pub(crate) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/man/lvs.cf.5")
}

/// What the page says.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// In the order of the page.
    pub(crate) entries: Vec<Entry>,
    /// Keywords that are named below the title of a subsection, without an entry of their own.
    pub(crate) listed: Vec<Listed>,
    /// Literal text that stands by itself.
    pub(crate) displays: Vec<Display>,
    /// What a subsection explains in a list: names, and their explanation.
    pub(crate) terms: Vec<Term>,
}

/// A keyword with all that is told of it.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The title of its section.
    pub(crate) section: String,
    pub(crate) keyword: String,
    /// Marked as not understood by Piranha.
    pub(crate) extension: bool,
    /// `Type`, `Default`, ... in the order of the page, with the lines of their source.
    pub(crate) fields: Vec<(String, Vec<String>)>,
    /// The lines below the fields.
    pub(crate) meaning: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) section: String,
    pub(crate) keyword: String,
    pub(crate) extension: bool,
}

#[derive(Debug)]
pub(crate) struct Display {
    pub(crate) section: String,
    pub(crate) subsection: String,
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct Term {
    pub(crate) subsection: String,
    pub(crate) name: String,
    pub(crate) explanation: String,
}

impl Page {
    pub(crate) fn read() -> Self {
        let source = fs::read_to_string(path()).expect("docs/man/lvs.cf.5");
        Self::of(&source)
    }

    fn of(source: &str) -> Self {
        let (section, subsection, page) = (String::new(), String::new(), Self::default());
        let mut reading = Reading { lines: source.lines().peekable(), section, subsection, page };
        while let Some(line) = reading.lines.next() {
            reading.line(line);
        }
        reading.page
    }

    /// The one entry of a keyword in a section.
    pub(crate) fn entry(&self, section: &str, keyword: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.section == section && entry.keyword == keyword)
    }

    /// The displays of a section by the titles of their subsections.
    pub(crate) fn displays_of(&self, section: &str) -> BTreeMap<&str, Vec<&str>> {
        let mut displays = BTreeMap::<_, Vec<_>>::new();
        for display in self.displays.iter().filter(|display| display.section == section) {
            displays.entry(display.subsection.as_str()).or_default().push(display.text.as_str());
        }
        displays
    }
}

/// The page so far, and where in it the next line stands.
struct Reading<'a> {
    lines: Peekable<Lines<'a>>,
    section: String,
    subsection: String,
    page: Page,
}

impl Reading<'_> {
    fn line(&mut self, line: &str) {
        let term = line.strip_prefix(".It Em ").or(line.strip_prefix(".It Li "));
        if let Some(title) = line.strip_prefix(".Sh ") {
            (self.section, self.subsection) = (title.to_owned(), String::new());
        } else if let Some(title) = line.strip_prefix(".Ss ") {
            title.clone_into(&mut self.subsection);
            self.listed();
        } else if line.starts_with(".Bd -literal") {
            self.display();
        } else if let Some(name) = line.strip_prefix(".It Ic ") {
            self.entry(name);
        } else if let Some(name) = term {
            self.term(name);
        }
    }

    /// Keywords directly below the title of a subsection.
    fn listed(&mut self) {
        while let Some(name) = self.lines.next_if(|line| line.starts_with(".Ic ")) {
            let (keyword, extension) = keyword(name.trim_start_matches(".Ic "));
            self.page.listed.push(Listed { section: self.section.clone(), keyword, extension });
        }
    }

    fn display(&mut self) {
        let inside = self.lines.by_ref().take_while(|line| *line != ".Ed");
        let text = inside.map(|line| unescaped(line) + "\n").collect();
        let (section, subsection) = (self.section.clone(), self.subsection.clone());
        self.page.displays.push(Display { section, subsection, text });
    }

    fn entry(&mut self, name: &str) {
        let (keyword, extension) = keyword(name);
        let fields = match self.lines.next_if(|line| line.starts_with(".Bl ")) {
            Some(_) => self.fields(),
            None => Vec::new(),
        };
        let meaning = self.lines_to(&[".It ", ".El", ".Sh ", ".Ss "]);
        self.page.entries.push(Entry { section: self.section.clone(), keyword, extension, fields, meaning });
    }

    fn fields(&mut self) -> Vec<(String, Vec<String>)> {
        let mut fields = Vec::<(String, Vec<String>)>::new();
        for line in self.lines.by_ref().take_while(|line| *line != ".El") {
            match (line.strip_prefix(".It "), fields.last_mut()) {
                (Some(name), _) => fields.push((name.to_owned(), Vec::new())),
                (None, Some((_, field))) => field.push(line.to_owned()),
                (None, None) => panic!("`{line}` stands in no field"),
            }
        }
        fields
    }

    fn term(&mut self, name: &str) {
        let explanation = text(&self.lines_to(&[".It ", ".El"]));
        self.page.terms.push(Term {
            subsection: self.subsection.clone(),
            name: unescaped(name),
            explanation,
        });
    }

    /// The lines before the next one that begins with one of these.
    fn lines_to(&mut self, ends: &[&str]) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.lines.next_if(|line| !ends.iter().any(|end| line.starts_with(end))) {
            lines.push(line.to_owned());
        }
        lines
    }
}

impl Entry {
    /// What a field says, as its reader sees it.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        self.lines(name).map(text)
    }

    /// The literal text that a field begins with.
    pub(crate) fn literal(&self, name: &str) -> Option<String> {
        self.lines(name)?.first()?.strip_prefix(".Li ").map(unescaped)
    }

    fn lines(&self, name: &str) -> Option<&[String]> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, lines)| lines.as_slice())
    }
}

/// A keyword and its mark, with the comma behind it.
fn keyword(words: &str) -> (String, bool) {
    let words = words.trim_end_matches([' ', ',', '.']);
    let keyword = words.split(' ').next().unwrap_or_default();
    (keyword.to_owned(), words.ends_with(" Pq extension"))
}

/// The words that lines of mdoc show.
fn text(lines: &[String]) -> String {
    let words = |line: &String| match line.strip_prefix('.') {
        Some(call) => call.split_once(' ').map(|(_, words)| unescaped(words)).unwrap_or_default(),
        None => unescaped(line),
    };
    lines.iter().map(words).collect::<Vec<_>>().join(" ").replace(" ,", ",").replace(" .", ".")
}

/// What the escapes of the page stand for.
fn unescaped(text: &str) -> String {
    let escapes = [
        (r"\(dq", "\""),
        (r"\(aq", "'"),
        (r"\(ga", "`"),
        (r"\(ha", "^"),
        (r"\(ti", "~"),
        (r"\-", "-"),
        (r"\&", ""),
        (r"\e", "\\"),
    ];
    let mut shown = String::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let (escape, meaning) = escapes.iter().copied().find(|(escape, _)| rest.starts_with(escape)).unzip();
        assert!(escape.is_some() || char != '\\', "an escape that is not known here: {rest}");
        let literal = char.to_string();
        shown.push_str(meaning.unwrap_or(&literal));
        rest = &rest[escape.map_or(literal.len(), str::len)..];
    }
    shown
}
