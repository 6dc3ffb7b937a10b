//! What one monitor has said.

use control::report::Known;

/// What one monitor has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing yet.
    Unknown,
    /// In service with this weight.
    Up(u32),
    /// Dead, or forced out of service by hand.
    Down { forced: bool },
}

impl Verdict {
    pub(super) fn is_down(self) -> bool {
        matches!(self, Self::Down { .. })
    }
}

pub(super) fn known(verdict: Verdict) -> Known {
    match verdict {
        Verdict::Unknown => Known::Nothing,
        Verdict::Up(weight) => Known::Up { weight },
        Verdict::Down { .. } => Known::Down,
    }
}
