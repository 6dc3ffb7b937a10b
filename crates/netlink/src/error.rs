//! What can go wrong between a program and the kernel.

use std::{fmt, time::Duration};

use nix::errno::Errno;

/// The kernel's "no" to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The error number of the answer.
    pub errno: Errno,
    /// The kernel's own words, where the subsystem has some (extended acknowledgement; rtnetlink often, IPVS never).
    pub text: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.errno.desc(), self.errno)?;
        match &self.text {
            Some(text) => write!(f, ": {text}"),
            None => Ok(()),
        }
    }
}

/// Why a request has no good answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A system call on the socket failed; the request was not carried out.
    #[error("{call} on a netlink socket failed: {} ({errno:?})", errno.desc())]
    System {
        /// The system call.
        call: &'static str,
        /// Its error number.
        errno: Errno,
    },
    /// The kernel understood and refused.
    #[error("the kernel answered: {0}")]
    Refused(Refusal),
    /// No answer came in time: whether the request was carried out is not known.
    #[error("the kernel did not answer within {0:?}; whether the request was carried out is unknown")]
    TimedOut(Duration),
    /// The receive buffer overflowed, and the answer was among what was lost: whether the request was carried out
    /// is not known. For a reader of events: some are lost, dump everything again.
    #[error("the netlink receive buffer overflowed and answers were lost; ask again")]
    Overrun,
    /// A dump was disturbed by changes each time that it was tried.
    #[error("the kernel's table kept changing while it was read ({attempts} attempts)")]
    Unsettled {
        /// How many times it was tried.
        attempts: u32,
    },
    /// An answer does not have the form that it must have.
    #[error("a netlink message could not be understood: {0}")]
    Malformed(String),
    /// A request could not be put into bytes.
    #[error("a netlink request could not be encoded: {0}")]
    Unencodable(String),
}

impl Error {
    /// The error number, when the kernel refused or a system call failed.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Error::Refused(refusal) => Some(refusal.errno),
            Error::System { errno, .. } => Some(*errno),
            _ => None,
        }
    }

    /// Whether the request may have been carried out in spite of this error.
    pub fn outcome_unknown(&self) -> bool {
        matches!(self, Error::TimedOut(_) | Error::Overrun)
    }
}
