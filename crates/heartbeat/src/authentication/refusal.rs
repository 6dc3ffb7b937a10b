//! Why a heartbeat is not the partner's own, and how often that is said: at most one line a minute for each kind and link.

use crate::Moment;
use crate::event::Link;
use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::time::Duration;

/// Why a heartbeat is not taken for the partner's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has no trailer, or one without seal and stamp: an original, `heartbeat_auth = off`, or anybody.
    #[error("not signed")]
    Unsigned,
    /// The key is not in this router's key file.
    #[error("signed with key {id}, which the key file here does not have")]
    UnknownKey {
        /// As received.
        id: u32,
    },
    /// Another secret, other addresses (NAT), or changed on the way.
    #[error("the signature is not that of key {id} for these addresses")]
    Forged {
        /// As received.
        id: u32,
    },
    /// Not newer than what was heard before.
    #[error("replayed: a newer one was heard before")]
    Replayed,
    /// A run of pulse that has not yet shown that it has heard this router. So begins every acquaintance.
    #[error("recorded perhaps: its sender has not heard this router yet")]
    Unproven,
}

/// Least time between two lines of one kind about one link.
const INTERVAL: Duration = Duration::from_secs(60);
/// Every acquaintance begins with one or two.
const UNPROVEN_AT_FIRST: u64 = 5;

/// Counts refusals and says when one is worth a line.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    counted: HashMap<(Discriminant<Refusal>, Link), Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    unlogged: u64,
    logged: Option<Moment>,
}

impl Refusals {
    /// Counts one; answers with the number since the last line if it is time for another.
    pub(crate) fn note(&mut self, refusal: Refusal, link: Link, now: Moment) -> Option<u64> {
        let counted = self.counted.entry((discriminant(&refusal), link)).or_default();
        counted.unlogged += 1;
        let due = match counted.logged {
            Some(logged) => now >= logged + INTERVAL,
            None => refusal != Refusal::Unproven || counted.unlogged >= UNPROVEN_AT_FIRST,
        };
        due.then(|| {
            counted.logged = Some(now);
            std::mem::take(&mut counted.unlogged)
        })
    }

    /// A session of the partner is believed: the next one begins anew.
    pub(crate) fn forget_unproven(&mut self) {
        self.counted.retain(|(kind, _), _| *kind != discriminant(&Refusal::Unproven));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_minute_for_each_kind_and_link() {
        let mut refusals = Refusals::default();
        let second = Duration::from_secs;
        assert_eq!(refusals.note(Refusal::Unsigned, Link::Public, second(1)), Some(1));
        assert_eq!(refusals.note(Refusal::Unsigned, Link::Private, second(1)), Some(1));
        assert_eq!(refusals.note(Refusal::Forged { id: 1 }, Link::Public, second(1)), Some(1));
        for id in 2..60 {
            assert_eq!(refusals.note(Refusal::Forged { id }, Link::Public, second(2)), None);
        }
        assert_eq!(refusals.note(Refusal::Forged { id: 1 }, Link::Public, second(61)), Some(59));
    }

    #[test]
    fn the_beginning_of_an_acquaintance_is_not_worth_a_line() {
        let mut refusals = Refusals::default();
        let mut note = || refusals.note(Refusal::Unproven, Link::Public, Moment::ZERO);
        assert_eq!([note(), note(), note(), note()], [None; 4]);
        assert_eq!(note(), Some(5));
        refusals.forget_unproven();
        assert_eq!(refusals.note(Refusal::Unproven, Link::Public, Moment::ZERO), None);
    }
}
