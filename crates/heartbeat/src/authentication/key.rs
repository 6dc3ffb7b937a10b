//! The keys that both routers have: the first signs, all verify.

use std::fmt;
use zeroize::Zeroizing;

/// Length of a key at most: that of a block of SHA-256, beyond which a key is not better (RFC 2104 section 3).
const LONGEST: usize = 64;
/// And at least: 128 bits.
const SHORTEST: usize = 16;
/// Keys in a file.
const MOST: usize = 16;

/// A secret and the number that stands for it on the wire. Its bytes are never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Chosen by the administrator, the same on both routers.
    pub id: u32,
    secret: Zeroizing<[u8; LONGEST]>,
}

/// At least one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    first: Key,
    others: Vec<Key>,
}

/// Why a text holds no keys. Says where, never what: it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No line is a key.
    #[error("it holds no key: remove it and make one with `piranhactl heartbeat-key`")]
    NoKey,
    /// More lines than anybody needs for changing keys.
    #[error("line {line}: more than {MOST} keys: remove those that no router signs with any more")]
    TooMany {
        /// Counted from 1.
        line: usize,
    },
    /// Not two words.
    #[error("line {line}: a key is a number and hexadecimal digits, separated by a blank")]
    NotTwoWords {
        /// Counted from 1.
        line: usize,
    },
    /// The first word.
    #[error("line {line}: a key begins with its number, from 0 to 4294967295")]
    Id {
        /// Counted from 1.
        line: usize,
    },
    /// The second word.
    #[error("line {line}: a key has 32 to 128 hexadecimal digits, two for each byte")]
    Secret {
        /// Counted from 1.
        line: usize,
    },
    /// An earlier line has the number.
    #[error("line {line}: key {id} is there already: each key needs a number of its own")]
    Twice {
        /// Counted from 1.
        line: usize,
        /// The number.
        id: u32,
    },
}

impl Keys {
    /// The keys in a file's text: a line `ID HEX` for each. Blank lines and lines that begin with `#` do not count.
    ///
    /// # Errors
    /// Which line is wrong. A wrong line makes the whole text wrong.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys: Vec<Key> = Vec::new();
        for (line, text) in lines(text) {
            let key = Key::parse(text, line)?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(KeyError::Twice { line, id: key.id });
            }
            if keys.len() == MOST {
                return Err(KeyError::TooMany { line });
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or(KeyError::NoKey)?;
        Ok(Self { first, others: keys.collect() })
    }

    /// One key, of a secret that is as long as a key may be.
    pub(super) fn one<const LENGTH: usize>(id: u32, bytes: &[u8; LENGTH]) -> Self {
        const { assert!(SHORTEST <= LENGTH && LENGTH <= LONGEST) };
        let mut secret = Zeroizing::new([0; LONGEST]);
        secret[..LENGTH].copy_from_slice(bytes);
        Self { first: Key { id, secret }, others: Vec::new() }
    }

    /// The numbers of all keys, that of the signing one first.
    pub fn ids(&self) -> impl Iterator<Item = u32> {
        std::iter::once(&self.first).chain(&self.others).map(|key| key.id)
    }

    pub(crate) fn signing(&self) -> &Key {
        &self.first
    }

    pub(crate) fn find(&self, id: u32) -> Option<&Key> {
        std::iter::once(&self.first).chain(&self.others).find(|key| key.id == id)
    }
}

/// The lines that hold a key, counted from 1.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, text)| (index + 1, text.trim()));
    lines.filter(|(_, text)| !text.is_empty() && !text.starts_with('#'))
}

impl Key {
    fn parse(text: &str, line: usize) -> Result<Self, KeyError> {
        let mut words = text.split_whitespace();
        let (Some(id), Some(digits), None) = (words.next(), words.next(), words.next()) else {
            return Err(KeyError::NotTwoWords { line });
        };
        let id = id.parse().map_err(|_| KeyError::Id { line })?;
        let secret = secret(digits).ok_or(KeyError::Secret { line })?;
        Ok(Self { id, secret })
    }

    /// Filled up with zeros, as HMAC does (RFC 2104 section 2).
    pub(super) fn block(&self) -> &[u8; LONGEST] {
        &self.secret
    }
}

fn secret(digits: &str) -> Option<Zeroizing<[u8; LONGEST]>> {
    let (pairs, odd) = digits.as_bytes().as_chunks::<2>();
    if !odd.is_empty() || !(SHORTEST..=LONGEST).contains(&pairs.len()) {
        return None;
    }
    let mut secret = Zeroizing::new([0; LONGEST]);
    for (byte, [high, low]) in secret.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(secret)
}

fn digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).and_then(|digit| digit.try_into().ok())
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "000102030405060708090a0b0c0d0e0f";
    const B: &str = "F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF";

    #[test]
    fn the_first_signs_and_all_verify() {
        let keys = Keys::parse(&format!("# of the pair\n\n 2  {A}\n1 {B}\n")).unwrap();
        assert_eq!(keys.signing().id, 2);
        assert_eq!(
            keys.find(2).unwrap().block()[..17],
            *b"\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\0"
        );
        assert_eq!(keys.find(1).unwrap().block()[0], 0xf0);
        assert_eq!(keys.find(3), None);
    }

    #[test]
    fn what_is_no_key_is_refused_with_its_line_and_without_its_bytes() {
        let many = (0..=MOST).map(|id| format!("{id} {A}")).collect::<Vec<_>>().join("\n");
        for (text, error) in [
            ("# nothing\n\n", KeyError::NoKey),
            (&format!("\n{A}"), KeyError::NotTwoWords { line: 2 }),
            (&format!("1 {A} {A}"), KeyError::NotTwoWords { line: 1 }),
            (&format!("-1 {A}"), KeyError::Id { line: 1 }),
            (&format!("4294967296 {A}"), KeyError::Id { line: 1 }),
            (&format!("1 {}", &A[2..]), KeyError::Secret { line: 1 }),
            (&format!("1 {A}0"), KeyError::Secret { line: 1 }),
            (&format!("1 {A}0g"), KeyError::Secret { line: 1 }),
            (&format!("1 {}", A.repeat(5)), KeyError::Secret { line: 1 }),
            (&format!("1 {A}\n1 {B}"), KeyError::Twice { line: 2, id: 1 }),
            (&many, KeyError::TooMany { line: MOST + 1 }),
        ] {
            assert_eq!(Keys::parse(text), Err(error), "{text}");
            assert!(!error.to_string().contains(A));
        }
    }

    #[test]
    fn a_key_does_not_show_its_bytes() {
        let keys = Keys::parse(&format!("7 {A}")).unwrap();
        assert_eq!(format!("{keys:?}"), "Keys { first: Key { id: 7, .. }, others: [] }");
    }
}
