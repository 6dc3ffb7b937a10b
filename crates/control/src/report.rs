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
}
