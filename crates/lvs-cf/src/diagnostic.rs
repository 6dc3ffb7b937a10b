//! How an error or a warning looks: name, line, column, the line itself, a caret, a hint.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

/// How much a diagnostic matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; never fails a strict check.
    Note,
    /// The file is accepted, but it hardly says what was meant. Fails a strict check.
    Warning,
    /// The file is refused.
    Error,
}

impl Severity {
    fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing to tell about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// Its stable name: Piranha's for errors (`BADCOMMAND`), words with hyphens for warnings (`late-port`).
    pub name: &'static str,
    /// What is wrong.
    pub message: String,
    /// The line, from 1; 0 where it concerns no line.
    pub line: usize,
    /// The column, from 1, in characters; 0 where it concerns no column.
    pub column: usize,
    /// What to do.
    pub hint: Option<String>,
    excerpt: Option<Excerpt>,
}

impl Diagnostic {
    /// About a file as a whole.
    pub(crate) fn of_file(severity: Severity, name: &'static str, message: String) -> Self {
        Self { severity, name, message, line: 0, column: 0, hint: None, excerpt: None }
    }

    /// About the bytes `span` of a line.
    pub(crate) fn of_line(
        severity: Severity,
        name: &'static str,
        message: String,
        (line, text): (usize, &[u8]),
        span: Range<usize>,
    ) -> Self {
        let column = 1 + characters(text.get(..span.start).unwrap_or(text));
        let excerpt = Some(Excerpt::new(text, span));
        Self { severity, name, message, line, column, hint: None, excerpt }
    }

    pub(crate) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// The same, refused in place of warned of.
    pub(crate) fn into_error(mut self) -> Self {
        self.severity = Severity::Error;
        self
    }

    /// The diagnostic for people, several lines that end in a line feed.
    ///
    /// ```text
    /// error[EQUALEXPECTED]: equal (=) expected after command
    ///  --> /etc/sysconfig/ha/lvs.cf:3:11
    ///   |
    /// 3 | keepalive =9
    ///   |           ^^
    ///   = hint: blanks are needed around the equals sign: `keepalive = 9`
    /// ```
    pub fn render(&self, path: &Path) -> String {
        let mut text = format!("{}[{}]: {}\n", self.severity.as_str(), self.name, self.message);
        let margin = self.line.to_string().len();
        let _ = write!(text, "{:margin$}--> {}", "", path.display());
        if let Some(excerpt) = &self.excerpt {
            let _ = writeln!(text, ":{}:{}", self.line, self.column);
            let _ = writeln!(text, "{:margin$} |", "");
            let _ = writeln!(text, "{} | {}", self.line, excerpt.text);
            let _ =
                writeln!(text, "{:margin$} | {:2$}{3}", "", "", excerpt.indent, "^".repeat(excerpt.width));
        } else {
            text.push('\n');
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "{:margin$} = hint: {hint}", "");
        }
        text
    }
}

fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

/// The piece of a line that is shown, with the place of the caret in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Excerpt {
    text: String,
    indent: usize,
    width: usize,
}

/// Bytes shown before and behind the start of what the caret points at.
const BEFORE: usize = 60;
const BEHIND: usize = 60;

impl Excerpt {
    fn new(line: &[u8], span: Range<usize>) -> Self {
        let start = span.start.min(line.len());
        let end = span.end.clamp(start, line.len());
        let (from, to) = (start.saturating_sub(BEFORE), line.len().min(start + BEHIND));
        let before = format!("{}{}", ellipsis(from > 0), printable(line, from..start));
        let pointed = printable(line, start..end.min(to));
        let after = format!("{}{}", printable(line, end.min(to)..to), ellipsis(to < line.len()));
        let (indent, width) = (before.chars().count(), pointed.chars().count().max(1));
        let text = format!("{before}{pointed}{after}").trim_end().to_owned();
        Self { text, indent, width }
    }
}

fn ellipsis(cut: bool) -> &'static str {
    if cut { "..." } else { "" }
}

/// Longest piece of the file inside a sentence, in bytes.
const SHOWN: usize = 200;

/// A piece of the file inside a sentence, cut if it is long.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let text = printable(bytes, 0..bytes.len().min(SHOWN));
    format!("{text}{}", ellipsis(bytes.len() > SHOWN))
}

/// Tabs as one blank, so that the caret stands right; control characters and invisible ones as U+FFFD, so that a file
/// can neither write to the reader's terminal nor hide what it says.
fn printable(line: &[u8], range: Range<usize>) -> String {
    let text = String::from_utf8_lossy(line.get(range).unwrap_or_default());
    text.chars()
        .map(|char| match char {
            '\t' => ' ',
            control if control.is_control() => char::REPLACEMENT_CHARACTER,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                char::REPLACEMENT_CHARACTER
            }
            char => char,
        })
        .collect()
}
