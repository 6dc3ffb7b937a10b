//! Why there is no hand-over, and what to do about it.

use crate::line::Seconds;
use std::fmt;
use std::time::Duration;

/// Why there is no hand-over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// There is no partner (`backup_active = 0`).
    Alone,
    /// The partner is not heard.
    NotHeard,
    /// The partner does not say that it can.
    PartnerUnable,
    /// The partner is active, too.
    BothActive,
    /// The partner is inactive, too.
    NoneActive,
    /// This router may not serve now.
    Unable,
    /// lvsd does not run here.
    LvsdFailed,
    /// The partner has not answered in time.
    NoAnswer {
        /// How long was waited.
        waited: Duration,
    },
    /// The partner offers the service no more.
    TakenBack,
    /// The partner got the service and did not take it.
    NotTaken,
    /// Another one is under way.
    UnderWay,
    /// This router is on its way out.
    Leaving,
    /// `service = fos`.
    Fos,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alone => f.write_str("this router has no partner (backup_active = 0)"),
            Self::NotHeard => f.write_str("the partner is not heard"),
            Self::PartnerUnable => f.write_str(
                "the partner does not say that it can: it is an older pulse, or a link or lvsd has failed there (see its log)",
            ),
            Self::BothActive => f.write_str("the partner is active, too"),
            Self::NoneActive => f.write_str("the partner is not active"),
            Self::Unable => f.write_str("this router cannot serve: a link or lvsd has failed here (see the log)"),
            Self::LvsdFailed => f.write_str("lvsd does not run here (see the log)"),
            Self::NoAnswer { waited } => {
                write!(f, "the partner has not answered within {}", Seconds(*waited))
            }
            Self::TakenBack => f.write_str("the partner goes on serving (see its log)"),
            Self::NotTaken => f.write_str("the partner was given the service and does not serve (see its log)"),
            Self::UnderWay => f.write_str("another one is under way"),
            Self::Leaving => f.write_str("this router stops serving for another reason"),
            Self::Fos => f.write_str("with service = fos the services move when pulse is stopped where they run"),
        }
    }
}
