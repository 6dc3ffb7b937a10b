//! Why a check was bad, in the words of specification nanny.md 12.

use std::fmt;
use std::io;
use std::mem::discriminant;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::errno::Errno;

/// Most bytes of an answer that are shown in a log line.
pub(crate) const SHOWN: usize = 64;

/// A bad check of one real server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Failure {
    /// Address and port that were checked.
    pub real_server: SocketAddr,
    /// What went wrong.
    pub cause: Cause,
}

/// The step of a check that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The system gave no socket.
    Socket(Errno),
    /// No connection within the interval.
    ConnectTimedOut,
    /// The connection was refused, or the real server cannot be reached.
    Connect(Errno),
    /// The send string could not be sent.
    Write(Errno),
    /// No answer within the interval.
    ReadTimedOut,
    /// The connection broke while the answer was awaited.
    Read(Errno),
    /// The answer ended before it could be compared.
    TooShort {
        /// Bytes received.
        got: usize,
        /// Bytes needed.
        wanted: usize,
    },
    /// The answer does not begin with the expect string.
    Different {
        /// The beginning of the answer.
        got: Vec<u8>,
        /// The expect string.
        wanted: Vec<u8>,
    },
    /// The answer does not match the expected regular expression.
    Unmatched {
        /// The beginning of the answer.
        got: Vec<u8>,
    },
    /// The expected regular expression is none.
    Expression(String),
    /// The check program cannot be started, which says nothing about the real server.
    NotStarted {
        /// Its name.
        program: String,
        /// What the system said.
        errno: Errno,
    },
    /// The check program did not end within the interval.
    Overtime {
        /// Its name.
        program: String,
    },
    /// The check program was ended by a signal or, where no text is expected of it, failed.
    Abnormal(Ran),
    /// The check program gave no text.
    Silent(Ran),
    /// The check program gave another text than expected.
    Unexpected(Ran),
}

/// A check program that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its name.
    pub program: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Its output without the last line's end.
    pub output: Vec<u8>,
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "program={}", self.program)?;
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) => write!(f, " exit={code}")?,
            (None, Some(signal)) => write!(f, " signal={signal}")?,
            (None, None) => {}
        }
        write!(f, " output=\"{}\"", shown(&self.output))
    }
}

impl Failure {
    /// Whether both failed in the same step, whatever the details.
    pub fn is_like(&self, other: &Self) -> bool {
        discriminant(&self.cause) == discriminant(&other.cause)
    }

    /// Whether the check says nothing about the real server, which keeps its state then.
    pub fn is_undetermined(&self) -> bool {
        matches!(self.cause, Cause::NotStarted { .. })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.real_server;
        match &self.cause {
            Cause::Socket(errno) => write!(f, "Failed to create socket: {}", errno.desc()),
            Cause::ConnectTimedOut => write!(f, "CONNECT to {server} timed out"),
            Cause::Connect(errno) => write!(f, "Failed to connect {server} ping socket: {}", errno.desc()),
            Cause::Write(errno) => write!(f, "WRITE operation for {server} returned error: {}", errno.desc()),
            Cause::ReadTimedOut => write!(f, "READ to {server} timed out"),
            Cause::Read(errno) => write!(f, "READ returned error {}:{}", *errno as i32, errno.desc()),
            Cause::TooShort { got, wanted } => {
                write!(f, "READ from {server} was too short got={got} wanted={wanted}")
            }
            Cause::Different { got, wanted } => write!(
                f,
                "READ from {server} was not the expected text got=\"{}\" wanted=\"{}\"",
                shown(got),
                shown(wanted)
            ),
            Cause::Unmatched { got } => write!(
                f,
                "READ from {server} does not match the expected regular expression got=\"{}\"",
                shown(got)
            ),
            Cause::Expression(reason) => {
                write!(f, "Error '{reason}' processing expected regular expression")
            }
            Cause::NotStarted { program, errno } => write!(
                f,
                "failed to start the check program {program}: {}; the state of {server} is kept, unchecked",
                errno.desc()
            ),
            Cause::Overtime { program } => write!(f, "timeout running the following: {program}"),
            Cause::Abnormal(ran) => write!(f, "The following exited abnormally: {ran}"),
            Cause::Silent(ran) => {
                write!(f, "Ran the external sending program to ({server}) but didn't get anything back {ran}")
            }
            Cause::Unexpected(ran) => {
                write!(f, "Trouble. Received results are not what we expected from ({server}) {ran}")
            }
        }
    }
}

/// The beginning of some bytes, safe to print.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let beginning = bytes.get(..SHOWN).unwrap_or(bytes).escape_ascii();
    if bytes.len() > SHOWN { format!("{beginning}...") } else { beginning.to_string() }
}

/// The error number behind an I/O error.
pub(crate) fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use nix::errno::Errno;

    use super::{Cause, Failure, Ran};

    fn ran(wait_status: i32, output: &[u8]) -> Ran {
        let status = ExitStatus::from_raw(wait_status);
        Ran { program: "/check".to_owned(), status, output: output.to_vec() }
    }

    #[test]
    fn the_words_are_those_of_piranha() {
        let cases = [
            (Cause::Socket(Errno::EMFILE), "Failed to create socket: Too many open files"),
            (Cause::ConnectTimedOut, "CONNECT to 10.1.1.2:80 timed out"),
            (
                Cause::Connect(Errno::ECONNREFUSED),
                "Failed to connect 10.1.1.2:80 ping socket: Connection refused",
            ),
            (
                Cause::Write(Errno::ECONNRESET),
                "WRITE operation for 10.1.1.2:80 returned error: Connection reset by peer",
            ),
            (Cause::ReadTimedOut, "READ to 10.1.1.2:80 timed out"),
            (Cause::Read(Errno::ECONNREFUSED), "READ returned error 111:Connection refused"),
            (Cause::TooShort { got: 2, wanted: 4 }, "READ from 10.1.1.2:80 was too short got=2 wanted=4"),
            (
                Cause::Different { got: b"\0\xff\n".to_vec(), wanted: vec![b'x'; 70] },
                "READ from 10.1.1.2:80 was not the expected text got=\"\\x00\\xff\\n\" wanted=\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"",
            ),
            (
                Cause::Unmatched { got: b"500".to_vec() },
                "READ from 10.1.1.2:80 does not match the expected regular expression got=\"500\"",
            ),
            (
                Cause::Expression("unclosed group".to_owned()),
                "Error 'unclosed group' processing expected regular expression",
            ),
            (
                Cause::NotStarted { program: "/no".to_owned(), errno: Errno::ENOENT },
                "failed to start the check program /no: No such file or directory; the state of 10.1.1.2:80 is \
                 kept, unchecked",
            ),
            (Cause::Overtime { program: "/check".to_owned() }, "timeout running the following: /check"),
            (
                Cause::Abnormal(ran(9, b"")),
                "The following exited abnormally: program=/check signal=9 output=\"\"",
            ),
            (
                Cause::Silent(ran(0, b"")),
                "Ran the external sending program to (10.1.1.2:80) but didn't get anything back program=/check \
                 exit=0 output=\"\"",
            ),
            (
                Cause::Unexpected(ran(1 << 8, b"FAIL\nbadly")),
                "Trouble. Received results are not what we expected from (10.1.1.2:80) program=/check exit=1 \
                 output=\"FAIL\\nbadly\"",
            ),
        ];
        for (cause, words) in cases {
            let real_server = "10.1.1.2:80".parse().unwrap();
            assert_eq!(Failure { real_server, cause }.to_string(), words);
        }
    }
}
