//! Which of the partner's heartbeats is the newest. Each datagram travels alone, on one of two links: an older one may
//! come later, and what it says is over.

use crate::Moment;
use crate::trailer::{Session, Stamp};
use std::time::Duration;

/// The newest heartbeat of the partner, whichever link it came on.
#[derive(Debug, Default)]
pub(super) struct Order {
    newest: Option<(Stamp, Moment)>,
    /// The run of pulse before that one.
    former: Option<Session>,
}

impl Order {
    /// Whether a newer heartbeat than this one has been heard, so long ago at most.
    pub(super) fn is_outdated(&self, stamp: Stamp, memory: Duration, now: Moment) -> bool {
        self.newest.is_some_and(|(newest, heard)| {
            let older = if stamp.session == newest.session {
                stamp.sequence < newest.sequence
            } else {
                Some(stamp.session) == self.former
            };
            older && now.saturating_sub(heard) < memory
        })
    }

    /// This one is the newest.
    pub(super) fn note(&mut self, stamp: Stamp, now: Moment) {
        let before = self.newest.replace((stamp, now));
        if let Some((before, _)) = before.filter(|(before, _)| before.session != stamp.session) {
            self.former = Some(before.session);
        }
    }
}
