//! Integers and addresses in C's liberal forms (specification lvs-cf.md section 4).

use std::net::Ipv4Addr;

use nom::branch::alt;
use nom::bytes::complete::{tag_no_case, take_while, take_while1};
use nom::character::complete::{char, one_of};
use nom::combinator::{map, opt, peek, value, verify};
use nom::sequence::preceded;
use nom::{IResult, Parser};

/// What C calls white space, which is more than what separates words.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// C's `strtol` with base 0 over the whole word, as a 64-bit number that stops at its limits. `None` if something
/// is left over or there is no digit; the empty word is 0.
pub(crate) fn integer(word: &[u8]) -> Option<i64> {
    if word.is_empty() {
        return Some(0);
    }
    let spaces = take_while(is_space);
    let sign = opt(one_of("+-"));
    let parsed: IResult<&[u8], _> = preceded(spaces, (sign, magnitude)).parse(word);
    match parsed {
        Ok((b"", (sign, magnitude))) => Some(signed(sign == Some('-'), magnitude)),
        _ => None,
    }
}

/// The low 32 bits as a signed number, which is what 64-bit Piranha keeps.
#[expect(clippy::cast_possible_truncation, reason = "Piranha keeps the low 32 bits")]
pub(crate) fn low_32_bits(number: i64) -> i32 {
    number as i32
}

fn signed(negative: bool, magnitude: u64) -> i64 {
    let magnitude = i64::try_from(magnitude);
    if negative { magnitude.map_or(i64::MIN, |number| -number) } else { magnitude.unwrap_or(i64::MAX) }
}

/// Hexadecimal after `0x`, octal after `0`, else decimal; stops at the largest 64-bit number.
fn magnitude(input: &[u8]) -> IResult<&[u8], u64> {
    let hexadecimal = preceded(tag_no_case("0x"), digits(16));
    let octal = preceded(peek(char('0')), digits(8));
    alt((hexadecimal, octal, digits(10))).parse(input)
}

fn digits<'a>(base: u32) -> impl Parser<&'a [u8], Output = u64, Error = nom::error::Error<&'a [u8]>> {
    map(take_while1(move |byte| char::from(byte).is_digit(base)), move |digits: &[u8]| {
        digits.iter().filter_map(|&digit| char::from(digit).to_digit(base)).fold(0_u64, |number, digit| {
            number.saturating_mul(u64::from(base)).saturating_add(u64::from(digit))
        })
    })
}

/// C's `inet_aton`: one to four parts, the last of which fills the bytes that remain. White space ends it, and
/// what follows that is ignored.
pub(crate) fn address(word: &[u8]) -> Option<Ipv4Addr> {
    let (rest, bits) = parts(word).ok()?;
    rest.first().is_none_or(|&byte| is_space(byte)).then(|| Ipv4Addr::from_bits(bits))
}

fn parts(input: &[u8]) -> IResult<&[u8], u32> {
    let (mut rest, mut last) = part(input)?;
    let mut bits = 0;
    let mut free = 32;
    while free > 8
        && let Ok((after, ())) = dot(rest)
    {
        if last > 0xff {
            return Err(too_big(rest));
        }
        free -= 8;
        bits |= last << free;
        (rest, last) = part(after)?;
    }
    let fits = free == 32 || last >> free == 0;
    let bits = bits | last;
    if fits { Ok((rest, bits)) } else { Err(too_big(rest)) }
}

fn too_big(rest: &[u8]) -> nom::Err<nom::error::Error<&[u8]>> {
    nom::Err::Error(nom::error::Error::new(rest, nom::error::ErrorKind::TooLarge))
}

fn dot(input: &[u8]) -> IResult<&[u8], ()> {
    value((), char('.')).parse(input)
}

/// One part; it starts with a digit.
fn part(input: &[u8]) -> IResult<&[u8], u32> {
    let number = verify(magnitude, |&number| u32::try_from(number).is_ok());
    map(number, |number| u32::try_from(number).unwrap_or(u32::MAX)).parse(input)
}

/// Whether an address is written as four decimal parts, as everyone reads it.
pub(crate) fn is_plain_address(word: &[u8], address: Ipv4Addr) -> bool {
    word == address.to_string().as_bytes()
}
