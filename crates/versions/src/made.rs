//! What is known about a version.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Who made a version, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// `serial_no` of the file.
    pub serial_no: i32,
    /// The address of the browser, if it was made in one.
    pub client: Option<IpAddr>,
    /// What was done, in one line.
    pub what: String,
}

impl Made {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // Numbers and texts always have a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Nothing if it is something else. Control characters do not come out, whatever stands there.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let made: Self = serde_json::from_slice(bytes).ok()?;
        let plain = |one: char| if one.is_control() { '?' } else { one };
        Some(Self { what: made.what.chars().map(plain).collect(), ..made })
    }
}
