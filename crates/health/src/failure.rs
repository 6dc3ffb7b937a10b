//! Why a check was bad, in the words of specification nanny.md 12.

use std::fmt;
use std::io;
use std::mem::discriminant;
use std::net::SocketAddr;

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
}

impl Failure {
    /// Whether both failed in the same step, whatever the details.
    pub fn is_like(&self, other: &Self) -> bool {
        discriminant(&self.cause) == discriminant(&other.cause)
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
    use nix::errno::Errno;

    use super::{Cause, Failure};

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
        ];
        for (cause, words) in cases {
            let real_server = "10.1.1.2:80".parse().unwrap();
            assert_eq!(Failure { real_server, cause }.to_string(), words);
        }
    }
}
