//! What piranha-gui, which runs as user piranha, asks of piranha-helper, which runs as root: `docs/control.md`.
//!
//! Only these verbs, and nothing from the browser but a file (specification gui.md 11).

mod answer;
mod file;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::request::Question;

pub use answer::{Able, Answer};
pub use file::{Bytes, Fingerprint, NotAFingerprint, NotOneLine, OneLine};

/// Where piranha-helper listens: a stream socket, mode 0660, owner root, group piranha.
pub const SOCKET: &str = "/run/piranha/helper.sock";

/// Longest request, in bytes without its line feed: a file of 40,000 real servers has some 5 MB.
pub const LONGEST_REQUEST: usize = 16 << 20;

/// What can be asked of piranha-helper. `client` is the address of the browser, for the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Tell what is possible: [`Answer::Able`].
    Able,
    /// Put this in the place of lvs.cf, with `serial_no` one above that of the file that is there, whatever this one
    /// says: [`Answer::Saved`], or [`Answer::Changed`].
    Save {
        /// The edited file.
        file: Bytes,
        /// Of the file that it was made from.
        expected: Fingerprint,
        /// Who did it.
        client: IpAddr,
        /// What was done, for the log and the list of versions.
        what: OneLine,
    },
    /// SIGHUP to pulse: [`Answer::Done`], as to the others.
    Reload {
        /// Who did it.
        client: IpAddr,
    },
    /// As `service pulse restart`.
    Restart {
        /// Who did it.
        client: IpAddr,
    },
    /// As `service pulse start`.
    Start {
        /// Who did it.
        client: IpAddr,
    },
    /// As `service pulse stop`.
    Stop {
        /// Who did it.
        client: IpAddr,
    },
    /// As `piranhactl sync`.
    CopyToBackup {
        /// Who did it.
        client: IpAddr,
    },
}

impl Question for Command {
    const DAEMON: &'static str = "piranha-helper";
    const ASKED_BY: &'static str = "piranha-gui";
    const LONGEST_REQUEST: usize = LONGEST_REQUEST;
    type Answer = Answer;

    fn refused(reason: String) -> Answer {
        Answer::Refused { reason }
    }
}
