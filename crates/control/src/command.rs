//! What an administrator asks of lvsd over its control socket: `docs/control.md`.
//!
//! One JSON object a line in both directions, one [`Answer`] for each [`Request`], in order.

use serde::{Deserialize, Serialize};

use crate::status::Status;

/// Where lvsd listens: a stream socket, mode 0660, owner root, group piranha.
pub const SOCKET: &str = "/run/piranha/lvsd.sock";

/// The version of this protocol. A new field or command does not change it, another meaning does.
pub const VERSION: u32 = 1;

/// One line from an administrator's program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// [`VERSION`] of whoever asks. lvsd refuses another one.
    pub version: u32,
    /// What is asked.
    pub command: Command,
}

/// What can be asked of lvsd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Tell everything that is known: [`Answer::Status`].
    Status,
    /// Give a real server no new connections, until [`Command::Undrain`].
    Drain {
        /// Which real server.
        real_server: RealServerName,
        /// Milliseconds that its connections are waited for; what is left then is cut off. None: for ever.
        deadline_ms: Option<u64>,
    },
    /// Take a drain back.
    Undrain {
        /// Which real server.
        real_server: RealServerName,
    },
    /// Take a real server out of service, until [`Command::Enable`]; its checks go on.
    Disable {
        /// Which real server.
        real_server: RealServerName,
    },
    /// Take a [`Command::Disable`] back.
    Enable {
        /// Which real server.
        real_server: RealServerName,
    },
    /// Use another weight than the file's.
    Weight {
        /// Which real server.
        real_server: RealServerName,
        /// The weight, 0 to 65535. None: the file's again.
        weight: Option<u32>,
    },
    /// Put a real server into service whatever its checks would say, until [`Command::Release`] (SIGUSR2 to its nanny).
    Up {
        /// Which real server.
        real_server: RealServerName,
    },
    /// Take it out of service whatever its checks would say, until [`Command::Release`] (SIGUSR1 to its nanny).
    Down {
        /// Which real server.
        real_server: RealServerName,
    },
    /// Let its checks decide again (SIGHUP to its nanny).
    Release {
        /// Which real server.
        real_server: RealServerName,
    },
    /// Tell what a reload would change in the kernel's table, and change nothing: [`Answer::Operations`].
    Diff,
    /// Read the file again, as at SIGHUP: [`Answer::Operations`] tells what was changed.
    Reload,
    /// Compare the kernel's table with what is wanted, and repair it: [`Answer::Operations`] tells what was changed.
    Repair,
}

/// `VIRTUAL/REAL`: the names of the sections in lvs.cf. Where a name is missing or not unique, `ADDRESS:PORT` stands in
/// its place.
pub type RealServerName = String;

/// What lvsd answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`Command::Status`].
    Status(Box<Status>),
    /// It is done; or it was so before.
    Done {
        /// What has changed, for people: a line without its end.
        message: String,
    },
    /// Changes of the kernel's table in the notation of ipvsadm(8), for example `-d -t 10.0.0.1:80 -r 10.0.1.2:80`.
    Operations {
        /// The changes, in the order in which they are made.
        operations: Vec<String>,
        /// What else is to be said, for people: warnings of the file, changes that the kernel refused.
        remarks: Vec<String>,
    },
    /// It is not done.
    Refused {
        /// Why, for people: what was tried, what is wrong, what to do. One or more lines.
        reason: String,
    },
}
