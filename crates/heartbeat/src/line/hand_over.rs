//! The lines of a planned hand-over. Piranha has none of them.

use super::{Seconds, Severity};
use crate::machine::Obstacle;
use std::fmt;
use std::time::Duration;

/// A log line about a planned hand-over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOverLine {
    /// An administrator wants the other router to serve.
    Asked,
    /// But that is not possible.
    Refused(Obstacle),
    /// This router leaves as soon as the partner is prepared.
    Offered,
    /// It is.
    PartnerPrepared {
        /// How long that was waited for.
        waited: Duration,
    },
    /// It is not, and this router ends all the same.
    NotWaitedFor(Obstacle),
    /// It is not, and this router goes on serving; or it was, and does not serve.
    GivenUp(Obstacle),
    /// The partner wants to leave, or this router shall serve: lvsd is started before.
    Preparing,
    /// The table is programmed.
    Prepared {
        /// Time that lvsd took.
        took: Duration,
    },
    /// lvsd is not needed, or does not run.
    NotPrepared(Obstacle),
}

impl HandOverLine {
    pub(super) fn severity(self) -> Severity {
        match self {
            Self::Asked
            | Self::Offered
            | Self::PartnerPrepared { .. }
            | Self::Preparing
            | Self::Prepared { .. } => Severity::Info,
            Self::Refused(_) | Self::NotWaitedFor(_) | Self::GivenUp(_) | Self::NotPrepared(_) => {
                Severity::Warning
            }
        }
    }
}

impl fmt::Display for HandOverLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("an administrator wants the other router to serve"),
            Self::Refused(obstacle) => write!(f, "no hand-over: {obstacle}"),
            Self::Offered => f.write_str("handing over: waiting until the partner is prepared"),
            Self::PartnerPrepared { waited } => {
                write!(f, "the partner is prepared: leaving waited={}", Seconds(*waited))
            }
            Self::NotWaitedFor(obstacle) => write!(f, "leaving without a prepared partner: {obstacle}"),
            Self::GivenUp(obstacle) => write!(f, "hand-over given up: {obstacle}"),
            Self::Preparing => f.write_str("preparing to take over: starting lvsd"),
            Self::Prepared { took } => write!(f, "prepared to take over took={}", Seconds(*took)),
            Self::NotPrepared(obstacle) => write!(f, "no longer prepared to take over: {obstacle}"),
        }
    }
}
