//! A pid file that is locked as long as its daemon lives.

use std::ffi::OsStr;
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
    lock: Flock<File>,
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
        Ok(Self { path: path.to_owned(), lock })
    }

    /// Removes the file at an orderly end; who may not any more, having given up his rights, empties it.
    pub fn remove(self) {
        // Gone already is as good.
        if fs::remove_file(&self.path).is_err() {
            let _ = self.lock.set_len(0);
        }
    }
}

/// The process that a pid file of a dead or living daemon names, if it names one that may be signalled (never 0, 1 or
/// a negative number: specification pulse.md F27).
pub fn named_process(path: &Path) -> Option<nix::unistd::Pid> {
    let pid: i32 = content(&File::open(path).ok()?).parse().ok()?;
    (pid > 1).then(|| nix::unistd::Pid::from_raw(pid))
}

/// Whether the process lives and its program's file has this name: pids are used again by others.
pub fn runs(pid: nix::unistd::Pid, program: &Path) -> bool {
    let Ok(executable) = fs::read_link(format!("/proc/{pid}/exe")) else { return false };
    // A program that was replaced since is shown as `lvsd (deleted)`.
    let name = executable.file_name().and_then(OsStr::to_str).map(|name| name.trim_end_matches(" (deleted)"));
    name.is_some() && name == program.file_name().and_then(OsStr::to_str)
}

/// Whether the process holds the lock on a file that [`PidFile`] takes (`proc_locks(5)`). Piranha's daemons do not lock
/// their pid files.
pub fn holds_lock(pid: nix::unistd::Pid) -> bool {
    fs::read_to_string("/proc/locks").is_ok_and(|locks| locks.lines().any(|line| is_lock_of(line, pid)))
}

/// `1: FLOCK  ADVISORY  WRITE 728 00:17:1205 0 EOF`
fn is_lock_of(line: &str, pid: nix::unistd::Pid) -> bool {
    let mut words = line.split_whitespace().skip(1);
    words.next() == Some("FLOCK") && words.nth(1) == Some("WRITE") && words.next() == Some(&pid.to_string())
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

    use super::{Error, PidFile, holds_lock, is_lock_of, named_process, runs};

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
        let own = nix::unistd::Pid::this();
        assert!(holds_lock(own));
        held.remove();
        assert!(!path.exists() && !holds_lock(own));

        for never in ["0\n", "1\n", "-1\n", "pulse\n", ""] {
            fs::write(&path, never).unwrap();
            assert_eq!(named_process(&path), None, "{never:?}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_process_is_known_by_its_program_and_its_lock() {
        let own = nix::unistd::Pid::this();
        let program = std::env::current_exe().unwrap();
        assert!(runs(own, &program));
        assert!(!runs(own, "pulse".as_ref()));
        let seven = nix::unistd::Pid::from_raw(7);
        assert!(is_lock_of("1: FLOCK  ADVISORY  WRITE 7 00:17:1205 0 EOF", seven));
        for other in [
            "1: FLOCK  ADVISORY  WRITE 77 00:17:1205 0 EOF",
            "1: FLOCK  ADVISORY  READ 7 00:17:1205 0 EOF",
            "2: POSIX  ADVISORY  WRITE 7 fd:00:1205 0 EOF",
            "1: -> FLOCK  ADVISORY  WRITE 7 00:17:1205 0 EOF",
            "",
        ] {
            assert!(!is_lock_of(other, seven), "{other}");
        }
    }
}
