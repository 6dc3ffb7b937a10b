//! Reading the file, and saying what is wrong with it in Piranha's words.

use std::fmt;
use std::path::Path;

use lvs_cf::file::ReadError;
use lvs_cf::system::System;
use lvs_cf::{Config, Errors, Report, file};

/// Why there is no configuration: first Piranha's line, then the place and a hint.
#[derive(Debug)]
pub(crate) struct Refusal {
    first: String,
    details: String,
}

impl Refusal {
    /// One line each, for the log.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.first.as_str()).chain(self.details.lines())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// The configuration that lvsd works with. It does not look at `service`.
pub(crate) fn read(path: &Path) -> Result<Config, Refusal> {
    let bytes = file::read(path).map_err(|error| unreadable(path, &error))?;
    match Config::parse(&bytes, &System::default()) {
        Ok(parsed) => Ok(parsed.config),
        Err(errors) => Err(malformed(path, &errors)),
    }
}

/// Everything that can be said about the file.
pub(crate) fn check(path: &Path) -> Result<Report, Refusal> {
    let bytes = file::read(path).map_err(|error| unreadable(path, &error))?;
    Ok(lvs_cf::check(&bytes, &System::default()))
}

fn unreadable(path: &Path, error: &ReadError) -> Refusal {
    let details = match error {
        ReadError::Open { source, .. } => format!("{source}; name the file with -c, or make it readable"),
        ReadError::Content(errors) => errors.render(path),
    };
    Refusal { first: error.lvsd_line(path), details }
}

fn malformed(path: &Path, errors: &Errors) -> Refusal {
    Refusal { first: errors.lvsd_line(path), details: errors.render(path) }
}
