//! Asking lvsd: one connection, one request, one answer.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use control::command::{Answer, Command};
use control::lines::{self, Decoder, encode};
use control::request::{Request, VERSION};
use control::status::Status;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::printable;
use crate::time::span;

/// Longest answer, in bytes: a quarter of a million real servers, each with its reason.
const LONGEST_ANSWER: usize = 256 * 1024 * 1024;

/// Where lvsd is asked.
#[derive(Debug)]
pub(crate) struct Lvsd {
    /// Its control socket.
    pub(crate) socket: PathBuf,
    /// How long it may be silent.
    pub(crate) patience: Duration,
}

/// Why there is no answer, or not the wished one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot reach lvsd at {}: {reason}\n{}", socket.display(), advice(reason))]
    Unreachable { socket: PathBuf, reason: io::Error },
    #[error("lvsd was asked at {} and said nothing for {}: it is stopped or very busy; its log may tell why", socket.display(), span(*millis))]
    Silent { socket: PathBuf, millis: u64 },
    #[error("lvsd closed the connection at {} before it had answered: its log may tell why", socket.display())]
    Closed { socket: PathBuf },
    #[error("the connection with lvsd at {} broke: {reason}", socket.display())]
    Broken { socket: PathBuf, reason: io::Error },
    #[error("cannot understand what answers at {}: {reason}\nis it an lvsd of release {}, as this piranhactl?", socket.display(), env!("CARGO_PKG_VERSION"))]
    Nonsense { socket: PathBuf, reason: lines::Error },
    #[error("lvsd at {} answered something else than what it was asked", socket.display())]
    BesideThePoint { socket: PathBuf },
    #[error("lvsd refused: {0}")]
    Refused(String),
}

/// What to do when lvsd cannot be reached.
fn advice(reason: &io::Error) -> &'static str {
    match reason.kind() {
        io::ErrorKind::NotFound => {
            "lvsd does not run on this router. pulse runs it on the active router only: is this the active one? \
             `service pulse status` tells whether pulse runs here"
        }
        io::ErrorKind::ConnectionRefused => {
            "nobody listens there: lvsd was killed and not started again. `service pulse status` tells whether pulse runs here"
        }
        io::ErrorKind::PermissionDenied => {
            "only root and members of the group piranha may ask lvsd: `usermod -a -G piranha USER`, then log in again"
        }
        io::ErrorKind::WouldBlock => "too many programs ask lvsd at once: try again",
        _ => "--socket names the socket that lvsd listens on",
    }
}

/// An answer with the status as lvsd wrote it, with fields that this release does not know.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verbatim {
    Status(Box<RawValue>),
    Refused { reason: String },
}

impl Lvsd {
    /// Everything that lvsd knows.
    pub(crate) async fn status(&self) -> Result<Status, Error> {
        match self.ask(Command::Status).await? {
            Answer::Status(status) => Ok(*status),
            _ => Err(Error::BesideThePoint { socket: self.socket.clone() }),
        }
    }

    /// Everything that lvsd knows, in its own JSON.
    pub(crate) async fn status_as_json(&self) -> Result<String, Error> {
        match self.exchange(Command::Status).await? {
            Verbatim::Status(status) => Ok(printable::json(status.get())),
            Verbatim::Refused { reason } => Err(Error::Refused(printable::lines(&reason))),
        }
    }

    /// Has something done; lvsd says what.
    pub(crate) async fn done(&self, command: Command) -> Result<String, Error> {
        match self.ask(command).await? {
            Answer::Done { message } => Ok(message),
            _ => Err(Error::BesideThePoint { socket: self.socket.clone() }),
        }
    }

    /// Changes of the kernel's table, and remarks.
    pub(crate) async fn operations(&self, command: Command) -> Result<(Vec<String>, Vec<String>), Error> {
        match self.ask(command).await? {
            Answer::Operations { operations, remarks } => Ok((operations, remarks)),
            _ => Err(Error::BesideThePoint { socket: self.socket.clone() }),
        }
    }

    async fn ask(&self, command: Command) -> Result<Answer, Error> {
        match printable::answer(self.exchange(command).await?) {
            Answer::Refused { reason } => Err(Error::Refused(reason)),
            answer => Ok(answer),
        }
    }

    async fn exchange<A: DeserializeOwned>(&self, command: Command) -> Result<A, Error> {
        let mut stream = UnixStream::connect(&self.socket)
            .await
            .map_err(|reason| Error::Unreachable { socket: self.socket.clone(), reason })?;
        let request =
            encode(&Request { version: VERSION, command }).map_err(|reason| self.nonsense(reason))?;
        // lvsd may have closed its end, but not without a word: what counts is what it says.
        let _ = stream.write_all(&request).await;
        let mut decoder = Decoder::up_to(LONGEST_ANSWER);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let received = self.receive(&mut stream, &mut buffer).await?;
            let answers = decoder.feed(&buffer[..received]).map_err(|reason| self.nonsense(reason))?;
            if let Some(answer) = answers.into_iter().next() {
                return Ok(answer);
            }
        }
    }

    async fn receive(&self, stream: &mut UnixStream, buffer: &mut [u8]) -> Result<usize, Error> {
        let socket = || self.socket.clone();
        match timeout(self.patience, stream.read(buffer)).await {
            Ok(Ok(0)) => Err(Error::Closed { socket: socket() }),
            Ok(Ok(received)) => Ok(received),
            Ok(Err(reason)) => Err(Error::Broken { socket: socket(), reason }),
            Err(_) => {
                let millis = u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX);
                Err(Error::Silent { socket: socket(), millis })
            }
        }
    }

    fn nonsense(&self, reason: lines::Error) -> Error {
        Error::Nonsense { socket: self.socket.clone(), reason }
    }
}
