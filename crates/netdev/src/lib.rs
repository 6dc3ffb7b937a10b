//! Floating addresses, links, gratuitous ARP and neighbour advertisements.
//!
//! - [`arp`], [`neighbour`]: the frames, as pure functions.
//! - [`PacketSocket`]: sends a frame on an [`EthernetPort`].
//! - [`Announcer`]: when a floating address is announced, as a value that knows no clock.

mod announce;
pub mod arp;
mod hardware;
mod label;
pub mod neighbour;
mod packet;

pub use announce::{Announcement, Announcer, SCHEDULE};
pub use hardware::{HardwareAddress, NotAHardwareAddress};
pub use label::{LONGEST_NAME, Label, LabelError, base_device};
pub use packet::{EthernetPort, PacketError, PacketSocket};
