//! The pid file. It lies where only root may write, or where the server itself may: root writes nothing in a directory in
//! which others could have put a link.

use std::path::Path;

use service::pid_file::{Error, PidFile};

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
        if identity.is_some() && path.parent().is_some_and(is_roots) {
            Ok(write(path)?.map_or(Self::Later, Self::Written))
        } else {
            Ok(Self::Later)
        }
    }

    /// Writes it now, if it is not written yet. One that cannot be written does not hold up the start.
    ///
    /// # Errors
    ///
    /// The server runs already.
    pub(crate) fn written(self, path: &Path) -> Result<Option<PidFile>, Refusal> {
        match self {
            Self::Written(file) => Ok(Some(file)),
            Self::Later => write(path),
        }
    }
}

fn write(path: &Path) -> Result<Option<PidFile>, Refusal> {
    match PidFile::write(path) {
        Ok(file) => Ok(Some(file)),
        Err(held @ Error::Held { .. }) => Err(Refusal::new(FAILED, held)),
        Err(unusable) => {
            tracing::warn!("no pid file: {unusable}");
            Ok(None)
        }
    }
}
