//! What this program may not do itself, and asks piranha-helper for (`docs/control.md`).

use std::path::PathBuf;
use std::time::Duration;

use control::helper::{Able, Answer, Bytes, Command, Fingerprint, OneLine};
use lvs_cf::Document;
use service::inquiry;
use tokio::time::timeout;

use crate::asked::Asked;
use crate::file::Present;

/// Longer than it takes to stop a busy pulse in order (specification layout.md 6).
const PATIENCE: Duration = Duration::from_secs(90);

/// A page does not wait longer to know what is possible.
const SHORT_PATIENCE: Duration = Duration::from_secs(2);

/// piranha-helper, as this program sees it.
#[derive(Debug)]
pub(crate) struct Helper {
    socket: PathBuf,
}

/// What became of a file that was to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Saving {
    /// It is in place, with this serial number.
    Saved { serial_no: i32 },
    /// Somebody else has saved meanwhile: nothing was done.
    Changed,
    /// The daemons would refuse it, or it may not be done from here: lines for people.
    Refused(String),
    /// It could not be done: lines for people.
    Failed(String),
}

impl Helper {
    /// Listening there.
    pub(crate) fn at(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// What is possible. Nothing is, where nobody answers: why, for people. None if it says nothing for two seconds, which
    /// a busy computer may be the reason of.
    pub(crate) async fn able(&self) -> Option<Able> {
        let answer = timeout(SHORT_PATIENCE, self.ask(Command::Able)).await.ok()?;
        Some(match answer {
            Ok(Answer::Able(able)) => able,
            Ok(Answer::Refused { reason }) | Err(reason) => nothing(&reason),
            Ok(_) => nothing(&self.beside_the_point()),
        })
    }

    /// Puts `edited` in the place of the file that `before` was read from. Its serial number is the helper's business.
    pub(crate) async fn save(&self, before: &Present, edited: Document, what: &str, asked: &Asked) -> Saving {
        let command = Command::Save {
            file: Bytes(edited.as_bytes().to_vec()),
            expected: Fingerprint::of(before.document().as_bytes()),
            client: asked.client.address,
            what: OneLine::of(what),
        };
        match self.ask(command).await {
            Ok(Answer::Saved { serial_no, .. }) => Saving::Saved { serial_no },
            Ok(Answer::Changed { .. }) => Saving::Changed,
            Ok(Answer::Refused { reason }) => Saving::Refused(reason),
            Ok(_) => Saving::Failed(self.beside_the_point()),
            Err(reason) => Saving::Failed(reason),
        }
    }

    /// Has pulse started, stopped, reloaded or the file copied: what came of it, for people.
    ///
    /// # Errors
    ///
    /// Why it is not done, for people.
    pub(crate) async fn done(&self, command: Command) -> Result<String, String> {
        match self.ask(command).await? {
            Answer::Done { message } => Ok(message),
            Answer::Refused { reason } => Err(reason),
            _ => Err(self.beside_the_point()),
        }
    }

    async fn ask(&self, command: Command) -> Result<Answer, String> {
        let answer = inquiry::ask(&self.socket, command, PATIENCE).await;
        answer.map_err(|error| {
            format!(
                "piranha-helper, which saves and acts for this page, was asked at {}: {error}",
                self.socket.display()
            )
        })
    }

    fn beside_the_point(&self) -> String {
        format!("what listens at {} answers something else than piranha-helper would", self.socket.display())
    }
}

/// Why nothing at all is possible.
pub(crate) fn nothing(reason: &str) -> Able {
    let because = || Some(reason.to_owned());
    Able {
        save: because(),
        reload: because(),
        restart: because(),
        start: because(),
        stop: because(),
        copy_to_backup: because(),
    }
}
