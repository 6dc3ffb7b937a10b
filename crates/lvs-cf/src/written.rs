//! How values are written (specification lvs-cf.md 12.2): so that Piranha's daemons and its web tool read them as
//! they are meant.

use std::net::{IpAddr, Ipv6Addr};

use crate::config::prefix_length;
use crate::keyword::Kind;
use crate::number;
use crate::time;
use crate::token;

/// Why a value cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// It holds a line end or a NUL byte.
    #[error("a value cannot hold a line end or a NUL byte")]
    LineEnd,
    /// The format has no escape for quotes.
    #[error("a quote behind the first blank cannot be written: the format has no escape for it")]
    Quote,
    /// The daemons would drop the quote.
    #[error("a text cannot end in a double quote: the daemons would drop it")]
    TrailingQuote,
    /// Another number of words than the keyword takes.
    #[error("{0} words are needed")]
    Words(usize),
    /// A word that must be bare is not.
    #[error("`{0}` must be one word without blanks or quotes")]
    NotBare(String),
    /// A number outside its range.
    #[error("write a number from {0} to {1}")]
    Range(u32, u32),
    /// No address.
    #[error("`{0}` is no IP address")]
    NotAnAddress(String),
    /// Ones and zeros of a mask are mixed.
    #[error("`{0}` is no netmask: its ones are not all in front")]
    NotAMask(String),
    /// None of the words.
    #[error("write one of: {0}")]
    NotOneOf(String),
    /// Not a time.
    #[error("write a time such as 250ms, 1.5s or 10m; a plain number is seconds")]
    NotATime,
    /// A name of a section or server that would confuse a reader.
    #[error("a name is one word without quotes, `=`, `{{` and `}}`")]
    Name,
}

type Written = Result<String, Unwritable>;

/// The largest number that is written: what fits Piranha's integers.
const MAX: u32 = i32::MAX.cast_unsigned();

/// The words behind the equals sign for a value given without quotes.
pub(crate) fn value(kind: Kind, words: &[&str]) -> Written {
    if words.iter().any(|word| word.contains(['\r', '\n', '\0'])) {
        return Err(Unwritable::LineEnd);
    }
    match (kind, words) {
        (Kind::List, words) => list(words),
        (Kind::HostAndDevice, [address, device]) => Ok(format!("{} {}", host(address)?, bare(device)?)),
        (Kind::HostAndDevice, _) => Err(Unwritable::Words(2)),
        (_, [word]) => one(kind, word),
        _ => Err(Unwritable::Words(1)),
    }
}

fn one(kind: Kind, word: &str) -> Written {
    match kind {
        Kind::Integer => decimal(word, 0, MAX),
        Kind::Byte => decimal(word, 0, 255),
        Kind::Boolean => decimal(word, 0, 1),
        Kind::PortNumber => decimal(word, 1, 65535),
        Kind::Port if word.bytes().all(|byte| byte.is_ascii_digit()) => decimal(word, 1, 65535),
        Kind::Port => name_of_service(word),
        Kind::Mark => decimal(word, 0, u32::MAX),
        Kind::Count => decimal(word, 1, 100),
        Kind::Host | Kind::HostAndDevice => host(word),
        Kind::Address => address(word).map(|address| address.to_string()),
        Kind::Mask => mask(word),
        Kind::Fixed(known) if known.contains(&word) => Ok(word.into()),
        Kind::Fixed(known) => Err(Unwritable::NotOneOf(known.join(", "))),
        Kind::String => string(word),
        Kind::Text => text(word),
        Kind::Time if word.bytes().all(|byte| byte.is_ascii_digit()) => decimal(word, 0, MAX),
        Kind::Time | Kind::Period => {
            time::with_unit(word.as_bytes()).map(|_| word.into()).ok_or(Unwritable::NotATime)
        }
        Kind::List => list(&[word]),
    }
}

fn decimal(word: &str, least: u32, most: u32) -> Written {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    let number = word.parse().ok().filter(|number| digits && (least..=most).contains(number));
    number.map(|number: u32| number.to_string()).ok_or(Unwritable::Range(least, most))
}

/// A name must not look like a number to the reader.
fn name_of_service(word: &str) -> Written {
    let number = number::integer(word.as_bytes()).is_some();
    if number { Err(Unwritable::Range(1, 65535)) } else { bare(word) }
}

/// Names stay names; addresses are written in four decimal parts.
fn host(word: &str) -> Written {
    address(word).map_or_else(|_| bare(word), |address| Ok(address.to_string()))
}

fn address(word: &str) -> Result<IpAddr, Unwritable> {
    let ipv4 = number::address(word.as_bytes()).map(IpAddr::from).filter(|_| bare(word).is_ok());
    let ipv6 = || word.parse::<Ipv6Addr>().ok().map(IpAddr::from);
    ipv4.or_else(ipv6).ok_or_else(|| Unwritable::NotAnAddress(word.into()))
}

fn mask(word: &str) -> Written {
    let mask = address(word)?;
    prefix_length(mask).map(|_| mask.to_string()).ok_or_else(|| Unwritable::NotAMask(word.into()))
}

fn is_bare(word: &str) -> bool {
    !word.is_empty() && !word.bytes().any(token::is_blank) && !word.starts_with(['"', '\''])
}

fn bare(word: &str) -> Written {
    if is_bare(word) { Ok(word.into()) } else { Err(Unwritable::NotBare(word.into())) }
}

fn string(word: &str) -> Written {
    if is_bare(word) {
        return Ok(word.into());
    }
    let quote = ['"', '\''].into_iter().find(|&quote| closes_at_end(word, quote)).ok_or(Unwritable::Quote)?;
    Ok(format!("{quote}{word}{quote}"))
}

/// Only ever in double quotes: single ones would be sent.
fn text(word: &str) -> Written {
    match word {
        _ if word.ends_with('"') => Err(Unwritable::TrailingQuote),
        _ if !closes_at_end(word, '"') => Err(Unwritable::Quote),
        _ => Ok(format!("\"{word}\"")),
    }
}

/// Whether a word in these quotes ends at the quote behind it: quotes before its first blank do not close.
fn closes_at_end(word: &str, quote: char) -> bool {
    let blank = word.bytes().position(token::is_blank);
    blank.and_then(|blank| word.get(blank..)).is_none_or(|behind| !behind.contains(quote))
}

fn list(words: &[&str]) -> Written {
    if let Some(word) = words.iter().find(|word| !is_bare(word) || **word == "]") {
        return Err(Unwritable::NotBare((*word).into()));
    }
    Ok([&["["], words, &["]"]].concat().join(" "))
}

/// The name of a section or server; blanks become `_`, as Piranha's web tool has it.
pub(crate) fn name(name: &str) -> Written {
    let name = name.replace([' ', '\t'], "_");
    let clean = is_bare(&name) && !name.contains(['=', '{', '}', '\r', '\n', '\0']);
    if clean { Ok(name) } else { Err(Unwritable::Name) }
}
