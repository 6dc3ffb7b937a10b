//! What makes a file unusable.

use std::fmt::{self, Write as _};
use std::path::Path;

use crate::diagnostic::Diagnostic;

/// Why a line is refused (specification lvs-cf.md section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The file is empty.
    Stat,
    /// The file could not be read in full.
    Read,
    /// A quote has no partner.
    BadQuoting,
    /// More words than the statement takes.
    ExtraArgs,
    /// The second word is missing or not `=`.
    EqualExpected,
    /// Fewer words than the statement takes.
    MissingArgs,
    /// An address that must be one is none, or 0.0.0.0.
    BadHostname,
    /// A name that does not resolve, or a word that is none of the list.
    BadArgument,
    /// Not an integer.
    IntExpected,
    /// An integer, but not 0 or 1.
    BoolExpected,
    /// Not a keyword at this level.
    BadCommand,
    /// Not a list in brackets.
    ListExpected,
    /// Not a netmask.
    BadNetmask,
    /// The line holds a NUL byte. Piranha has no such error.
    NulByte,
}

impl ErrorKind {
    /// Piranha's name.
    pub fn name(self) -> &'static str {
        self.facts().0
    }

    /// Piranha's number; `None` for what Piranha does not have.
    pub fn code(self) -> Option<u32> {
        self.facts().1
    }

    /// Piranha's words.
    pub fn message(self) -> &'static str {
        self.facts().2
    }

    fn facts(self) -> (&'static str, Option<u32>, &'static str) {
        /// Added by Piranha to its first three codes.
        const SYSTEM: u32 = 0x4000_0000;
        match self {
            Self::Stat => ("STAT", Some(SYSTEM + 1), "Empty configuration"),
            Self::Read => ("READ", Some(SYSTEM + 2), "I/O error while reading configuration"),
            Self::BadQuoting => ("BADQUOTING", Some(SYSTEM + 3), "quotation mismatch"),
            Self::ExtraArgs => ("EXTRAARGS", Some(5), "unexpected arguments"),
            Self::EqualExpected => ("EQUALEXPECTED", Some(6), "equal (=) expected after command"),
            Self::MissingArgs => ("MISSINGARGS", Some(7), "missing arguments"),
            Self::BadHostname => ("BADHOSTNAME", Some(8), "invalid host name or ip address"),
            Self::BadArgument => ("BADARGUMENT", Some(9), "invalid argument"),
            Self::IntExpected => ("INTEXPECTED", Some(10), "integer expected"),
            Self::BoolExpected => ("BOOLEXPECTED", Some(11), "boolean expected"),
            Self::BadCommand => ("BADCOMMAND", Some(12), "unknown command"),
            Self::ListExpected => ("LISTEXPECTED", Some(13), "list expected"),
            Self::BadNetmask => ("BADNETMASK", Some(16), "Bad subnet mask specified"),
            Self::NulByte => ("NULBYTE", None, "NUL byte in configuration"),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

/// One reason why a file is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Which.
    pub kind: ErrorKind,
    /// Where, and what to do.
    pub diagnostic: Diagnostic,
}

/// Why a file is refused: the error that Piranha reports comes first, then every other one found behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errors {
    first: Box<ParseError>,
    others: Vec<ParseError>,
    more: usize,
}

impl Errors {
    /// At most this many errors are kept; the others are counted.
    pub(crate) const LIMIT: usize = 100;

    pub(crate) fn new(first: ParseError) -> Self {
        Self { first: Box::new(first), others: Vec::new(), more: 0 }
    }

    /// Keeps one more error, which is made only if there is room for it.
    pub(crate) fn push(&mut self, error: impl FnOnce() -> ParseError) {
        if self.others.len() + 1 < Self::LIMIT { self.others.push(error()) } else { self.more += 1 }
    }

    /// What Piranha reports.
    pub fn first(&self) -> &ParseError {
        &self.first
    }

    /// Every error kept, the first one first: at most 100.
    pub fn iter(&self) -> impl Iterator<Item = &ParseError> {
        std::iter::once(&*self.first).chain(&self.others)
    }

    /// How many more there were.
    pub fn more(&self) -> usize {
        self.more
    }

    /// The line that pulse prints: `pulse: error parsing FILE at line N: MESSAGE`.
    pub fn pulse_line(&self, path: &Path) -> String {
        let ParseError { kind, diagnostic } = self.first();
        format!("pulse: error parsing {} at line {}: {kind}", path.display(), diagnostic.line)
    }

    /// The line that lvsd prints: `lvs: error parsing FILE on line N.`
    pub fn lvsd_line(&self, path: &Path) -> String {
        self.bare_line("lvs", path)
    }

    /// The line that fos prints: `fos: error parsing FILE on line N.`
    pub fn fos_line(&self, path: &Path) -> String {
        self.bare_line("fos", path)
    }

    fn bare_line(&self, program: &str, path: &Path) -> String {
        format!("{program}: error parsing {} on line {}.", path.display(), self.first().diagnostic.line)
    }

    /// Every error with its line, a caret and a hint, as [`Diagnostic::render`].
    pub fn render(&self, path: &Path) -> String {
        self.render_first(path, Self::LIMIT)
    }

    /// Like [`render`](Self::render), but no more than `limit` errors; the others are counted.
    pub fn render_first(&self, path: &Path, limit: usize) -> String {
        let mut text: String = self.iter().take(limit).map(|error| error.diagnostic.render(path)).collect();
        let more = self.more + self.iter().skip(limit).count();
        if more > 0 {
            let _ = writeln!(text, "error: {more} more errors are not shown");
        }
        text
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ParseError { kind, diagnostic } = self.first();
        write!(f, "line {}: {kind}", diagnostic.line)
    }
}

impl std::error::Error for Errors {}
