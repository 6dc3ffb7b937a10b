//! Which form a stored hash has, and how much work it asks for.

use std::fmt;

use super::Refusal;

/// The form of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Traditional DES crypt, 13 characters. Only the first 8 characters of a password count.
    Des,
    /// `$1$`
    Md5,
    /// `$apr1$`, of httpd's own.
    Apr1,
    /// `{SHA}`: without salt.
    Sha1,
    /// `$5$`
    Sha256,
    /// `$6$`, which is made here.
    Sha512,
    /// `$2a$`, `$2b$`, `$2y$`
    Bcrypt,
}

impl Kind {
    /// The most rounds of `$5$` and `$6$` that are done; 5000 are usual. About a second.
    pub const MOST_ROUNDS: u32 = 1_000_000;
    /// The highest cost of bcrypt that is done; 5 to 12 are usual. About a second.
    pub const HIGHEST_COST: u32 = 14;

    /// The form of a stored hash.
    ///
    /// # Errors
    /// Where none of the forms fits, or too much work is asked for.
    pub fn of(stored: &[u8]) -> Result<Self, Refusal> {
        Stored::read(stored).map(|stored| stored.kind)
    }

    /// Whether the page advises to run `piranha-passwd` again (gui.md 10, F10): DES, `{SHA}`, `$1$`.
    pub fn is_weak(self) -> bool {
        matches!(self, Self::Des | Self::Sha1 | Self::Md5)
    }

    /// How many characters of a password count, if not all.
    pub fn characters_that_count(self) -> Option<usize> {
        match self {
            Self::Des => Some(8),
            Self::Bcrypt => Some(72),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Des => "DES crypt",
            Self::Md5 => "$1$ (MD5)",
            Self::Apr1 => "$apr1$ (MD5)",
            Self::Sha1 => "{SHA}",
            Self::Sha256 => "$5$ (SHA-256)",
            Self::Sha512 => "$6$ (SHA-512)",
            Self::Bcrypt => "bcrypt",
        })
    }
}

/// A hash that may be compared: plain ASCII, of the length and the characters of its form, its work within bounds.
pub(super) struct Stored<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
}

impl<'a> Stored<'a> {
    pub(super) fn read(stored: &'a [u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(stored).ok().filter(|text| text.is_ascii()).ok_or(Refusal::Unknown)?;
        let (kind, sound) = if let Some(rest) = text.strip_prefix("$1$") {
            (Kind::Md5, salted(rest, 8, 22))
        } else if let Some(rest) = text.strip_prefix("$apr1$") {
            (Kind::Apr1, salted(rest, 8, 22))
        } else if let Some(rest) = text.strip_prefix("$5$") {
            (Kind::Sha256, salted(within_rounds(rest, Kind::Sha256)?, 16, 43))
        } else if let Some(rest) = text.strip_prefix("$6$") {
            (Kind::Sha512, salted(within_rounds(rest, Kind::Sha512)?, 16, 86))
        } else if let Some(rest) = text.strip_prefix("{SHA}") {
            (Kind::Sha1, rest.len() == 28)
        } else if let Some(rest) = ["$2a$", "$2b$", "$2y$"].iter().find_map(|begin| text.strip_prefix(begin))
        {
            (Kind::Bcrypt, within_cost(rest)?)
        } else {
            let sound = text.len() == 13 && text.bytes().all(is_of_crypt);
            (Kind::Des, sound.then_some(true).ok_or(Refusal::Unknown)?)
        };
        if sound { Ok(Self { kind, text }) } else { Err(Refusal::Damaged(kind)) }
    }
}

/// `SALT$HASH`
fn salted(rest: &str, longest_salt: usize, length: usize) -> bool {
    rest.split_once('$').is_some_and(|(salt, hash)| {
        let sound = salt.bytes().chain(hash.bytes()).all(is_of_crypt);
        sound && salt.len() <= longest_salt && hash.len() == length
    })
}

/// What is behind `rounds=N$`, if that is there.
fn within_rounds(rest: &str, kind: Kind) -> Result<&str, Refusal> {
    let Some((rounds, behind)) = rest.strip_prefix("rounds=").and_then(|rest| rest.split_once('$')) else {
        return Ok(rest);
    };
    match rounds.parse::<u64>() {
        Ok(1000..=999_999_999) if rounds.starts_with(['+', '0']) => Err(Refusal::Damaged(kind)),
        Ok(1000..) if rounds.parse().is_ok_and(|rounds: u32| rounds <= Kind::MOST_ROUNDS) => Ok(behind),
        Ok(1000..) => Err(Refusal::TooMuchWork(kind)),
        _ => Err(Refusal::Damaged(kind)),
    }
}

/// `CC$` and 53 characters.
fn within_cost(rest: &str) -> Result<bool, Refusal> {
    let Some((cost, behind)) = rest.split_once('$') else { return Ok(false) };
    let sound = cost.len() == 2 && behind.len() == 53 && behind.bytes().all(is_of_crypt);
    match cost.parse::<u32>() {
        Ok(4..=Kind::HIGHEST_COST) => Ok(sound && !cost.starts_with('+')),
        Ok(15..=31) => Err(Refusal::TooMuchWork(Kind::Bcrypt)),
        _ => Ok(false),
    }
}

fn is_of_crypt(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/'
}
