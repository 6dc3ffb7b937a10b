//! The pid file. It lies where only root may write, or where the server itself may: root writes nothing in a directory in
//! which others could have put a link.

use std::path::Path;

use service::pid_file::{Error, PidFile};
use service::systemd::Systemd;

use crate::server::identity::Identity;
use crate::start::{FAILED, Refusal, is_roots};

/// Written while there were rights, or still to be written without.
#[derive(Debug)]
pub(crate) enum Pid {
    Written(PidFile),
    Later,
}

impl Pid {
    /// Writes it as root, where only root may.
    ///
    /// # Errors
    ///
    /// The server runs already.
    pub(crate) fn write(path: &Path, identity: Option<&Identity>) -> Result<Self, Refusal> {
        if identity.is_none() || !path.parent().is_some_and(is_roots) {
            return Ok(Self::Later);
        }
        // What cannot be written now is tried again, and told then.
        Ok(write(path, &mut Vec::new())?.map_or(Self::Later, Self::Written))
    }

    /// Writes it now, if it is not written yet. One that cannot be written is told, and does not hold up the start; under
    /// systemd, whose unit writes it, nobody has to know.
    ///
    /// # Errors
    ///
    /// The server runs already.
    pub(crate) fn written(
        self,
        path: &Path,
        systemd: &Systemd,
        warnings: &mut Vec<String>,
    ) -> Result<Option<PidFile>, Refusal> {
        match self {
            Self::Written(file) => Ok(Some(file)),
            Self::Later if systemd.is_there() => write(path, &mut Vec::new()),
            Self::Later => write(path, warnings),
        }
    }
}

fn write(path: &Path, warnings: &mut Vec<String>) -> Result<Option<PidFile>, Refusal> {
    match PidFile::write(path) {
        Ok(file) => Ok(Some(file)),
        Err(held @ Error::Held { .. }) => Err(Refusal::new(FAILED, held)),
        Err(unusable) => {
            warnings.push(format!("no pid file: {unusable}"));
            Ok(None)
        }
    }
}
