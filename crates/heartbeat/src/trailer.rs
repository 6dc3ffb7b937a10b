//! What follows the four bytes of a heartbeat: what a router says of itself. `docs/heartbeat.md` has it byte by byte.
//!
//! A partner that reads four bytes never sees it. Nothing here decides who is active: the four bytes do.

use crate::datagram::LENGTH;

mod fields;
mod read;
mod show;
mod wire;
mod write;

pub use fields::{
    Configuration, Departure, FINGERPRINT, Fingerprint, HandOver, LONGEST_TEXT, RealServers, Session, Stamp,
    Standing, Timers,
};
pub use read::{Absent, Read, Seal};
pub(crate) use wire::DIGEST;
pub(crate) use write::prepare_seal;

/// No datagram is longer, trailer included (bytes). Well below what every link carries in one piece.
pub const LONGEST: usize = 512;

/// Whether a trailer follows the four bytes of a heartbeat, of whatever version. Piranha's own pulse writes none.
pub(crate) fn follows(datagram: &[u8]) -> bool {
    datagram.get(LENGTH..).is_some_and(|rest| rest.starts_with(wire::MAGIC))
}

/// What a router says of itself. Every field may be missing: a router says what it knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trailer {
    /// Which run of pulse this is, and which of its heartbeats.
    pub stamp: Option<Stamp>,
    /// The newest heartbeat of the partner that the sender has heard.
    pub echo: Option<Stamp>,
    /// Its role and state.
    pub standing: Option<Standing>,
    /// Its interval and time-out.
    pub timers: Option<Timers>,
    /// The `lvs.cf` in force.
    pub configuration: Option<Configuration>,
    /// How many real servers serve.
    pub real_servers: Option<RealServers>,
    /// Why it is no longer active, or ends.
    pub departure: Option<Departure>,
    /// Its part in a planned hand-over.
    pub hand_over: Option<HandOver>,
}
