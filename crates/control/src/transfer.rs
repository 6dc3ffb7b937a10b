//! How `piranhactl sync` hands lvs.cf to `piranhactl receive` on the partner: standard input and output of ssh.
//!
//! There: an [`Offer`] as one line of JSON, then the file's bytes. Back: an [`Answer`] as one line of JSON, the last line;
//! what a login shell has to say before it is not looked at.

use std::io::{self, BufRead, Read as _};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lines::{self, encode};

/// The version of this exchange. A new field does not change it, another meaning does.
pub const VERSION: u32 = 1;

/// Longest line with an [`Offer`], in bytes with its line feed.
const LONGEST_OFFER: u64 = 4096;

/// Longest output with an [`Answer`], in bytes, whatever a login shell says before it.
pub const LONGEST_OUTPUT: usize = 1024 * 1024;

/// A file in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// Its `serial_no`.
    pub serial_no: i32,
    /// The first 128 bits of its SHA-256, in hexadecimal digits.
    pub fingerprint: String,
}

/// What is to be done with the file that follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// [`VERSION`] of whoever sends it.
    pub version: u32,
    /// The file that follows.
    pub edition: Edition,
    /// How many bytes follow.
    pub length: usize,
    /// Check and compare, change nothing.
    pub dry_run: bool,
    /// Replace a newer file, too, and on a machine that the file does not name.
    pub force: bool,
    /// Have pulse read its file again.
    pub reload: bool,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The file is good here.
    Taken(Taken),
    /// Nothing was changed.
    Refused {
        /// Why, in one or more lines for people.
        reason: String,
    },
}

/// What became of a file that is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The file that was there before; none if there was none.
    pub before: Option<Edition>,
    /// What was done.
    pub outcome: Outcome,
    /// Where the file that was there before is kept, if it was replaced.
    pub kept: Option<String>,
    /// What became of the reload, if one was asked for.
    pub reload: Option<Reload>,
}

/// What was done with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing: it is there already.
    Same,
    /// Nothing: it is a dry run.
    WouldReplace,
    /// It is in the other one's place.
    Replaced,
}

/// Whether pulse was told to read its file again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reload {
    /// It was. Its log tells what came of it.
    Asked {
        /// Its process.
        pid: i32,
    },
    /// It was not.
    Failed {
        /// Why, for people, with what to do.
        reason: String,
    },
}

/// Why bytes are not what the other side should have sent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Standard input cannot be read.
    #[error("cannot read what the other router sends: {0}")]
    Io(io::Error),
    /// The connection broke.
    #[error("the file ended after {received} of {length} bytes: the connection broke; try again")]
    Short {
        /// Bytes that came.
        received: usize,
        /// Bytes that were announced.
        length: usize,
    },
    /// Longer than lvs.cf can be.
    #[error("a file of {length} bytes: lvs.cf has {longest} at most")]
    TooLong {
        /// Bytes that were announced.
        length: usize,
        /// The most bytes that are taken.
        longest: usize,
    },
    /// Sent by another release.
    #[error(
        "the sender speaks version {0} of this exchange, this piranhactl version {VERSION}: use the same release on both \
         routers"
    )]
    Version(u64),
    /// Not JSON, or not the one that was expected.
    #[error("not what piranhactl says: {0}")]
    Malformed(serde_json::Error),
    /// Nothing came.
    #[error("nothing was said")]
    Nothing,
}

/// The bytes of an offer and its file.
///
/// # Errors
///
/// [`lines::Error::Malformed`] if the offer has no JSON form.
pub fn write(offer: &Offer, file: &[u8]) -> Result<Vec<u8>, lines::Error> {
    let mut bytes = encode(offer)?;
    bytes.extend_from_slice(file);
    Ok(bytes)
}

/// Reads an offer and its file of at most `longest` bytes. What follows is not looked at.
///
/// # Errors
///
/// See [`Error`].
pub fn read(input: &mut impl BufRead, longest: usize) -> Result<(Offer, Vec<u8>), Error> {
    let mut line = Vec::new();
    input.by_ref().take(LONGEST_OFFER).read_until(b'\n', &mut line).map_err(Error::Io)?;
    let offer = understand(&line)?;
    let length = offer.length;
    if length > longest {
        return Err(Error::TooLong { length, longest });
    }
    let mut file = Vec::with_capacity(length);
    let received = input.take(length as u64).read_to_end(&mut file).map_err(Error::Io)?;
    if received < length {
        return Err(Error::Short { received, length });
    }
    Ok((offer, file))
}

