//! Leaving the terminal.
//!
//! The caller's process waits until the daemon says that it is ready, or that it is not: an init script learns the
//! truth, where Piranha reported success before anything had been tried (specification pulse.md F31).

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use nix::sys::wait::waitpid;
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, setsid};

use crate::process::{Split, split};

/// Which process this is after [`detach`].
#[derive(Debug)]
pub enum Detached {
    /// The one that was called: it ends with this status, which the daemon chose.
    Caller(u8),
    /// The daemon, with its way to let the caller go.
    Daemon(Waiting),
}

/// A caller that waits for the daemon. Dropped without a word it ends with status 255.
#[derive(Debug)]
pub struct Waiting {
    pipe: Option<io::PipeWriter>,
}

/// Forks twice and leaves the terminal's session. The working directory, the umask and open descriptors stay, as with
/// Piranha. Messages on standard error still reach the caller until [`Waiting::ready`].
///
/// # Errors
///
/// What pipe(2) or fork(2) say. Nothing has been done then.
pub fn detach() -> io::Result<Detached> {
    let (mut status, pipe) = io::pipe()?;
    match split()? {
        Split::Parent(middle) => {
            drop(pipe);
            // Only to leave no zombie; its status says nothing.
            let _ = waitpid(middle, None);
            let mut byte = [u8::MAX];
            let _ = status.read(&mut byte);
            Ok(Detached::Caller(byte[0]))
        }
        Split::Child => {
            drop(status);
            // A new session cannot fail here: a child just forked leads no process group.
            let _ = setsid();
            // The second fork gives up the lead of the session, so that no terminal is ever acquired by accident.
            match split()? {
                Split::Parent(_) => std::process::exit(0),
                Split::Child => Ok(Detached::Daemon(Waiting { pipe: Some(pipe) })),
            }
        }
    }
}

/// Leaves the terminal without a fork (`--nofork`): the parent is a daemon itself and keeps the pid.
pub fn leave_terminal() -> Waiting {
    // Refused only to the leader of a process group, who has no terminal to lose if a daemon started it.
    let _ = setsid();
    Waiting { pipe: None }
}

impl Waiting {
    /// The daemon is ready: the caller ends with status 0, and the standard descriptors become `/dev/null`.
    ///
    /// # Errors
    ///
    /// If `/dev/null` cannot be opened.
    pub fn ready(mut self) -> io::Result<()> {
        self.tell(0);
        let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
        dup2_stdin(null.as_fd())?;
        dup2_stdout(null.as_fd())?;
        dup2_stderr(null.as_fd())?;
        Ok(())
    }

    /// The daemon gives up: the caller ends with this status.
    pub fn failed(mut self, status: u8) {
        self.tell(status);
    }

    fn tell(&mut self, status: u8) {
        if let Some(mut pipe) = self.pipe.take() {
            // A caller that was killed meanwhile needs no answer.
            let _ = pipe.write_all(&[status]);
        }
    }
}
