//! Log lines about what the partner says of itself, and whether it is the partner. Piranha has none of them.

use crate::Moment;
use crate::authentication::Refusal;
use crate::event::Link;
use crate::line::Severity;
use crate::trailer::{Configuration, Departure};
use std::fmt;
use std::time::Duration;

/// A log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The partner signs with this key from now on.
    Authentic {
        /// Identifies it.
        key: u32,
    },
    /// Heartbeats that are not known to be the partner's own.
    NotAuthentic {
        /// Why.
        refusal: Refusal,
        /// On which link.
        link: Link,
        /// How many since the last such line.
        count: u64,
        /// Whether they count all the same.
        counts: bool,
    },
    /// The routers work by different files.
    FilesDiffer {
        /// This router's.
        own: Configuration,
        /// The other one's.
        partner: Configuration,
    },
    /// They did, and do no more.
    FilesAgree,
    /// The partner is no longer active, or ends.
    PartnerLeaves(Departure),
}

impl Notice {
    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Authentic { .. } | Self::FilesAgree | Self::PartnerLeaves(_) => Severity::Info,
            Self::NotAuthentic { .. } | Self::FilesDiffer { .. } => Severity::Warning,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authentic { key } => write!(f, "the partner's heartbeats are authentic key={key}"),
            Self::NotAuthentic { refusal, link, count, counts } => {
                let what = if *counts {
                    "heartbeat not authentic, believed all the same"
                } else {
                    "heartbeat refused"
                };
                write!(f, "{what}: {refusal} link={link} count={count}")
            }
            Self::FilesDiffer { own, partner } => write!(
                f,
                "lvs.cf differs from the partner's: make them equal (`piranhactl sync`) and reload both \
                 serial_no={} fingerprint={} partner_serial_no={} partner_fingerprint={}",
                own.serial, own.fingerprint, partner.serial, partner.fingerprint
            ),
            Self::FilesAgree => write!(f, "lvs.cf is the same as the partner's again"),
            Self::PartnerLeaves(Departure { code, text }) => {
                write!(f, "the partner leaves: {text} reason={code}")
            }
        }
    }
}

/// Where signatures do not matter, anybody can make the partner seem to change its mind as often as he likes.
#[derive(Debug, Default)]
pub(super) struct Budget {
    spent: u32,
    since: Moment,
}

impl Budget {
    const LINES: u32 = 10;
    const INTERVAL: Duration = Duration::from_secs(60);

    /// Whether another line may be logged.
    pub(super) fn allows(&mut self, now: Moment) -> bool {
        if now >= self.since + Self::INTERVAL {
            *self = Self { spent: 0, since: now };
        }
        self.spent += 1;
        self.spent <= Self::LINES
    }
}
