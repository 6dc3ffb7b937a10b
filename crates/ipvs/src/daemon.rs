//! Sync daemons: kernel threads that carry connections from the active router to its partner.

use std::{fmt, net::IpAddr};

/// Which of the two sync daemons. Both may run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SyncRole {
    /// Sends this router's connections.
    Master,
    /// Receives the partner's connections.
    Backup,
}

impl fmt::Display for SyncRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SyncRole::Master => "master",
            SyncRole::Backup => "backup",
        })
    }
}

/// A sync daemon, running or to be started. What is None is the kernel's choice when it starts one, and is known
/// for a running one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncDaemon {
    /// Which of the two.
    pub role: SyncRole,
    /// Interface, up, at most 15 bytes.
    pub interface: String,
    /// Sync id; a backup with 0 takes every id.
    pub id: u8,
    /// Longest UDP payload in bytes; from the interface's MTU unless given.
    pub max_length: Option<u16>,
    /// Multicast group; 224.0.0.81 unless given.
    pub group: Option<IpAddr>,
    /// UDP port; 8848 unless given.
    pub port: Option<u16>,
    /// Time to live; 1 unless given.
    pub ttl: Option<u8>,
}

impl SyncDaemon {
    /// A sync daemon with the kernel's own choices.
    pub fn new(role: SyncRole, interface: impl Into<String>, id: u8) -> SyncDaemon {
        SyncDaemon {
            role,
            interface: interface.into(),
            id,
            max_length: None,
            group: None,
            port: None,
            ttl: None,
        }
    }
}