/// The version is looked at first: what else an offer of another version means, nobody knows.
fn understand(line: &[u8]) -> Result<Offer, Error> {
    if line.is_empty() {
        return Err(Error::Nothing);
    }
    let offer: Value = serde_json::from_slice(line).map_err(Error::Malformed)?;
    match offer.get("version").and_then(Value::as_u64) {
        Some(version) if version != u64::from(VERSION) => Err(Error::Version(version)),
        _ => serde_json::from_value(offer).map_err(Error::Malformed),
    }
}

/// Reads the answer in all that came back.
///
/// # Errors
///
/// [`Error::Nothing`], [`Error::Malformed`].
pub fn read_answer(output: &[u8]) -> Result<Answer, Error> {
    let mut lines = output.split(|byte| *byte == b'\n').rev();
    let last = lines.find(|line| !line.trim_ascii().is_empty()).ok_or(Error::Nothing)?;
    serde_json::from_slice(last).map_err(Error::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LONGEST: usize = 1000;

    fn offer(length: usize) -> Offer {
        let edition = Edition { serial_no: 41, fingerprint: "ba7816bf8f01cfea414140de5dae2223".to_owned() };
        Offer { version: VERSION, edition, length, dry_run: false, force: false, reload: true }
    }

    fn answer() -> Answer {
        let before = Some(offer(0).edition);
        let (kept, reload) = (Some("/var/lib/x".to_owned()), Some(Reload::Asked { pid: 7 }));
        Answer::Taken(Taken { before, outcome: Outcome::Replaced, kept, reload })
    }

    #[test]
    fn what_both_say_is_a_line_of_json() {
        let line = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        insta::assert_snapshot!(line(write(&offer(3), b"abc").unwrap()), @r#"
        {"version":1,"edition":{"serial_no":41,"fingerprint":"ba7816bf8f01cfea414140de5dae2223"},"length":3,"dry_run":false,"force":false,"reload":true}
        abc
        "#);
        insta::assert_snapshot!(line(encode(&answer()).unwrap()), @r#"{"taken":{"before":{"serial_no":41,"fingerprint":"ba7816bf8f01cfea414140de5dae2223"},"outcome":"replaced","kept":"/var/lib/x","reload":{"asked":{"pid":7}}}}"#);
        insta::assert_snapshot!(line(encode(&Answer::Refused { reason: "why".to_owned() }).unwrap()), @r#"{"refused":{"reason":"why"}}"#);
    }

    #[test]
    fn what_is_no_offer_is_refused() {
        let refused = |bytes: &[u8]| read(&mut &bytes[..], LONGEST).unwrap_err().to_string();
        assert_eq!(refused(b""), "nothing was said");
        assert_eq!(
            refused(br#"{"version":2,"novel":1}"#),
            "the sender speaks version 2 of this exchange, this piranhactl version 1: use the same release on both routers"
        );
        assert!(refused(b"serial_no = 1\n").starts_with("not what piranhactl says: "));
        assert!(refused(&[b' '; 10_000]).starts_with("not what piranhactl says: "));
        assert_eq!(
            refused(&write(&offer(5), b"abc").unwrap()),
            "the file ended after 3 of 5 bytes: the connection broke; try again"
        );
        assert_eq!(
            refused(&write(&offer(LONGEST + 1), b"abc").unwrap()),
            "a file of 1001 bytes: lvs.cf has 1000 at most"
        );
    }

    #[test]
    fn an_answer_stands_on_the_last_line() {
        let said =
            [b"Welcome to the router!\n{}\n".as_slice(), &encode(&answer()).unwrap(), b"\r\n"].concat();
        assert_eq!(read_answer(&said).unwrap(), answer());
        assert!(matches!(read_answer(b" \n\n"), Err(Error::Nothing)));
        assert!(matches!(read_answer(b"Welcome\n"), Err(Error::Malformed(_))));
    }

    proptest! {
        #[test]
        fn a_file_arrives_as_it_was_sent(file in proptest::collection::vec(any::<u8>(), 0..LONGEST), more: Vec<u8>) {
            let offer = offer(file.len());
            let sent = [write(&offer, &file).unwrap(), more].concat();
            prop_assert_eq!(read(&mut &sent[..], LONGEST).unwrap(), (offer, file));
        }

        #[test]
        fn any_bytes_are_safe(bytes: Vec<u8>) {
            let _ = read(&mut &bytes[..], LONGEST);
            let _ = read_answer(&bytes);
        }
    }
}
