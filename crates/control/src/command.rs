//! What an administrator asks of lvsd over its control socket: `docs/control.md`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::overview::Overview;
use crate::request::Question;
use crate::status::{Status, VirtualServer};

/// Where lvsd listens: a stream socket, mode 0660, owner root, group piranha.
pub const SOCKET: &str = "/run/piranha/lvsd.sock";

/// What can be asked of lvsd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Tell everything that is known: [`Answer::Status`].
    Status,
    /// Tell of all virtual servers in short, for those that ask again and again: [`Answer::Overview`].
    Overview,
    /// Tell all that is known of one virtual server, but for its last checks: [`Answer::VirtualServer`].
    VirtualServer {
        /// Which: its name in the file, its `ADDRESS:PORT`, or the kernel's service (`-f 7`).
        virtual_server: String,
    },
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

impl Question for Command {
    const DAEMON: &'static str = "lvsd";
    type Answer = Answer;

    fn refused(reason: String) -> Answer {
        Answer::Refused { reason }
    }
}

/// As an administrator says it: `drain web/one`.
impl fmt::Display for Command {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status => out.write_str("status"),
            Self::Overview => out.write_str("overview"),
            Self::VirtualServer { virtual_server } => write!(out, "virtual_server {virtual_server}"),
            Self::Drain { real_server, deadline_ms: None } => write!(out, "drain {real_server}"),
            Self::Drain { real_server, deadline_ms: Some(deadline) } => {
                write!(out, "drain {real_server} --deadline {}s", deadline.div_ceil(1000))
            }
            Self::Undrain { real_server } => write!(out, "undrain {real_server}"),
            Self::Disable { real_server } => write!(out, "disable {real_server}"),
            Self::Enable { real_server } => write!(out, "enable {real_server}"),
            Self::Weight { real_server, weight: Some(weight) } => {
                write!(out, "weight {real_server} {weight}")
            }
            Self::Weight { real_server, weight: None } => write!(out, "weight {real_server} default"),
            Self::Up { real_server } => write!(out, "up {real_server}"),
            Self::Down { real_server } => write!(out, "down {real_server}"),
            Self::Release { real_server } => write!(out, "release {real_server}"),
            Self::Diff => out.write_str("diff"),
            Self::Reload => out.write_str("reload"),
            Self::Repair => out.write_str("repair"),
        }
    }
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
    /// To [`Command::Overview`].
    Overview(Box<Overview>),
    /// To [`Command::VirtualServer`].
    VirtualServer(Box<VirtualServer>),
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

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;
    use serde_json::{Value, json};

    use super::Command;
    use crate::request::Request;

    fn understand(line: &Value) -> Result<Command, String> {
        Request::understand(&to_raw_value(line).unwrap())
    }

    #[test]
    fn a_request_is_one_object() {
        let drain =
            json!({"version": 1, "command": {"drain": {"real_server": "web/one", "deadline_ms": 1500}}});
        let command = understand(&drain).unwrap();
        assert_eq!(command, Command::Drain { real_server: "web/one".to_owned(), deadline_ms: Some(1500) });
        assert_eq!(command.to_string(), "drain web/one --deadline 2s");
        let weight = Command::Weight { real_server: "web/one".to_owned(), weight: None };
        assert_eq!(weight.to_string(), "weight web/one default");
        let status = understand(&json!({"version": 1, "command": "status"})).unwrap();
        assert_eq!(status, Command::Status);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_a_reason() {
        let refused = |line| understand(&line).unwrap_err();
        insta::assert_snapshot!(refused(json!({"version": 2, "command": "dance"})), @"this lvsd speaks version 1 of the control protocol, the request names version 2: use the piranhactl of lvsd's release");
        insta::assert_snapshot!(refused(json!(["status"])), @"this lvsd speaks version 1 of the control protocol, the request names no version: use the piranhactl of lvsd's release");
        assert_eq!(refused(json!([1, "status"])), refused(json!(["status"])), "no object");
        insta::assert_snapshot!(refused(json!({"version": 1, "command": "dance"})), @"not a request of version 1 of the control protocol: unknown variant `dance`, expected one of `status`, `overview`, `virtual_server`, `drain`, `undrain`, `disable`, `enable`, `weight`, `up`, `down`, `release`, `diff`, `reload`, `repair`");
        insta::assert_snapshot!(refused(json!({"version": 1, "command": {"drain": {"real_server": 7}}})), @"not a request of version 1 of the control protocol: invalid type: integer `7`, expected a string");
    }
}
