//! A pid file that is locked as long as its daemon lives.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

/// Longest content that is read back, in bytes: a pid and a line end fit well.
const LONGEST: u64 = 32;

/// Why a pid file is not ours.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds the lock.
    #[error("{path} is held by process {pid}: the daemon is already running")]
    Held {
        /// The file.
        path: PathBuf,
        /// What it says, for the message only.
        pid: String,
    },
    /// It cannot be opened, locked or written.
    #[error("failed to open {path}: {reason}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
}

/// The lock on a pid file. Dropping it releases the lock but leaves the file, as a crash would; an orderly end calls
/// [`PidFile::remove`].
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    _lock: Flock<File>,
}

impl PidFile {
    /// Creates or takes over the file, locks it and writes this process's pid and a line end. Call it in the process
    /// that stays, after detaching.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] while another process lives that holds it, else [`Error::Unusable`].
    pub fn write(path: &Path) -> Result<Self, Error> {
        let unusable = |reason| Error::Unusable { path: path.to_owned(), reason };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o644)
            .open(path)
            .map_err(unusable)?;
        let mut lock = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => lock,
            Err((file, nix::errno::Errno::EWOULDBLOCK)) => {
                return Err(Error::Held { path: path.to_owned(), pid: content(&file) });
            }
            Err((_, errno)) => return Err(unusable(errno.into())),
        };
        lock.set_len(0).map_err(unusable)?;
        writeln!(lock, "{}", std::process::id()).map_err(unusable)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Removes the file at an orderly end.
    pub fn remove(self) {
        // Gone already is as good.
        let _ = fs::remove_file(&self.path);
    }
}

/// The process that a pid file of a dead or living daemon names, if it names one that may be signalled (never 0, 1 or
/// a negative number: specification pulse.md F27).
pub fn named_process(path: &Path) -> Option<nix::unistd::Pid> {
    let pid: i32 = content(&File::open(path).ok()?).parse().ok()?;
    (pid > 1).then(|| nix::unistd::Pid::from_raw(pid))
}

fn content(file: &File) -> String {
    let mut text = String::new();
    // What cannot be read is shown as empty.
    let _ = file.take(LONGEST).read_to_string(&mut text);
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Error, PidFile, named_process};

    #[test]
    fn a_second_daemon_is_refused_and_a_stale_file_taken_over() {
        let folder = std::env::temp_dir().join(format!("pid-file-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("pulse.pid");

        fs::write(&path, "999999999999\n").unwrap();
        assert_eq!(named_process(&path), None);
        let held = PidFile::write(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
        assert!(matches!(PidFile::write(&path), Err(Error::Held { .. })));
        held.remove();
        assert!(!path.exists());

        for never in ["0\n", "1\n", "-1\n", "pulse\n", ""] {
            fs::write(&path, never).unwrap();
            assert_eq!(named_process(&path), None, "{never:?}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
