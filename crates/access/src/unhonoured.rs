//! Lines that have no effect, for the log.

/// Longer lines are cut: they go to a log.
const LONGEST: usize = 200;

/// How many lines of one file are told at most.
const MOST: usize = 100;

/// A line that is not honoured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unhonoured {
    /// Its number in the file, from 1.
    pub line: usize,
    /// Its text, at most 200 characters, without control characters.
    pub text: String,
}

impl Unhonoured {
    pub(crate) fn new(line: usize, text: &str) -> Self {
        let text = text.trim().chars().take(LONGEST).map(|c| if c.is_control() { '?' } else { c }).collect();
        Self { line, text }
    }
}

/// Each kind of line once.
#[derive(Debug, Default)]
pub(crate) struct Collection {
    lines: Vec<Unhonoured>,
    kinds: Vec<String>,
}

impl Collection {
    /// `kind` is what makes two lines the same, as the name of a directive.
    pub(crate) fn add(&mut self, kind: &str, line: usize, text: &str) {
        let kind: String = kind.to_ascii_lowercase().chars().take(LONGEST).collect();
        if self.lines.len() < MOST && !self.kinds.contains(&kind) {
            self.lines.push(Unhonoured::new(line, text));
            self.kinds.push(kind);
        }
    }

    pub(crate) fn into_lines(self) -> Vec<Unhonoured> {
        self.lines
    }
}
