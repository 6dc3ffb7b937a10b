//! Asking lvsd.

use std::path::PathBuf;
use std::time::Duration;

use control::command::{Answer, Command};
use control::status::Status;

use crate::daemon::{Daemon, Error};
use crate::printable;

/// lvsd, which runs on the active router only.
#[derive(Debug)]
pub(crate) struct Lvsd(Daemon);

impl Lvsd {
    pub(crate) fn at(socket: PathBuf, patience: Duration) -> Self {
        let absent = "lvsd does not run on this router. pulse runs it on the active router only: is this the active \
                      one? `piranhactl status` tells, if pulse runs here";
        Self(Daemon { name: "lvsd", socket, option: "--socket", patience, absent })
    }

    /// How long it may be silent.
    pub(crate) fn patience(&self) -> Duration {
        self.0.patience
    }

    /// Everything that lvsd knows.
    pub(crate) async fn status(&self) -> Result<Status, Error> {
        match self.ask(Command::Status).await? {
            Answer::Status(status) => Ok(*status),
            _ => Err(self.0.beside_the_point()),
        }
    }

    /// Everything that lvsd knows, in its own JSON.
    pub(crate) async fn status_as_json(&self) -> Result<String, Error> {
        self.0.as_json(Command::Status).await
    }

    /// Has something done; lvsd says what.
    pub(crate) async fn done(&self, command: Command) -> Result<String, Error> {
        match self.ask(command).await? {
            Answer::Done { message } => Ok(message),
            _ => Err(self.0.beside_the_point()),
        }
    }

    /// Changes of the kernel's table, and remarks.
    pub(crate) async fn operations(&self, command: Command) -> Result<(Vec<String>, Vec<String>), Error> {
        match self.ask(command).await? {
            Answer::Operations { operations, remarks } => Ok((operations, remarks)),
            _ => Err(self.0.beside_the_point()),
        }
    }

    async fn ask(&self, command: Command) -> Result<Answer, Error> {
        match printable::answer(self.0.exchange(command).await?) {
            Answer::Refused { reason } => Err(self.0.refused(reason)),
            answer => Ok(answer),
        }
    }
}
