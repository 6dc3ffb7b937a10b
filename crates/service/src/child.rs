//! A socket shared with a child process, named in its environment.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use crate::process::adopt_socket;

/// A socket pair of which one end is for the next child.
///
/// The child's end is inherited under its own number, so that nothing has to be done between fork and exec: the child
/// can then be made without copying this process, which is most of what starting it costs.
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// let link = service::child::Link::new()?;
/// let child = std::process::Command::new("/usr/sbin/nanny").env("NAME", link.number()).spawn()?;
/// let socket = link.keep();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Link {
    ours: UnixStream,
    theirs: UnixStream,
}

impl Link {
    /// Makes the pair. Until [`Link::keep`] every child that is started gets the other end: start only the one.
    ///
    /// # Errors
    ///
    /// What socketpair(2) says, for example when descriptors have run out.
    pub fn new() -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        fcntl(&theirs, FcntlArg::F_SETFD(FdFlag::empty()))?;
        Ok(Self { ours, theirs })
    }

    /// The number of the child's end, to be named in its environment.
    pub fn number(&self) -> String {
        self.theirs.as_raw_fd().to_string()
    }

    /// Our end, non-blocking as event loops want it. The child's end is closed here.
    pub fn keep(self) -> UnixStream {
        self.ours
    }
}

/// The socket that the parent shared under this variable, if it did; non-blocking and closed on exec.
///
/// # Errors
///
/// If the variable is set but does not name an open stream socket.
pub fn shared_socket(variable: &str) -> io::Result<Option<UnixStream>> {
    let Some(number) = std::env::var_os(variable) else { return Ok(None) };
    let number = number
        .to_str()
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| io::Error::other(format!("{variable} is not a number")))?;
    let socket = adopt_socket(number)?;
    fcntl(&socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(true)?;
    Ok(Some(stream))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::{Command, Stdio};

    use super::Link;

    #[test]
    fn a_child_writes_to_the_named_descriptor() {
        let link = Link::new().unwrap();
        let number = link.number();
        let mut command = Command::new("/bin/sh");
        let child =
            command.args(["-c", "echo \"$LINK\" >&\"$LINK\""]).env("LINK", &number).stdin(Stdio::null());
        let status = child.status().unwrap();
        let mut ours = link.keep();
        ours.set_nonblocking(false).unwrap();
        let mut said = String::new();
        ours.read_to_string(&mut said).unwrap();
        assert!(status.success());
        assert_eq!(said.trim(), number);
    }
}
