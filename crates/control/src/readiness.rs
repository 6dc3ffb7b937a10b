//! lvsd to pulse: the kernel's table is programmed, and how many real servers serve.
//!
//! pulse holds the other end as long as it lives, so the end of the stream tells lvsd that pulse is gone. fos gets such
//! a socket, too, for that end alone: it says nothing.

use serde::de::IgnoredAny;
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
    /// The real servers of all active virtual servers have changed.
    RealServers {
        /// Those that get connections.
        up: u32,
        /// Those that could.
        configured: u32,
    },
}

/// What pulse hears: it may be started by one release, and lvsd by the next one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Heard {
    /// What this release knows.
    Known(FromLvsd),
    /// What it does not, and skips.
    Unknown(IgnoredAny),
}

impl Heard {
    /// The message, if it is known.
    pub fn known(self) -> Option<FromLvsd> {
        match self {
            Self::Known(message) => Some(message),
            Self::Unknown(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FromLvsd, Heard};
    use crate::lines::Decoder;

    #[test]
    fn what_a_later_release_says_is_skipped() {
        let lines = b"{\"ready\":{\"services\":2,\"failed\":[]}}\n{\"weather\":{\"sunny\":true}}\n\"rain\"\n\
            {\"real_servers\":{\"up\":1,\"configured\":3,\"of_a_later_release\":0}}\n";
        let heard = Decoder::default().feed::<Heard>(lines).unwrap();
        let known: Vec<_> = heard.into_iter().filter_map(Heard::known).collect();
        let ready = FromLvsd::Ready { services: 2, failed: Vec::new() };
        assert_eq!(known, [ready, FromLvsd::RealServers { up: 1, configured: 3 }]);
    }
}
