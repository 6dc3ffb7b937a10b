//! A trailer into bytes.

use super::fields::{Configuration, Departure, RealServers, Stamp, Standing, Timers};
use super::wire::{
    CONFIGURATION, DEPARTURE, DIGEST, ECHO, HAND_OVER, HAND_OVERS, HEADER, KEY_AND_DIGEST, MAGIC,
    REAL_SERVERS, ROLES, SEAL, STAMP, STANDING, STATES, TIMERS, VERSION,
};
use super::{LONGEST, LONGEST_TEXT, Trailer};
use crate::datagram::LENGTH;
use std::time::Duration;

impl Trailer {
    /// A datagram: these four bytes and the trailer, without a seal.
    pub fn append_to(&self, head: [u8; LENGTH]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LONGEST);
        bytes.extend(head);
        bytes.extend(MAGIC);
        bytes.push(VERSION);
        bytes.extend([0; 2]);
        self.write_fields(&mut bytes);
        write_length(&mut bytes, 0);
        bytes
    }

    fn write_fields(&self, bytes: &mut Vec<u8>) {
        for (kind, stamp) in [(STAMP, self.stamp), (ECHO, self.echo)] {
            if let Some(Stamp { session, sequence }) = stamp {
                write(bytes, kind, &[&session.0, &sequence.to_be_bytes()]);
            }
        }
        if let Some(Standing { role, state }) = self.standing {
            write(bytes, STANDING, &[&[number_of(&ROLES, &role), number_of(&STATES, &state)]]);
        }
        if let Some(Timers { keepalive, deadtime }) = self.timers {
            write(bytes, TIMERS, &[&milliseconds(keepalive), &milliseconds(deadtime)]);
        }
        if let Some(Configuration { serial, fingerprint }) = self.configuration {
            write(bytes, CONFIGURATION, &[&serial.to_be_bytes(), &fingerprint.0]);
        }
        if let Some(RealServers { up, configured }) = self.real_servers {
            write(bytes, REAL_SERVERS, &[&up.to_be_bytes(), &configured.to_be_bytes()]);
        }
        if let Some(Departure { code, text }) = &self.departure {
            write(bytes, DEPARTURE, &[&[*code], shortened(text).as_bytes()]);
        }
        if let Some(hand_over) = self.hand_over {
            write(bytes, HAND_OVER, &[&[number_of(&HAND_OVERS, &hand_over)]]);
        }
    }
}

/// Adds the last field, all but the digest: what is there now is what the digest is made of.
pub(crate) fn prepare_seal(bytes: &mut Vec<u8>, key: u32) {
    bytes.extend([SEAL, KEY_AND_DIGEST]);
    bytes.extend(key.to_be_bytes());
    write_length(bytes, DIGEST);
}

/// Sets the length of the fields: what has been written, and so many bytes that will be.
fn write_length(bytes: &mut [u8], to_come: usize) {
    let written = bytes.len().saturating_sub(LENGTH + HEADER) + to_come;
    let length = u16::try_from(written).unwrap_or_default().to_be_bytes();
    if let Some(place) = bytes.get_mut(LENGTH + HEADER - length.len()..LENGTH + HEADER) {
        place.copy_from_slice(&length);
    }
}

fn write(bytes: &mut Vec<u8>, kind: u8, values: &[&[u8]]) {
    let length: usize = values.iter().map(|value| value.len()).sum();
    bytes.extend([kind, u8::try_from(length).unwrap_or_default()]);
    for value in values {
        bytes.extend(*value);
    }
}

fn milliseconds(time: Duration) -> [u8; 4] {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX).to_be_bytes()
}

/// Not longer than the field may be, and no half characters.
pub(super) fn shortened(text: &str) -> &str {
    let end = (0..=LONGEST_TEXT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

fn number_of<T: PartialEq>(table: &[(u8, T)], value: &T) -> u8 {
    table.iter().find(|(_, known)| known == value).map_or(0, |(number, _)| *number)
}
