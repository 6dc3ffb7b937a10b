//! What piranha-helper answers.

use serde::{Deserialize, Serialize};

use super::file::Fingerprint;

/// What piranha-helper answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`super::Command::Able`].
    Able(Able),
    /// To [`super::Command::Save`]: the file is on the disk.
    Saved {
        /// Its serial number now.
        serial_no: i32,
        /// Of all of it; the expected one if nothing was to be changed.
        fingerprint: Fingerprint,
    },
    /// To [`super::Command::Save`]: not done, since the file is another one than the edit was made from.
    Changed {
        /// Of the file that is there.
        fingerprint: Fingerprint,
    },
    /// To the other commands: it is done.
    Done {
        /// What came of it, for people, in one or more lines.
        message: String,
    },
    /// It is not done.
    Refused {
        /// Why, for people: what was tried, what is wrong, what to do. One or more lines.
        reason: String,
    },
}

/// What is possible: for each command nothing, or why it is not, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Able {
    /// Of [`super::Command::Save`].
    pub save: Option<String>,
    /// Of [`super::Command::Reload`].
    pub reload: Option<String>,
    /// Of [`super::Command::Restart`].
    pub restart: Option<String>,
    /// Of [`super::Command::Start`].
    pub start: Option<String>,
    /// Of [`super::Command::Stop`].
    pub stop: Option<String>,
    /// Of [`super::Command::CopyToBackup`].
    pub copy_to_backup: Option<String>,
}
