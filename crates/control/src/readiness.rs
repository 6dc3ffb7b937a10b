//! lvsd to pulse: the kernel's table is programmed.
//!
//! pulse holds the other end as long as it lives, so the end of the stream tells lvsd that pulse is gone. fos gets such
//! a socket, too, for that end alone: it says nothing.

use serde::{Deserialize, Serialize};

/// Environment variable with the number of the descriptor that lvsd writes to, and whose end fos waits for.
pub const DESCRIPTOR: &str = "PIRANHA_READY_FD";

/// What lvsd says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromLvsd {
    /// Every virtual server that could be programmed is in the kernel's table.
    Ready {
        /// Virtual services in the table.
        services: usize,
        /// Names of the virtual servers that could not be programmed; lvsd tries them again.
        failed: Vec<String>,
    },
}
