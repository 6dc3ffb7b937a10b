//! Reading the file, and saying what is wrong with it in Piranha's words.

use std::path::Path;

use lvs_cf::{Config, NumbersOnly};

/// Why there is no configuration.
pub(crate) struct Refusal {
    first: String,
    details: String,
}

impl Refusal {
    pub(crate) fn log_lines(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.first.as_str()).chain(self.details.lines())
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}", self.first, self.details)
    }
}

pub(crate) fn read(path: &Path) -> Result<Config, Refusal> {
    let bytes = std::fs::read(path).map_err(|error| Refusal {
        first: format!("lvs: failed to open {}", path.display()),
        details: error.to_string(),
    })?;
    Config::parse(&bytes, &NumbersOnly)
        .map(|parsed| parsed.config)
        .map_err(|errors| Refusal { first: errors.lvsd_line(path), details: errors.render(path) })
}
