//! The style sheet, under a name that changes with its content, so that browsers may keep it for ever.

use crate::file::fingerprint;

/// Its text.
pub(crate) const SHEET: &str = include_str!("../assets/style.css");

/// Its address.
pub(crate) fn path() -> String {
    format!("/style-{}.css", fingerprint(SHEET.as_bytes()).get(..12).unwrap_or_default())
}
