//! `httpd.conf`, read once at the start (specification layout.md 4).

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use access::{Settings, Unhonoured};

use crate::start::{NOT_CONFIGURED, Refusal};

/// What the file says, and what is to be logged about it. One that is missing says nothing.
///
/// # Errors
///
/// It cannot be read, or where to listen is not understood.
pub(crate) fn read(path: &Path) -> Result<(Settings, Vec<String>), Refusal> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok((
                Settings::default(),
                vec![format!("there is no {}: all is as if it were empty", path.display())],
            ));
        }
        Err(error) => {
            return Err(Refusal::new(NOT_CONFIGURED, format!("cannot read {}: {error}", path.display())));
        }
    };
    let (settings, ignored) = Settings::parse(&bytes)
        .map_err(|error| Refusal::new(NOT_CONFIGURED, format!("{}: {error}", path.display())))?;
    let mut warnings = lines("has no effect here", path, &ignored);
    warnings.extend(lines("is not understood, so only this computer is let in", path, settings.web.faults()));
    warnings.extend(lines(
        "is not understood, so only this computer is let in to /secure/",
        path,
        settings.secure.faults(),
    ));
    Ok((settings, warnings))
}

/// Lines of a file, for the log.
pub(crate) fn lines(what: &str, path: &Path, lines: &[Unhonoured]) -> Vec<String> {
    lines.iter().map(|line| format!("{}:{}: `{}` {what}", path.display(), line.line, line.text)).collect()
}
