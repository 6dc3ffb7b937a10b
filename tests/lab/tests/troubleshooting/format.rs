//! A format string and the lines that it makes.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

/// Fewer letters are no words to know a line by.
const FEWEST: usize = 3;

/// Facts behind the words of a line; two types are shown as such.
static FIELDS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?: [a-z_]+="?\{[^{}]*\}"?| \{(?:outcome|ran)\})+$"#).unwrap());
static VALUE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{[^{}]*\}").unwrap());

/// A format string of one line.
#[derive(Debug, Clone)]
pub(crate) struct Format {
    text: String,
    /// Those of the document that it makes.
    pattern: Regex,
}

impl Format {
    /// Each line of a format string.
    pub(crate) fn lines(text: &str) -> Vec<Self> {
        Self::each(text, "", "(?: [a-z_]+=.*)?")
    }

    /// The same where it stands somewhere in a line.
    pub(crate) fn parts(text: &str) -> Vec<Self> {
        Self::each(text, "(?:.*[^A-Za-z])?", "(?:[^A-Za-z].*)?")
    }

    fn each(text: &str, before: &str, behind: &str) -> Vec<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let format = |line: &str| {
            let words: Vec<_> = words(line).iter().map(|piece| regex::escape(piece)).collect();
            let pattern = Regex::new(&format!("^{before}{}{behind}$", words.join(".*"))).unwrap();
            Self { text: line.to_owned(), pattern }
        };
        lines.map(format).collect()
    }

    /// Whether there is more to it than values.
    pub(crate) fn has_words(&self) -> bool {
        words(&self.text).concat().chars().filter(char::is_ascii_alphabetic).count() >= FEWEST
    }

    /// Whether it makes this line of the document, in which words in capitals stand for values.
    pub(crate) fn makes(&self, line: &str) -> bool {
        self.pattern.is_match(line.trim())
    }
}

/// What stands between the values, without fields.
fn words(text: &str) -> Vec<String> {
    let text = FIELDS.replace(text, "").replace("{{", "\u{1}").replace("}}", "\u{2}");
    let braces = |piece: &str| piece.replace('\u{1}', "{").replace('\u{2}', "}");
    VALUE.split(&text).map(braces).collect()
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.pattern.as_str() == other.pattern.as_str()
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
