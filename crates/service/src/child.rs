//! A socket shared with a child process, named in its environment.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;

use command_fds::{CommandFdExt, FdMapping};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use crate::process::adopt_socket;

/// The number that the child finds its end under: the first after the standard three.
const CHILD_END: i32 = 3;

/// Gives the child one end of a new socket pair, names it in the variable, and returns the other end, set to
/// non-blocking as event loops want it. The child's end is closed here when `command` is dropped.
///
/// # Errors
///
/// What socketpair(2) says, for example when descriptors have run out.
pub fn share_socket(command: &mut Command, variable: &str) -> io::Result<UnixStream> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    command
        .env(variable, CHILD_END.to_string())
        .fd_mappings(vec![FdMapping { parent_fd: OwnedFd::from(theirs), child_fd: CHILD_END }])
        .map_err(io::Error::other)?;
    Ok(ours)
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

    use super::share_socket;

    #[test]
    fn a_child_writes_to_the_named_descriptor() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "echo \"$LINK\" >&\"$LINK\""]).stdin(Stdio::null());
        let mut ours = share_socket(&mut command, "LINK").unwrap();
        ours.set_nonblocking(false).unwrap();
        let status = command.status().unwrap();
        drop(command);
        let mut said = String::new();
        ours.read_to_string(&mut said).unwrap();
        assert!(status.success());
        assert_eq!(said, "3\n");
    }
}
