//! Asking lvsd over its control socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use control::command::{Answer, Command};
use control::status::VirtualServer;
use service::inquiry::{self, Error};

/// A page does not wait longer than this for what runs.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a reload would do.
#[derive(Debug)]
pub(crate) enum Difference {
    /// These changes of the kernel's table in the words of ipvsadm(8), and what else is to be said.
    Operations(Vec<String>, Vec<String>),
    /// Nothing: the file is refused, and why.
    Refused(String),
}

/// Where lvsd listens, if it runs.
#[derive(Debug)]
pub(crate) struct Lvsd {
    socket: PathBuf,
}

impl Lvsd {
    /// With the other sockets in this directory.
    pub(crate) fn at(directory: &Path) -> Self {
        Self { socket: directory.join("lvsd.sock") }
    }

    /// One virtual server with its real servers, or why nobody knows.
    pub(crate) async fn virtual_server(&self, name: &str) -> Result<VirtualServer, String> {
        match self.ask(Command::VirtualServer { virtual_server: name.to_owned() }).await? {
            Answer::VirtualServer(server) => Ok(*server),
            Answer::Refused { reason } => Err(reason),
            _ => Err("lvsd answered something else than it was asked".to_owned()),
        }
    }

    /// What a reload of the file would do, or why nobody knows.
    pub(crate) async fn difference(&self) -> Result<Difference, String> {
        match self.ask(Command::Diff).await? {
            Answer::Operations { operations, remarks } => Ok(Difference::Operations(operations, remarks)),
            Answer::Refused { reason } => Ok(Difference::Refused(reason)),
            _ => Err("lvsd answered something else than it was asked".to_owned()),
        }
    }

    /// Has something done; lvsd says what, or why not.
    pub(crate) async fn done(&self, command: Command) -> Result<String, String> {
        match self.ask(command).await? {
            Answer::Done { message } => Ok(message),
            Answer::Refused { reason } => Err(reason),
            _ => Err("lvsd answered something else than it was asked".to_owned()),
        }
    }

    async fn ask(&self, command: Command) -> Result<Answer, String> {
        inquiry::ask(&self.socket, command, PATIENCE).await.map_err(|error| match error {
            Error::Unreachable(_) if !self.socket.exists() => {
                "lvsd does not run on this router; pulse runs it on the active one".to_owned()
            }
            error => format!("lvsd was asked at {} and {error}", self.socket.display()),
        })
    }
}
