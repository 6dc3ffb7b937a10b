//! The fields of a trailer.

use crate::machine::State;
use crate::settings::Role;
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::Duration;

/// Bytes of a [`Fingerprint`].
pub const FINGERPRINT: usize = 16;

/// Bytes of text that a [`Departure`] carries at most.
pub const LONGEST_TEXT: usize = 64;

/// One run of pulse: drawn at random at each start, never used again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Session(pub [u8; 16]);

/// One heartbeat among all that are ever sent. The copies of one heartbeat on two links have the same stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The run of pulse that sent it.
    pub session: Session,
    /// Counts the heartbeats of the session, from 1.
    pub sequence: u64,
}

/// What the sender is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which router it is.
    pub role: Role,
    /// What it does.
    pub state: State,
}

/// The sender's times, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Interval of its heartbeats.
    pub keepalive: Duration,
    /// Silence after which its partner is dead to it.
    pub deadtime: Duration,
}

/// The `lvs.cf` that the sender works by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Configuration {
    /// Its `serial_no`.
    pub serial: i32,
    /// Its bytes in short.
    pub fingerprint: Fingerprint,
}

/// The first 128 bits of a file's SHA-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; FINGERPRINT]);

/// Real servers of all active virtual servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RealServers {
    /// Those that get connections.
    pub up: u32,
    /// Those that could.
    pub configured: u32,
}

/// Why the sender is no longer active, or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// A number for programs; `docs/heartbeat.md` lists those in use.
    pub code: u8,
    /// For people, who may be told reasons that their pulse does not know yet.
    pub text: String,
}

/// The sender's part in a planned hand-over of the service. `docs/heartbeat.md` tells the whole course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOver {
    /// It can take its part: take the service over if it is inactive, give it away if it is active.
    Able,
    /// It is inactive and was told to take the service over.
    Wanted,
    /// It is active, and leaves as soon as the other router is prepared.
    Offered,
    /// It has heard the offer, and its table is programmed.
    Prepared,
}

impl Fingerprint {
    /// Of a file with these bytes.
    pub fn of(file: &[u8]) -> Self {
        let digest = Sha256::digest(file);
        Self(std::array::from_fn(|place| digest.get(place).copied().unwrap_or_default()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexadecimal(&self.0, f)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexadecimal(&self.0, f)
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexadecimal(&self.0, f)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexadecimal(&self.0, f)
    }
}

fn hexadecimal(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf abc | sha256sum | cut -c1-32` (FIPS 180-2, appendix B.1).
    #[test]
    fn a_fingerprint_is_the_beginning_of_what_sha256sum_prints() {
        assert_eq!(Fingerprint::of(b"abc").to_string(), "ba7816bf8f01cfea414140de5dae2223");
    }
}
