//! Whether a heartbeat is the partner's own, and not one that somebody forged or recorded. The reasoning stands in
//! `docs/heartbeat.md`.

mod freshness;
mod key;
mod key_file;
mod refusal;
mod seal;

pub use key::{Key, KeyError, Keys};
pub use key_file::{KeyChangeError, KeyFile, LONGEST_KEY_FILE, SECRET};
pub use refusal::Refusal;
pub use seal::Path;

pub(crate) use freshness::{Acquaintance, Freshness};
pub(crate) use refusal::Refusals;
pub(crate) use seal::{seal, verify};

/// What is done about authentication (`heartbeat_auth`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Authentication {
    /// Nothing is signed, nothing is checked.
    #[default]
    Off,
    /// Heartbeats are signed and checked; those that are not the partner's own count all the same, with a log line.
    Verify(Keys),
    /// Heartbeats that are not the partner's own do not count.
    Require(Keys),
}

impl Authentication {
    /// Whether a heartbeat counts although it is not known to be the partner's own.
    pub(crate) fn tolerates(&self) -> bool {
        !matches!(self, Self::Require(_))
    }

    /// The number of the key that signs, if one does.
    pub fn signing_key(&self) -> Option<u32> {
        self.keys().map(|keys| keys.signing().id)
    }

    pub(crate) fn keys(&self) -> Option<&Keys> {
        match self {
            Self::Off => None,
            Self::Verify(keys) | Self::Require(keys) => Some(keys),
        }
    }
}
