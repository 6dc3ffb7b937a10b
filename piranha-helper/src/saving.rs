//! `save`: looked at as the daemons would, by the rule of programs, and put in the file's place in one piece.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use access::GuiConf;
use anyhow::{Context as _, Result, anyhow, bail};
use control::helper::{Answer, Bytes, Fingerprint, OneLine};
use lvs_cf::Document;
use lvs_cf::file::{Change, SaveError};
use lvs_cf::system::System;
use piranha_helper::programs;
use versions::{Made, Versions};

use crate::{settings, trusted};

/// How long the names in a file may be looked up, all together.
const NAMES: Duration = Duration::from_secs(10);
/// Errors of a file that are told.
const MOST_ERRORS: usize = 20;

/// Where is saved, and what is kept.
#[derive(Debug, Clone)]
pub(crate) struct Saving {
    pub(crate) lvs_cf: PathBuf,
    pub(crate) gui_conf: PathBuf,
    pub(crate) versions: Versions,
}

/// What is saved.
#[derive(Debug)]
pub(crate) struct Save {
    pub(crate) file: Bytes,
    pub(crate) expected: Fingerprint,
    pub(crate) client: IpAddr,
    pub(crate) what: OneLine,
}

impl Saving {
    /// Saves, and tells the log what became of it. Takes its time: names are looked up, the disk is waited for.
    pub(crate) fn save(&self, save: Save) -> Answer {
        let (file, client, what) = (self.lvs_cf.display(), save.client, save.what.clone());
        match self.replace(save) {
            Ok(answer) => {
                if let Answer::Saved { serial_no, .. } = &answer {
                    tracing::info!(%client, serial_no, "saved {file}: {what}");
                } else {
                    tracing::info!(%client, "{file} was changed by somebody else meanwhile: {what}");
                }
                answer
            }
            Err(reason) => {
                let reason = format!("{reason:#}");
                tracing::warn!(%client, "did not save {file}: {what}: {}", first_line(&reason));
                Answer::Refused { reason }
            }
        }
    }

    /// Under the lock of the file from the first look to the end.
    fn replace(&self, save: Save) -> Result<Answer> {
        let change = Change::begin(&self.lvs_cf).map_err(|error| self.told(error))?;
        let present = change.document();
        let fingerprint = Fingerprint::of(present.as_bytes());
        if fingerprint != save.expected {
            return Ok(Answer::Changed { fingerprint });
        }
        if save.file.0.is_empty() {
            bail!("the new file is empty: the daemons would refuse it");
        }
        let edited = Document::from(save.file.0);
        self.check_programs(present, &edited)?;
        let prepared = change.prepare(edited, &System::new(NAMES)).map_err(|error| self.told(error))?;
        let serial_no = prepared.serial_no();
        if prepared != *present {
            self.keep_present(present)?;
            change.replace(prepared.as_bytes()).map_err(|error| self.told(error))?;
            let made = Made { serial_no, client: Some(save.client), what: save.what.into() };
            self.keep_new(&prepared, &made);
        }
        Ok(Answer::Saved { serial_no, fingerprint: Fingerprint::of(prepared.as_bytes()) })
    }

    fn check_programs(&self, present: &Document, edited: &Document) -> Result<()> {
        let GuiConf { program_directories, .. } = settings::read(&self.gui_conf, &mut Vec::new());
        for program in programs::chosen(present, edited, &program_directories)? {
            trusted::check_program(&program.path, &program_directories)
                .map_err(|reason| programs::refused(&program, reason, &program_directories))?;
        }
        Ok(())
    }

    /// What somebody made with an editor is in no version yet. What cannot be kept is not replaced.
    fn keep_present(&self, present: &Document) -> Result<()> {
        if present.as_bytes().is_empty() {
            return Ok(());
        }
        self.versions.keep_once(present.as_bytes(), None, now()).context("nothing was saved")
    }

    /// It is in force already: if it cannot be kept now, the next save does.
    fn keep_new(&self, new: &Document, made: &Made) {
        if let Err(error) = self.versions.keep(new.as_bytes(), Some(made), now()) {
            tracing::warn!("the new version is not in the list of versions: {error}");
        }
    }

    fn told(&self, error: SaveError) -> anyhow::Error {
        match error {
            SaveError::Refused(errors) => {
                anyhow!(
                    "the daemons would refuse the file:\n{}",
                    errors.render_first(&self.lvs_cf, MOST_ERRORS)
                )
            }
            error => error.into(),
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
