//! Saving the file.

use std::path::{Path, PathBuf};

use lvs_cf::Document;
use lvs_cf::file::{Change, SaveError};
use lvs_cf::system::System;

use crate::asked::Asked;
use crate::file::{Present, fingerprint};

/// Who saves.
#[derive(Debug)]
pub(crate) struct Helper {
    path: PathBuf,
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
    pub(crate) fn for_file(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Puts `edited` in the place of the file that `before` was read from.
    pub(crate) async fn save(&self, before: &Present, edited: Document, what: &str, asked: &Asked) -> Saving {
        let (path, expected) = (self.path.clone(), before.fingerprint.clone());
        tracing::info!("{what} client={}", asked.client.address);
        let saved = tokio::task::spawn_blocking(move || save(&path, &expected, edited)).await;
        saved.unwrap_or_else(|error| Saving::Failed(error.to_string()))
    }
}

fn save(path: &Path, expected: &str, edited: Document) -> Saving {
    let change = match Change::begin(path) {
        Ok(change) => change,
        Err(error) => return Saving::Failed(error.to_string()),
    };
    if fingerprint(change.document().as_bytes()) != expected {
        return Saving::Changed;
    }
    match change.save(edited, &System::default()) {
        Ok(saved) => Saving::Saved { serial_no: saved.serial_no() },
        Err(SaveError::Refused(errors)) => Saving::Refused(errors.render_first(path, 5)),
        Err(error) => Saving::Failed(error.to_string()),
    }
}
