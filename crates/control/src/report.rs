//! nanny to lvsd: the state of one real server.
//!
//! lvsd speaks first, with one [`ToNanny::Begin`]. nanny ends when the stream ends: without lvsd nobody listens, and
//! nanny never writes to the kernel's table while it has a report socket.

use serde::{Deserialize, Serialize};

/// Environment variable with the number of the descriptor that nanny reports over. Without it nanny stands alone and
/// writes its own entry.
pub const DESCRIPTOR: &str = "PIRANHA_REPORT_FD";

/// What lvsd knows of the real server when a nanny starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// Nothing: one good check puts it into service, with slow start.
    Nothing,
    /// It is in service with this weight: no slow start from the beginning, no second "making available".
    Up {
        /// Weight in the kernel's table.
        weight: u32,
    },
    /// It was found dead: the whole re-entry time applies.
    Down,
}

/// What lvsd tells a nanny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToNanny {
    /// Always the first line: where to begin.
    Begin {
        /// State to begin with.
        known: Known,
    },
    /// Somebody decides in place of the checks, or lets them decide again (the coloured glasses of nanny.md 10).
    Force(Force),
    /// To be answered by one [`FromNanny::Checks`].
    Inquire,
}

/// What somebody decides about a real server by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Force {
    /// In service, whatever its checks would say.
    Up,
    /// Out of service, whatever its checks would say.
    Down,
    /// The checks decide again, from now on.
    Release,
}

/// What a nanny tells lvsd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromNanny {
    /// The real server goes into service.
    Up {
        /// First weight (slow start begins with 1/32 of the configured one).
        weight: u32,
    },
    /// The real server stays in service with another weight.
    Weight {
        /// The new weight.
        weight: u32,
    },
    /// The real server leaves service, or its first check was bad. lvsd removes or quiesces it.
    Down {
        /// The failed check in words, for status and log.
        reason: String,
        /// Somebody forced it down (SIGUSR1): it is removed even where dead real servers are quiesced.
        forced: bool,
    },
    /// The answer to [`ToNanny::Inquire`]. Told unasked when somebody has forced or released the state, by lvsd or by a
    /// signal.
    Checks(Checks),
}

/// How the checks of a real server go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Checks {
    /// What was decided by hand; no checks are made meanwhile.
    pub forced: Option<Forced>,
    /// The last check that came to its end.
    pub last: Option<LastCheck>,
}

/// A state that somebody decided on by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forced {
    /// In service.
    Up,
    /// Out of service.
    Down,
}

impl From<Forced> for Force {
    fn from(forced: Forced) -> Self {
        match forced {
            Forced::Up => Self::Up,
            Forced::Down => Self::Down,
        }
    }
}

/// One check of a real server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCheck {
    /// Milliseconds since its end.
    pub age_ms: u64,
    /// Microseconds from its beginning to its end.
    pub took_us: u64,
    /// What went wrong, in words; none if it was good.
    pub failure: Option<String>,
}
