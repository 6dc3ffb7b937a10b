//! Reading the file, and saying what is wrong with it in Piranha's words.

use std::path::Path;

use lvs_cf::file::{self, ReadError};
use lvs_cf::system::System;
use lvs_cf::{Config, Report, Severity};

/// The configuration that lvsd works with, and its warnings for people. lvsd does not look at `service`. The error is
/// for people, too: first Piranha's line, then the place and a hint.
pub(crate) fn read(path: &Path) -> Result<(Config, Vec<String>), String> {
    let parsed = file::load(path, &System::default()).map_err(|error| refusal(path, &error))?;
    let warnings = parsed.warnings.iter().filter(|diagnostic| diagnostic.severity == Severity::Warning);
    let warnings = warnings.map(|diagnostic| diagnostic.render(path).trim_end().to_owned()).collect();
    Ok((parsed.config, warnings))
}

/// Everything that can be said about the file.
pub(crate) fn check(path: &Path) -> Result<Report, String> {
    let bytes = file::read(path).map_err(|error| refusal(path, &error))?;
    Ok(lvs_cf::check(&bytes, &System::default()))
}

fn refusal(path: &Path, error: &ReadError) -> String {
    format!("{}\n{}", error.lvsd_line(path), error.details(path))
}
