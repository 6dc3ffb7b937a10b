//! Bytes become a configuration, or the reasons why not.

use crate::config::Config;
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::Document;
use crate::error::{ErrorKind, Errors, ParseError};
use crate::names::Names;
use crate::reader;
use crate::warning::Warnings;

/// A file that is accepted.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// What it means.
    pub config: Config,
    /// Its lines.
    pub document: Document,
    /// What was accepted, but hardly meant.
    pub warnings: Warnings,
}

impl Config {
    /// Reads a file's bytes as Piranha 0.8.6 does, extension lines included.
    ///
    /// # Errors
    /// Everything that is wrong with the file, first what Piranha reports. An empty file is [`ErrorKind::Stat`], one
    /// of more than [`crate::MAX_BYTES`] is [`ErrorKind::Read`], both on line 0.
    pub fn parse(bytes: &[u8], names: &dyn Names) -> Result<Parsed, Errors> {
        size(bytes.len())?;
        Self::of(Document::new(bytes), names)
    }

    /// The same for a document that is there already.
    ///
    /// # Errors
    /// See [`Config::parse`].
    pub fn of(document: Document, names: &dyn Names) -> Result<Parsed, Errors> {
        size(document.as_bytes().len())?;
        let reading = reader::read(&document, names);
        match reading.errors {
            Some(errors) => Err(errors),
            None => Ok(Parsed { config: reading.config, document, warnings: reading.warnings }),
        }
    }
}

fn size(bytes: usize) -> Result<(), Errors> {
    match bytes {
        0 => Err(Errors::of_file(ErrorKind::Stat)),
        1..=crate::MAX_BYTES => Ok(()),
        _ => Err(Errors::of_file(ErrorKind::Read)),
    }
}

impl Errors {
    /// A file that cannot be read at all: line 0.
    pub(crate) fn of_file(kind: ErrorKind) -> Self {
        let diagnostic = Diagnostic::of_file(Severity::Error, kind.name(), kind.message().into());
        Self::new(ParseError { kind, diagnostic })
    }
}
