//! What an administrator asks of pulse over its control socket: `docs/control.md`.

mod status;

use serde::{Deserialize, Serialize};

use crate::request::Question;

pub use status::{
    Address, Authentication, Departure, Link, LinkName, Partner, RealServers, Report, Role, Service, State,
    Status, Transition,
};

/// Where pulse listens: a stream socket, mode 0660, owner root, group piranha.
pub const SOCKET: &str = "/run/piranha/pulse.sock";

/// What can be asked of pulse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Tell everything that is known: [`Answer::Status`].
    Status,
    /// Make the router that is not active the active one. Answered when that is so: [`Answer::Done`].
    Failover,
}

/// What pulse answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`Command::Status`].
    Status(Box<Status>),
    /// To [`Command::Failover`]: it is done.
    Done {
        /// Which router serves now, in one line for people.
        message: String,
    },
    /// It is not done.
    Refused {
        /// Why, for people: what was tried, what is wrong, what to do. One or more lines.
        reason: String,
    },
}

impl Question for Command {
    const DAEMON: &'static str = "pulse";
    type Answer = Answer;

    fn refused(reason: String) -> Answer {
        Answer::Refused { reason }
    }
}
