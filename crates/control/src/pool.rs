//! lvsd and the one nanny that checks many real servers (`nanny --pool`).
//!
//! lvsd hands the pool its end of a socket pair as it does with a nanny for one real server
//! ([`crate::report::DESCRIPTOR`]). What each real server needs is said in the arguments that a nanny of its own would
//! get, so that both ways of checking understand one language.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;

use serde::{Deserialize, Serialize};

use crate::report::{FromNanny, Known, ToNanny};

/// A number that lvsd gives to a real server that it has watched; never used twice for one pool.
pub type Number = u64;

/// What lvsd tells the pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToPool {
    /// Begin to check a real server.
    Watch {
        /// Its number from now on.
        server: Number,
        /// The arguments of a nanny for this real server, without the program's name.
        arguments: Vec<Argument>,
        /// Where to begin.
        known: Known,
    },
    /// A word for one real server, never [`ToNanny::Begin`].
    Tell {
        /// Whom it concerns.
        server: Number,
        /// The word.
        message: ToNanny,
    },
    /// Cease to check a real server.
    Forget {
        /// Which.
        server: Number,
    },
}

/// What the pool tells lvsd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromPool {
    /// What a nanny for this real server would report.
    Report {
        /// Whom it concerns.
        server: Number,
        /// The report.
        message: FromNanny,
    },
    /// The arguments make no sense: nobody checks this real server.
    Refused {
        /// Whom it concerns.
        server: Number,
        /// What a nanny of its own would have said on standard error before it ended with status 1.
        reason: String,
    },
}

/// One argument: any bytes but NUL. UTF-8 text is a JSON string, anything else a list of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Argument {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl From<&OsStr> for Argument {
    fn from(word: &OsStr) -> Self {
        match word.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(word.to_owned().into_vec()),
        }
    }
}

impl From<Argument> for OsString {
    fn from(argument: Argument) -> Self {
        match argument {
            Argument::Text(text) => text.into(),
            Argument::Bytes(bytes) => Self::from_vec(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;

    use proptest::prelude::*;

    use super::Argument;
    use crate::lines::{Decoder, encode};

    proptest! {
        #[test]
        fn any_argument_arrives_as_it_is(bytes: Vec<u8>) {
            let word = OsStr::from_bytes(&bytes);
            let line = encode(&Argument::from(word)).unwrap();
            let arrived: Vec<Argument> = Decoder::default().feed(&line).unwrap();
            prop_assert_eq!(arrived.into_iter().map(OsString::from).collect::<Vec<_>>(), [word]);
        }
    }
}
