//! What lvsd knows of itself, its virtual servers and their real servers: `docs/control.md`.
//!
//! A reader skips fields that it does not know; no field is ever given another meaning.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::report::{Forced, LastCheck};

/// Milliseconds since 1970-01-01 00:00 UTC, by the clock of the router.
pub type UnixMillis = u64;

/// Everything that lvsd tells about its work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// lvsd's release.
    pub release: String,
    /// lvsd's process.
    pub pid: u32,
    /// When lvsd started.
    pub started: UnixMillis,
    /// The file, as lvsd was given it.
    pub file: String,
    /// `serial_no` of the file in force.
    pub serial_no: i32,
    /// When the file in force was read.
    pub loaded: UnixMillis,
    /// Why the file was refused when it was read last, if it was; the one before is in force.
    pub refused: Option<String>,
    /// Who checks the real servers.
    pub monitors: Monitors,
    /// In the order of the file; the active ones.
    pub virtual_servers: Vec<VirtualServer>,
    /// What somebody decided about real servers that are not in the file now, by the names that they had (`web/one`).
    /// It holds again when they return.
    #[serde(default)]
    pub absent: BTreeMap<String, Operator>,
    /// Services in the kernel's table that are not in the file and are left alone, in the notation of ipvsadm(8).
    pub strangers: Vec<String>,
    /// Operations on the kernel's table that have put right what somebody else had changed, since lvsd started.
    pub repairs: u64,
}

/// Who checks the real servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitors {
    /// One process checks them all.
    pub pool: bool,
    /// Processes that run.
    pub processes: usize,
    /// Real servers that are checked.
    pub watched: usize,
}

/// An active virtual server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VirtualServer {
    /// Its name in the file.
    pub name: String,
    /// Its address and port in the file, if it has them: one with a firewall mark need not.
    pub address: Option<String>,
    /// The kernel's service in the notation of ipvsadm(8): `-t 10.0.0.1:80`, `-f 7`. Virtual servers with one firewall
    /// mark share a service.
    pub service: String,
    /// Scheduler.
    pub scheduler: String,
    /// Seconds that a client stays with its real server, if it does.
    pub persistence: Option<u64>,
    /// What the kernel said when it refused the service, which is tried again each second.
    pub trouble: Option<String>,
    /// Address of its sorry server, if it has one.
    pub sorry_server: Option<String>,
    /// The sorry server answers.
    pub sorry: bool,
    /// All that its real servers did.
    pub traffic: Traffic,
    /// Its active real servers, in the order of the file.
    pub real_servers: Vec<RealServer>,
}

/// An active real server of a virtual server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// What somebody decided in place of the checks.
    pub forced: Option<Forced>,
    /// What somebody decided beside the checks.
    pub operator: Operator,
    /// Its weights.
    pub weight: Weight,
    /// The last check, if there was one and its monitor answered in time.
    pub last_check: Option<LastCheck>,
    /// Connections in an established state.
    pub active_connections: u32,
    /// Connections in any other state.
    pub inactive_connections: u32,
    /// What it did.
    pub traffic: Traffic,
}

/// What the checks of a real server say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing yet.
    Unknown,
    /// It is well.
    Up,
    /// It is not.
    Down,
}

/// A bad check that took a real server out of service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    pub at: UnixMillis,
    /// What went wrong, in words.
    pub reason: String,
}

/// What somebody decided about a real server beside its checks. It survives reloads and restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Operator {
    /// No new connections.
    pub drain: Option<Drain>,
    /// Out of service.
    pub disabled: bool,
    /// In place of the file's weight.
    pub weight: Option<u32>,
}

/// A drain that somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drain {
    /// Since when.
    pub since: UnixMillis,
    /// When what is left is cut off; none: never.
    pub deadline: Option<UnixMillis>,
}

/// The weights of a real server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// In the file.
    pub file: u32,
    /// What lvsd wants in the kernel's table; none: the real server shall not be there.
    pub wanted: Option<u32>,
    /// What is in the kernel's table; none: it is not there.
    pub in_force: Option<u32>,
}

/// What passed through an entry of the kernel's table. What goes out is 0 with direct routing and tunnels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Traffic {
    /// Connections since the entry was made.
    pub connections: u64,
    /// Packets to real servers, likewise.
    pub packets_in: u64,
    /// Packets from real servers, likewise.
    pub packets_out: u64,
    /// Bytes to real servers, likewise.
    pub bytes_in: u64,
    /// Bytes from real servers, likewise.
    pub bytes_out: u64,
    /// Connections per second.
    pub connections_per_second: u64,
    /// Packets per second to real servers.
    pub packets_in_per_second: u64,
    /// Packets per second from real servers.
    pub packets_out_per_second: u64,
    /// Bytes per second to real servers.
    pub bytes_in_per_second: u64,
    /// Bytes per second from real servers.
    pub bytes_out_per_second: u64,
}
