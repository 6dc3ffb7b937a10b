//! Times of the file.

use std::time::Duration;

use nom::bytes::complete::tag;
use nom::character::complete::digit1;
use nom::combinator::{all_consuming, map_opt, opt};
use nom::sequence::preceded;
use nom::{IResult, Parser};

/// A time as the file gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Piranha's form: an integer, unchecked, in seconds.
    Seconds(i32),
    /// A time with a unit, from an extension line.
    Exact(Duration),
}

impl Time {
    /// The time; negative ones are zero.
    pub fn duration(self) -> Duration {
        match self {
            Self::Seconds(seconds) => Duration::from_secs(u64::try_from(seconds).unwrap_or(0)),
            Self::Exact(time) => time,
        }
    }
}

/// Longest time that can be given with a unit, in milliseconds: what fits Piranha's seconds.
const MAX_MILLIS: u64 = i32::MAX as u64 * 1000;

/// Reads `250ms`, `1.5s`, `10m`, `2h`; a plain number is seconds (specification lvs-cf.md section 15).
pub(crate) fn with_unit(word: &[u8]) -> Option<Duration> {
    let number = (digit1, opt(preceded(tag("."), digit1)));
    let unit = nom::branch::alt((
        nom::combinator::value(1, tag("ms")),
        nom::combinator::value(1000, tag("s")),
        nom::combinator::value(60_000, tag("m")),
        nom::combinator::value(3_600_000, tag("h")),
        nom::combinator::value(1000, nom::combinator::eof),
    ));
    let parsed: IResult<&[u8], u64> =
        all_consuming(map_opt((number, unit), |((whole, fraction), unit)| millis(whole, fraction, unit)))
            .parse(word);
    parsed.ok().map(|(_, millis)| Duration::from_millis(millis))
}

/// At most nine digits behind the point count; below a millisecond is cut off.
fn millis(whole: &[u8], fraction: Option<&[u8]>, unit: u64) -> Option<u64> {
    let whole = decimal(whole)?.checked_mul(unit)?;
    let digits = fraction.unwrap_or_default();
    let digits = digits.get(..9).unwrap_or(digits);
    let scale = 10_u64.checked_pow(u32::try_from(digits.len()).ok()?)?;
    let part = if digits.is_empty() { 0 } else { decimal(digits)?.checked_mul(unit)? / scale };
    whole.checked_add(part).filter(|&millis| millis <= MAX_MILLIS)
}

fn decimal(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}
