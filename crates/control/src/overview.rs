//! What lvsd tells of all virtual servers in short, for those that ask again and again: `docs/control.md`.
//!
//! Nobody but the kernel is asked for it, and it is a third of a [`Status`](crate::status::Status).

use serde::{Deserialize, Serialize};

use crate::status::{Failure, State, UnixMillis};

/// All virtual servers in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// lvsd's release.
    pub release: String,
    /// lvsd's process.
    pub pid: u32,
    /// When lvsd started.
    pub started: UnixMillis,
    /// `serial_no` of the file in force.
    pub serial_no: i32,
    /// When the file in force was read.
    pub loaded: UnixMillis,
    /// Why the file was refused when it was read last, if it was; the one before is in force.
    pub refused: Option<String>,
    /// Operations on the kernel's table that have put right what somebody else had changed, since lvsd started.
    pub repairs: u64,
    /// In the order of the file; the active ones.
    pub virtual_servers: Vec<VirtualServer>,
}

/// An active virtual server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualServer {
    /// Its name in the file.
    pub name: String,
    /// The kernel's service in the notation of ipvsadm(8): `-t 10.0.0.1:80`, `-f 7`.
    pub service: String,
    /// Scheduler.
    pub scheduler: String,
    /// What the kernel said when it refused the service.
    pub trouble: Option<String>,
    /// The sorry server answers.
    pub sorry: bool,
    /// Real servers that get connections.
    pub up: u32,
    /// What the kernel counted for the service since it was made.
    pub counters: Counters,
    /// Its active real servers, in the order of the file.
    pub real_servers: Vec<RealServer>,
}

/// An active real server of a virtual server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealServer {
    /// Its name in the file.
    pub name: String,
    /// Address and port that are checked.
    pub address: String,
    /// What its checks say.
    pub state: State,
    /// Since when they say so.
    pub since: UnixMillis,
    /// The last failure, in words, and when it took the real server out of service; kept when it is up again.
    pub last_failure: Option<Failure>,
    /// What somebody decided about it, if anything.
    pub decision: Option<Decision>,
    /// Its weight in the kernel's table; none: it is not there.
    pub weight: Option<u32>,
    /// Connections in an established state.
    pub active_connections: u32,
    /// Connections in any other state.
    pub inactive_connections: u32,
    /// What the kernel counted for it since its entry was made.
    pub counters: Counters,
}

/// What somebody decided about a real server; of several the first that is listed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Down whatever its checks would say.
    Down,
    /// Up whatever its checks would say.
    Up,
    /// Out of service.
    Disable,
    /// No new connections.
    Drain,
    /// Another weight than the file's.
    Weight,
}

/// Connections, packets to real servers, packets from them, bytes to real servers, bytes from them: a list of five numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "[u64; 5]", into = "[u64; 5]")]
pub struct Counters {
    /// Connections.
    pub connections: u64,
    /// Packets to real servers.
    pub packets_in: u64,
    /// Packets from real servers; 0 with direct routing and tunnels.
    pub packets_out: u64,
    /// Bytes to real servers.
    pub bytes_in: u64,
    /// Bytes from real servers; 0 with direct routing and tunnels.
    pub bytes_out: u64,
}

impl From<[u64; 5]> for Counters {
    fn from([connections, packets_in, packets_out, bytes_in, bytes_out]: [u64; 5]) -> Self {
        Self { connections, packets_in, packets_out, bytes_in, bytes_out }
    }
}

impl From<Counters> for [u64; 5] {
    fn from(it: Counters) -> Self {
        [it.connections, it.packets_in, it.packets_out, it.bytes_in, it.bytes_out]
    }
}
