//! Asking a daemon, and what to say when it does not answer.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use control::lines;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use service::inquiry;

use crate::printable;
use crate::time::span;

/// Where a daemon is asked.
#[derive(Debug, Clone)]
pub(crate) struct Daemon {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its control socket.
    pub(crate) socket: PathBuf,
    /// The option that names it.
    pub(crate) option: &'static str,
    /// How long it may be silent.
    pub(crate) patience: Duration,
    /// What to do if there is no such socket.
    pub(crate) absent: &'static str,
}

/// Why there is no answer, or not the wished one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot reach {} at {}: {reason}\n{}", of.name, of.socket.display(), advice(of, reason))]
    Unreachable { of: Daemon, reason: io::Error },
    #[error("{} was asked at {} and said nothing for {}: it is stopped or very busy; its log may tell why", of.name, of.socket.display(), span(*millis))]
    Silent { of: Daemon, millis: u64 },
    #[error("{} closed the connection at {} before it had answered: its log may tell why", of.name, of.socket.display())]
    Closed { of: Daemon },
    #[error("the connection with {} at {} broke: {reason}", of.name, of.socket.display())]
    Broken { of: Daemon, reason: io::Error },
    #[error("cannot understand what answers at {}: {reason}\nis it {} of release {}, as this piranhactl?", of.socket.display(), of.name, env!("CARGO_PKG_VERSION"))]
    Nonsense { of: Daemon, reason: lines::Error },
    #[error("{} at {} answered something else than what it was asked", of.name, of.socket.display())]
    BesideThePoint { of: Daemon },
    #[error("{} refused: {reason}", of.name)]
    Refused { of: Daemon, reason: String },
}

/// What to do when a daemon cannot be reached.
fn advice(of: &Daemon, reason: &io::Error) -> String {
    let Daemon { name, option, absent, .. } = of;
    match reason.kind() {
        io::ErrorKind::NotFound => (*absent).to_owned(),
        io::ErrorKind::ConnectionRefused => format!(
            "nobody listens there: {name} was killed and not started again. `service pulse status` tells whether pulse \
             runs here"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "only root and members of the group piranha may ask {name}: `usermod -a -G piranha USER`, then log in again"
        ),
        io::ErrorKind::WouldBlock => format!("too many programs ask {name} at once: try again"),
        _ => format!("{option} names the socket that {name} listens on"),
    }
}

/// An answer with the status as the daemon wrote it, with fields that this release does not know.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verbatim {
    Status(Box<RawValue>),
    Refused { reason: String },
}

impl Daemon {
    /// Everything that it knows, in its own JSON.
    pub(crate) async fn as_json(&self, status: impl Serialize) -> Result<String, Error> {
        match self.exchange(status).await? {
            Verbatim::Status(status) => Ok(printable::json(status.get())),
            Verbatim::Refused { reason } => Err(self.refused(printable::lines(&reason))),
        }
    }

    /// It does not do what it is asked.
    pub(crate) fn refused(&self, reason: String) -> Error {
        Error::Refused { of: self.clone(), reason }
    }

    /// It has not understood what it was asked.
    pub(crate) fn beside_the_point(&self) -> Error {
        Error::BesideThePoint { of: self.clone() }
    }

    /// Asks one thing.
    pub(crate) async fn exchange<A: DeserializeOwned>(&self, command: impl Serialize) -> Result<A, Error> {
        inquiry::ask(&self.socket, command, self.patience).await.map_err(|error| self.no_answer(error))
    }

    fn no_answer(&self, error: inquiry::Error) -> Error {
        let of = self.clone();
        match error {
            inquiry::Error::Unreachable(reason) => Error::Unreachable { of, reason },
            inquiry::Error::Silent(time) => {
                Error::Silent { of, millis: u64::try_from(time.as_millis()).unwrap_or(u64::MAX) }
            }
            inquiry::Error::Closed => Error::Closed { of },
            inquiry::Error::Broken(reason) => Error::Broken { of, reason },
            inquiry::Error::Nonsense(reason) => Error::Nonsense { of, reason },
        }
    }
}
