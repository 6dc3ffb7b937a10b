//! Asking pulse.

use std::path::PathBuf;
use std::time::Duration;

use control::pulse::{Answer, Command, Status};

use crate::daemon::{Daemon, Error};
use crate::printable;

/// pulse, which runs on both routers.
#[derive(Debug)]
pub(crate) struct Pulse(Daemon);

impl Pulse {
    pub(crate) fn at(socket: PathBuf, patience: Duration) -> Self {
        let absent = "pulse does not run on this router: `service pulse start` starts it";
        Self(Daemon { name: "pulse", socket, option: "--pulse-socket", patience, absent })
    }

    /// Everything that pulse knows.
    pub(crate) async fn status(&self) -> Result<Status, Error> {
        match printable::answer_of_pulse(self.0.exchange(Command::Status).await?) {
            Answer::Status(status) => Ok(*status),
            Answer::Done { .. } => Err(self.0.beside_the_point()),
            Answer::Refused { reason } => Err(self.0.refused(reason)),
        }
    }

    /// Makes the other router the active one; answers with which one that is.
    pub(crate) async fn failover(&self) -> Result<String, Error> {
        match printable::answer_of_pulse(self.0.exchange(Command::Failover).await?) {
            Answer::Done { message } => Ok(message),
            Answer::Status(_) => Err(self.0.beside_the_point()),
            Answer::Refused { reason } => Err(self.0.refused(reason)),
        }
    }

    /// Everything that pulse knows, in its own JSON.
    pub(crate) async fn status_as_json(&self) -> Result<String, Error> {
        self.0.as_json(Command::Status).await
    }
}
