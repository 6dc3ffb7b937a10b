//! A file, and what is said about it, as JSON.

use std::fmt::{self, Write as _};

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// The bytes of a file. In JSON a text with one character for each byte, U+0000 to U+00FF (ISO 8859-1): lvs.cf may hold any
/// byte, and usually holds ASCII.
#[derive(Clone, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.iter().copied().map(char::from).collect::<String>())
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(OfBytes)
    }
}

struct OfBytes;

impl Visitor<'_> for OfBytes {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text with one character for each byte of the file")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
        let bytes = text.chars().map(u8::try_from).collect::<Result<_, _>>();
        // Without the text: it is long.
        bytes.map(Bytes).map_err(|_| E::custom("a character above U+00FF stands for no byte of the file"))
    }
}

/// The SHA-256 of all bytes of a file, as 64 hexadecimal digits; of no bytes for a file that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(String);

/// A text that is no [`Fingerprint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 64 hexadecimal digits in lower case")]
pub struct NotAFingerprint;

impl Fingerprint {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut digits = String::with_capacity(64);
        for byte in Sha256::digest(bytes) {
            let _into_memory = write!(digits, "{byte:02x}");
        }
        Self(digits)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = NotAFingerprint;

    fn try_from(digits: String) -> Result<Self, NotAFingerprint> {
        let good =
            digits.len() == 64 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if good { Ok(Self(digits)) } else { Err(NotAFingerprint) }
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.0
    }
}

/// Some words for the log and the list of versions: at most [`OneLine::LONGEST`] characters, none of them a control
/// character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OneLine(String);

/// A text that is no [`OneLine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "what was done is told in one line of at most {} characters without control characters",
    OneLine::LONGEST
)]
pub struct NotOneLine;

impl OneLine {
    /// Characters at most.
    pub const LONGEST: usize = 200;

    /// Any text, cut off where it is too long, with `?` for each control character.
    pub fn of(text: &str) -> Self {
        let plain = |one: char| if one.is_control() { '?' } else { one };
        Self(text.chars().take(Self::LONGEST).map(plain).collect())
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OneLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for OneLine {
    type Error = NotOneLine;

    fn try_from(text: String) -> Result<Self, NotOneLine> {
        let good = text.chars().count() <= Self::LONGEST && !text.chars().any(char::is_control);
        if good { Ok(Self(text)) } else { Err(NotOneLine) }
    }
}

impl From<OneLine> for String {
    fn from(line: OneLine) -> Self {
        line.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Bytes, Fingerprint, OneLine};

    proptest! {
        #[test]
        fn any_file_survives_its_way(bytes: Vec<u8>) {
            let written = serde_json::to_string(&Bytes(bytes.clone())).unwrap();
            prop_assert_eq!(serde_json::from_str::<Bytes>(&written).unwrap(), Bytes(bytes));
        }

        #[test]
        fn any_text_becomes_one_line(text: String) {
            let line = OneLine::of(&text);
            prop_assert_eq!(OneLine::try_from(line.to_string()), Ok(line));
        }
    }

    #[test]
    fn a_character_that_is_no_byte_is_refused() {
        let error = serde_json::from_str::<Bytes>("\"\u{ff}\u{100}\"").unwrap_err().to_string();
        assert!(error.starts_with("a character above U+00FF stands for no byte of the file"), "{error}");
    }

    #[test]
    fn a_fingerprint_is_that_of_sha256sum() {
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Fingerprint::of(b"").as_str(), nothing);
        assert_eq!(Fingerprint::try_from(nothing.to_owned()), Ok(Fingerprint::of(b"")));
        for wrong in [&nothing[1..], &nothing.to_uppercase(), ""] {
            Fingerprint::try_from(wrong.to_owned()).unwrap_err();
        }
    }

    #[test]
    fn a_second_line_is_refused() {
        for wrong in ["one\ntwo", "\u{1b}[31m", "\u{9b}", &"x".repeat(201)] {
            OneLine::try_from(wrong.to_owned()).unwrap_err();
        }
        assert_eq!(OneLine::of("one\ntwo").as_str(), "one?two");
    }
}
