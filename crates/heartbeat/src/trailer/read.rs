//! A trailer out of bytes, whatever they are.

use super::Trailer;
use super::fields::{
    Configuration, Departure, Fingerprint, HandOver, RealServers, Session, Stamp, Standing, Timers,
};
use super::wire::{
    CONFIGURATION, DEPARTURE, DIGEST, ECHO, HAND_OVER, HAND_OVERS, HEADER, MAGIC, REAL_SERVERS, ROLES, SEAL,
    STAMP, STANDING, STATES, TIMERS, VERSION,
};
use super::write::shortened;
use crate::datagram::LENGTH;
use nom::bytes::complete::{tag, take};
use nom::combinator::{all_consuming, rest};
use nom::multi::{length_data, many0};
use nom::number::complete::{be_i32, be_u8, be_u16, be_u32, be_u64};
use nom::sequence::preceded;
use nom::{IResult, Parser as _};
use std::time::Duration;

/// A trailer that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read<'datagram> {
    /// What it says.
    pub trailer: Trailer,
    /// Its seal, not yet compared with anything.
    pub seal: Option<Seal<'datagram>>,
}

/// The last field of a trailer: which key has signed what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal<'datagram> {
    /// Identifies the key.
    pub key: u32,
    /// Every byte of the datagram before the digest.
    pub signed: &'datagram [u8],
    /// HMAC-SHA256 as received.
    pub digest: &'datagram [u8],
}

/// Why there is no trailer to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Nothing follows the four bytes, or nothing that begins like a trailer.
    None,
    /// It is of another version.
    Version(u8),
    /// It is cut off, a field is doubled or has not its length, or the seal is not the last field.
    Malformed,
}

impl Trailer {
    /// The trailer of a datagram.
    ///
    /// # Errors
    /// Why there is none that can be read. The four bytes are not looked at, and count all the same.
    pub fn read(datagram: &[u8]) -> Result<Read<'_>, Absent> {
        let after = datagram.get(LENGTH..).unwrap_or_default();
        let (after, version) = start(after).map_err(|_| Absent::None)?;
        if version != VERSION {
            return Err(Absent::Version(version));
        }
        let (_, fields) = fields(after).map_err(|_| Absent::Malformed)?;
        read_fields(datagram, &fields).ok_or(Absent::Malformed)
    }
}

fn meant_by<T: Copy>(table: &[(u8, T)], number: u8) -> Option<T> {
    table.iter().find(|(known, _)| *known == number).map(|(_, value)| *value)
}

type Bytes<'datagram, T> = IResult<&'datagram [u8], T>;

fn start(bytes: &[u8]) -> Bytes<'_, u8> {
    preceded(tag(&MAGIC[..]), be_u8).parse(bytes)
}

/// All fields: type and value. What follows them is not looked at.
fn fields(bytes: &[u8]) -> Bytes<'_, Vec<(u8, &[u8])>> {
    let (after, fields) = length_data(be_u16).parse(bytes)?;
    let (_, fields) = all_consuming(many0((be_u8, length_data(be_u8)))).parse(fields)?;
    Ok((after, fields))
}

fn read_fields<'datagram>(
    datagram: &'datagram [u8],
    fields: &[(u8, &'datagram [u8])],
) -> Option<Read<'datagram>> {
    let mut read = Read { trailer: Trailer::default(), seal: None };
    let trailer = &mut read.trailer;
    let mut seen = Vec::new();
    let mut end = LENGTH + HEADER;
    for (kind, value) in fields {
        let known = matches!(*kind, STAMP..=HAND_OVER | SEAL);
        if known && seen.contains(kind) || read.seal.is_some() {
            return None;
        }
        seen.push(*kind);
        end += 2 + value.len();
        match *kind {
            STAMP => trailer.stamp = Some(whole(stamp, value)?),
            ECHO => trailer.echo = Some(whole(stamp, value)?),
            STANDING => trailer.standing = whole(standing, value)?,
            TIMERS => trailer.timers = Some(whole(timers, value)?),
            CONFIGURATION => trailer.configuration = Some(whole(configuration, value)?),
            REAL_SERVERS => trailer.real_servers = Some(whole(real_servers, value)?),
            DEPARTURE => trailer.departure = Some(whole(departure, value)?),
            HAND_OVER => trailer.hand_over = whole(hand_over, value)?,
            SEAL => {
                let (key, digest) = whole((be_u32, take(DIGEST)), value)?;
                let signed = datagram.get(..end.checked_sub(DIGEST)?)?;
                read.seal = Some(Seal { key, signed, digest });
            }
            _ => {}
        }
    }
    Some(read)
}

/// A value that is as long as it should be.
fn whole<'value, T>(
    parser: impl nom::Parser<&'value [u8], Output = T, Error = nom::error::Error<&'value [u8]>>,
    value: &'value [u8],
) -> Option<T> {
    all_consuming(parser).parse(value).map(|(_, value)| value).ok()
}

fn stamp(value: &[u8]) -> Bytes<'_, Stamp> {
    (array, be_u64).map(|(session, sequence)| Stamp { session: Session(session), sequence }).parse(value)
}

/// Nothing if a later version has other roles or states.
fn standing(value: &[u8]) -> Bytes<'_, Option<Standing>> {
    (be_u8, be_u8)
        .map(|(role, state)| {
            Some(Standing { role: meant_by(&ROLES, role)?, state: meant_by(&STATES, state)? })
        })
        .parse(value)
}

fn timers(value: &[u8]) -> Bytes<'_, Timers> {
    let time = || be_u32.map(|milliseconds| Duration::from_millis(milliseconds.into()));
    (time(), time()).map(|(keepalive, deadtime)| Timers { keepalive, deadtime }).parse(value)
}

fn configuration(value: &[u8]) -> Bytes<'_, Configuration> {
    (be_i32, array)
        .map(|(serial, fingerprint)| Configuration { serial, fingerprint: Fingerprint(fingerprint) })
        .parse(value)
}

fn real_servers(value: &[u8]) -> Bytes<'_, RealServers> {
    (be_u32, be_u32).map(|(up, configured)| RealServers { up, configured }).parse(value)
}

/// The text goes into logs: it must not look like several lines.
fn departure(value: &[u8]) -> Bytes<'_, Departure> {
    let printable = |text: &[u8]| {
        let text = String::from_utf8_lossy(text).replace(char::is_control, "?");
        shortened(&text).to_owned()
    };
    (be_u8, rest.map(printable)).map(|(code, text)| Departure { code, text }).parse(value)
}

/// Nothing if a later version has other parts.
fn hand_over(value: &[u8]) -> Bytes<'_, Option<HandOver>> {
    be_u8.map(|number| meant_by(&HAND_OVERS, number)).parse(value)
}

fn array<const LENGTH: usize>(value: &[u8]) -> Bytes<'_, [u8; LENGTH]> {
    let (after, bytes) = take(LENGTH).parse(value)?;
    let wrong = || nom::Err::Error(nom::error::Error::new(value, nom::error::ErrorKind::Eof));
    Ok((after, bytes.try_into().map_err(|_| wrong())?))
}
