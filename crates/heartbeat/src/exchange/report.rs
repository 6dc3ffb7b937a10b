//! What the partner says of itself.

use crate::Moment;
use crate::event::Link;
use crate::trailer::Trailer;
use std::fmt;
use std::time::Duration;

/// The newest trailer of the partner that was believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerReport {
    /// What it says.
    pub trailer: Trailer,
    /// When it arrived.
    pub heard: Moment,
    /// Since when the partner has said that it is in this state, as far as this router has heard.
    pub since: Moment,
    /// On which link.
    pub link: Link,
    /// The key that signed it; nothing if anybody may have written it.
    pub key: Option<u32>,
}

impl PartnerReport {
    /// Since when the partner says what it says now; after another run of pulse it begins anew.
    pub(super) fn since(&self, next: &Trailer) -> Option<Moment> {
        let session = |trailer: &Trailer| trailer.stamp.map(|stamp| stamp.session);
        let same = next.standing == self.trailer.standing && session(next) == session(&self.trailer);
        same.then_some(self.since)
    }

    /// How old it is.
    pub fn age(&self, now: Moment) -> Duration {
        now.saturating_sub(self.heard)
    }
}

impl fmt::Display for PartnerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} link={}", self.trailer, self.link)?;
        match self.key {
            Some(key) => write!(f, " key={key}"),
            None => write!(f, " unsigned"),
        }
    }
}
