//! What a file was: its last versions, with who made each of them and when (specification gui.md 7.6, layout.md 8).
//!
//! A version is a file `lvs.cf.20260301T120000.000Z` in a folder outside of the one that the daemons read, with the bytes of
//! that time and nothing else, so that an administrator can copy it back. Beside it may stand what is known about it,
//! `lvs.cf.20260301T120000.000Z.json`. Both are made in one piece, that one first: a process that is killed in between leaves a
//! version whole, or none. There is no list that could be wrong.

mod folder;
mod made;
mod stamp;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use service::state_file::StateFile;
use service::whole_file;

pub use folder::FOLDER;
pub use made::Made;
pub use stamp::Stamp;

/// How many are kept of a file.
pub const KEPT: usize = 20;

/// Longest version that is read, in bytes: as lvs.cf may be (specification lvs-cf.md 1).
const LONGEST: usize = 16 << 20;
/// Longest description, in bytes.
const LONGEST_MADE: usize = 4096;

/// The versions of one file in a folder.
#[derive(Debug, Clone)]
pub struct Versions {
    folder: PathBuf,
    name: String,
    /// Group that may read; piranha without one.
    readers: Option<u32>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// When it was kept, and what it is called.
    pub stamp: Stamp,
    /// What is known about it; nothing if somebody made it with an editor.
    pub made: Option<Made>,
}

/// What was tried, on what, and what the system said.
#[derive(Debug, thiserror::Error)]
#[error("cannot {tried} {}: {reason}", path.display())]
pub struct Error {
    tried: &'static str,
    path: PathBuf,
    /// What the system said.
    pub reason: io::Error,
}

impl Versions {
    /// Of this file, in this folder, which need not be there yet.
    pub fn new(folder: &Path, file: &Path) -> Self {
        let name = file.file_name().unwrap_or(OsStr::new("lvs.cf")).to_string_lossy().into_owned();
        Self { folder: folder.to_owned(), name, readers: None }
    }

    /// Lets another group than piranha read what is kept from now on.
    #[must_use]
    pub fn read_by(self, group: u32) -> Self {
        Self { readers: Some(group), ..self }
    }

    /// Keeps what the file is, or was until now (`now` in milliseconds since 1970), and forgets all but the newest
    /// [`KEPT`]. A version is always newer than the one before, whatever the clock says. For one process at a time: who
    /// replaces lvs.cf holds its lock.
    ///
    /// # Errors
    ///
    /// What was refused. What was kept before is kept still.
    pub fn keep(&self, bytes: &[u8], made: Option<&Made>, now: u64) -> Result<PathBuf, Error> {
        folder::make(&self.folder, self.readers).map_err(self.failed("make", &self.folder))?;
        let newest = self.stamps()?.into_iter().next();
        let stamp = newest.map_or(Stamp::of(now), |newest| newest.next().max(Stamp::of(now)));
        let kept = self.path(stamp);
        if let Some(made) = made {
            self.put(&self.description(stamp), &made.to_bytes(), whole_file::replace)?;
        }
        self.put(&kept, bytes, whole_file::create)?;
        self.forget()?;
        Ok(kept)
    }

    /// The same, unless the newest version has just these bytes.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn keep_once(&self, bytes: &[u8], made: Option<&Made>, now: u64) -> Result<(), Error> {
        let newest = self.list()?.into_iter().next();
        let same = newest.is_some_and(|newest| self.read(newest.stamp).is_ok_and(|kept| kept == bytes));
        if same { Ok(()) } else { self.keep(bytes, made, now).map(|_| ()) }
    }

    /// All versions, the newest first. A description that makes no sense is none.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read; one that is not there has no versions.
    pub fn list(&self) -> Result<Vec<Version>, Error> {
        let made = |stamp| {
            let bytes = StateFile::new(&self.description(stamp), LONGEST_MADE).read();
            bytes.ok().flatten().and_then(|bytes| Made::from_bytes(&bytes))
        };
        Ok(self.stamps()?.into_iter().map(|stamp| Version { stamp, made: made(stamp) }).collect())
    }

    /// What the file was.
    ///
    /// # Errors
    ///
    /// That there is no such version, or that it cannot be read.
    pub fn read(&self, stamp: Stamp) -> Result<Vec<u8>, Error> {
        let path = self.path(stamp);
        let bytes = StateFile::new(&path, LONGEST).read().map_err(self.failed("read", &path))?;
        bytes.ok_or_else(|| self.failed("read", &path)(io::ErrorKind::NotFound.into()))
    }

    /// Where a version is.
    pub fn path(&self, stamp: Stamp) -> PathBuf {
        self.folder.join(format!("{}.{stamp}", self.name))
    }

    fn description(&self, stamp: Stamp) -> PathBuf {
        self.folder.join(format!("{}.{stamp}.json", self.name))
    }

    fn put(&self, path: &Path, bytes: &[u8], how: Put) -> Result<(), Error> {
        how(path, bytes, 0o640).map_err(|error| self.failed("keep", path)(io::Error::other(error)))?;
        folder::share(path, self.readers).map_err(self.failed("give to the group that reads it", path))
    }

    /// The stamps of the versions, the newest first.
    fn stamps(&self) -> Result<Vec<Stamp>, Error> {
        let names = folder::names(&self.folder).map_err(self.failed("read", &self.folder))?;
        let mut stamps: Vec<Stamp> = names.iter().filter_map(|name| self.stamp_in(name)).collect();
        stamps.sort_unstable_by(|one, other| other.cmp(one));
        Ok(stamps)
    }

    /// Of a file that was kept here, and not somebody's own copy beside them.
    fn stamp_in(&self, name: &str) -> Option<Stamp> {
        name.strip_prefix(&self.name)?.strip_prefix('.')?.parse().ok()
    }

    /// Removes old versions, descriptions of versions that are not there, and what killed processes left half written.
    fn forget(&self) -> Result<(), Error> {
        let stamps = self.stamps()?;
        let (kept, old) = stamps.split_at(stamps.len().min(KEPT));
        for stamp in old {
            let path = self.path(*stamp);
            folder::remove(&path).map_err(self.failed("remove", &path))?;
        }
        let names = folder::names(&self.folder).map_err(self.failed("read", &self.folder))?;
        let half_written = format!(".{}.", self.name);
        for name in names.iter().filter(|name| name.starts_with(&half_written)) {
            let path = self.folder.join(name);
            folder::remove(&path).map_err(self.failed("remove", &path))?;
        }
        let described = names.iter().filter_map(|name| self.stamp_in(name.strip_suffix(".json")?));
        for stamp in described.filter(|stamp| !kept.contains(stamp)) {
            let path = self.description(stamp);
            folder::remove(&path).map_err(self.failed("remove", &path))?;
        }
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "reads as a sentence")]
    fn failed(&self, tried: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
        let path = path.to_owned();
        move |reason| Error { tried, path, reason }
    }
}

type Put = fn(&Path, &[u8], u32) -> Result<(), whole_file::Error>;
