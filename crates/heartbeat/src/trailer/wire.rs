//! The numbers of a trailer on the wire (`docs/heartbeat.md`).

use crate::machine::State;
use crate::settings::Role;
use crate::trailer::fields::HandOver;

/// Marks a trailer.
pub(super) const MAGIC: &[u8; 3] = b"PHB";
/// What this file writes and reads.
pub(super) const VERSION: u8 = 1;
/// Magic, version, length of the fields.
pub(super) const HEADER: usize = 6;

pub(super) const STAMP: u8 = 1;
pub(super) const ECHO: u8 = 2;
pub(super) const STANDING: u8 = 3;
pub(super) const TIMERS: u8 = 4;
pub(super) const CONFIGURATION: u8 = 5;
pub(super) const REAL_SERVERS: u8 = 6;
pub(super) const DEPARTURE: u8 = 7;
pub(super) const HAND_OVER: u8 = 8;
pub(super) const SEAL: u8 = 255;

/// Bytes of HMAC-SHA256.
pub(crate) const DIGEST: usize = 32;
/// Length of the seal's value.
pub(super) const KEY_AND_DIGEST: u8 = 36;

pub(super) const ROLES: [(u8, Role); 2] = [(1, Role::Primary), (2, Role::Backup)];
pub(super) const STATES: [(u8, State); 6] = [
    (1, State::Ready),
    (2, State::Active),
    (3, State::LinkDown),
    (4, State::Failed),
    (5, State::Leaving),
    (6, State::Ending),
];
pub(super) const HAND_OVERS: [(u8, HandOver); 4] =
    [(1, HandOver::Able), (2, HandOver::Wanted), (3, HandOver::Offered), (4, HandOver::Prepared)];
