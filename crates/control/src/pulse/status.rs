//! What pulse knows of both routers.
//!
//! A reader skips fields that it does not know; no field is ever given another meaning. Ages are milliseconds.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::status::UnixMillis;

/// Everything that pulse tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// pulse's release.
    pub release: String,
    /// pulse's process.
    pub pid: u32,
    /// When pulse started.
    pub started: UnixMillis,
    /// The file, as pulse was given it.
    pub file: String,
    /// `serial_no` of the file in force.
    pub serial_no: i32,
    /// The first half of the SHA-256 of the file in force, in hexadecimal digits.
    pub fingerprint: String,
    /// When the file in force was read.
    pub loaded: UnixMillis,
    /// Why the file was refused when it was read last, if it was; the one before is in force.
    pub refused: Option<String>,
    /// Which router this is.
    pub role: Role,
    /// What the active router does.
    pub service: Service,
    /// What this router does.
    pub state: State,
    /// Since when.
    pub since: UnixMillis,
    /// And why, in words.
    pub why: String,
    /// Until then it does not take the service back from a living partner.
    pub held_until: Option<UnixMillis>,
    /// The interval of its heartbeats, in milliseconds.
    pub keepalive_ms: u64,
    /// Silence after which its partner is dead to it, in milliseconds.
    pub deadtime_ms: u64,
    /// Whether it signs its heartbeats, and believes others.
    pub authentication: Authentication,
    /// The number of the key that it signs with.
    pub key: Option<u32>,
    /// The floating addresses, in the order in which they are raised.
    pub addresses: Vec<Address>,
    /// The real servers, as lvsd counts them while it runs.
    pub real_servers: Option<RealServers>,
    /// The heartbeat links, the public one first.
    pub links: Vec<Link>,
    /// The other router, if there is one.
    pub partner: Option<Partner>,
    /// The latest changes of state, the oldest first.
    pub transitions: Vec<Transition>,
}

/// Which router it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The one at `primary`.
    Primary,
    /// The one at `backup`.
    Backup,
}

/// What the active router does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Balances connections over real servers.
    Lvs,
    /// Runs the failover services.
    Fos,
}

/// What a router does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Stands by, and can take over.
    Ready,
    /// Owns the floating addresses, or is about to.
    Active,
    /// Stands by because of a link.
    LinkDown,
    /// Stands by because it could not serve.
    Failed,
    /// On the way from active to standing by.
    Leaving,
    /// On the way out.
    Ending,
}

/// What is done about signatures (`heartbeat_auth`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authentication {
    /// Nothing.
    Off,
    /// Heartbeats are signed; others count, with a log line.
    Verify,
    /// Only signed ones count.
    Require,
}

/// A floating address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The address.
    pub address: String,
    /// Its device in the file.
    pub device: String,
    /// Whether this router has it now; none if the kernel could not be asked.
    pub up: Option<bool>,
}

/// Real servers of all active virtual servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealServers {
    /// Those that get connections.
    pub up: u32,
    /// Those that could.
    pub configured: u32,
}

/// A heartbeat link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Which.
    pub name: LinkName,
    /// This router's address on it.
    pub own: String,
    /// The partner's, if there is one.
    pub partner: Option<String>,
    /// How long ago the partner was last heard on it; none if never since pulse started.
    pub heard_age_ms: Option<u64>,
    /// Whether nothing has been heard on it for `deadtime`.
    pub silent: bool,
    /// Whether its device can carry traffic, if that is watched (`monitor_links`).
    pub device_up: Option<bool>,
}

/// Which heartbeat link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkName {
    /// The one that carries the services, too.
    Public,
    /// The one between the two routers only.
    Private,
}

/// The other router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    /// Whether it has been heard within `deadtime`.
    pub alive: bool,
    /// How long ago it was last heard, on whichever link; none if never since pulse started.
    pub heard_age_ms: Option<u64>,
    /// Whether its heartbeats say that it is active; none if it is not alive.
    pub active: Option<bool>,
    /// Since when they say so.
    pub since: Option<UnixMillis>,
    /// What it says of itself beyond that, which Piranha's own pulse does not.
    pub report: Option<Report>,
}

/// What the partner says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How long ago it said so.
    pub age_ms: u64,
    /// The number of the key that it is signed with; none if anybody may have written it.
    pub key: Option<u32>,
    /// Which router it is.
    pub role: Option<Role>,
    /// What it does.
    pub state: Option<State>,
    /// Since when, as far as this router has heard.
    pub since: UnixMillis,
    /// The interval of its heartbeats.
    pub keepalive_ms: Option<u64>,
    /// Silence after which this router is dead to it.
    pub deadtime_ms: Option<u64>,
    /// `serial_no` of its file.
    pub serial_no: Option<i32>,
    /// The first half of the SHA-256 of its file.
    pub fingerprint: Option<String>,
    /// Whether that is this router's file, too.
    pub same_file: Option<bool>,
    /// The real servers, if it is active.
    pub real_servers: Option<RealServers>,
    /// Why it is no longer active, or ends.
    pub departure: Option<Departure>,
}

/// Why the partner is no longer active, or ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// A number for programs: `docs/heartbeat.md` lists them.
    pub reason: u8,
    /// For people.
    pub text: String,
}

/// A change of this router's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// When.
    pub at: UnixMillis,
    /// What it was.
    pub from: State,
    /// What it was then.
    pub to: State,
    /// Why, in words.
    pub why: String,
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Primary => "primary",
            Self::Backup => "backup",
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Ready => "ready",
            Self::Active => "active",
            Self::LinkDown => "link down",
            Self::Failed => "failed",
            Self::Leaving => "leaving",
            Self::Ending => "ending",
        })
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Public => "public",
            Self::Private => "private",
        })
    }
}
