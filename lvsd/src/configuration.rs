//! Reading the file, and saying what is wrong with it in Piranha's words.

use std::path::Path;

use lvs_cf::file::{self, ReadError};
use lvs_cf::system::System;
use lvs_cf::{Config, Report};

/// The configuration that lvsd works with. It does not look at `service`. The error is for people: first Piranha's line,
/// then the place and a hint.
pub(crate) fn read(path: &Path) -> Result<Config, String> {
    let parsed = file::load(path, &System::default()).map_err(|error| refusal(path, &error))?;
    Ok(parsed.config)
}

/// Everything that can be said about the file.
pub(crate) fn check(path: &Path) -> Result<Report, String> {
    let bytes = file::read(path).map_err(|error| refusal(path, &error))?;
    Ok(lvs_cf::check(&bytes, &System::default()))
}

fn refusal(path: &Path, error: &ReadError) -> String {
    format!("{}\n{}", error.lvsd_line(path), error.details(path))
}
