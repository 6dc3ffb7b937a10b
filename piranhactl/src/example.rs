//! What the tests begin with, and the moment at which it was told.

use control::pulse;
use control::status::{RealServer, Status, UnixMillis};

/// 2026-03-01T12:00:00Z.
pub(crate) const NOW: UnixMillis = 1_772_366_400_000;

pub(crate) fn routers() -> pulse::Status {
    serde_json::from_str(include_str!("../tests/pulse.json")).unwrap()
}

pub(crate) fn status() -> Status {
    serde_json::from_str(include_str!("../tests/status.json")).unwrap()
}

/// `web/one`, which is well.
pub(crate) fn one(status: &mut Status) -> &mut RealServer {
    &mut status.virtual_servers[0].real_servers[0]
}
