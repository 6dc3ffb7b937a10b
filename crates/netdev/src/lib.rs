//! Floating addresses, links, gratuitous ARP and neighbour advertisements.
//!
//! - [`Interfaces`]: lists links and addresses, raises and lowers floating addresses.
//! - [`Monitor`]: tells when links and addresses change.
//! - [`arp`], [`neighbour`]: the frames, as pure functions.
//! - [`PacketSocket`]: sends a frame on an [`EthernetPort`].
//! - [`Announcer`]: when a floating address is announced, as a value that knows no clock.
//! - [`Upkeep`]: what is to be done when links and addresses change, as such a value.

mod address;
mod announce;
pub mod arp;
mod error;
mod hardware;
mod interfaces;
mod label;
mod link;
mod lowering;
mod message;
mod monitor;
pub mod neighbour;
mod network;
mod packet;
mod raising;
mod reshaping;
mod upkeep;

pub use address::{FloatingAddress, HeldAddress};
pub use announce::{AT_ONCE, Announcement, Announcer, BREATH, PAUSES, SHORTEST_REFRESH};
pub use error::Error;
pub use hardware::{HardwareAddress, NotAHardwareAddress};
pub use interfaces::Interfaces;
pub use label::{LONGEST_NAME, Label, LabelError, base_device};
pub use link::{Link, OperationalState};
pub use lowering::Lowered;
pub use monitor::{Change, Monitor};
pub use network::{NotAMask, broadcast, contains, host_prefix, prefix_of_mask};
pub use packet::{EthernetPort, PacketError, PacketSocket};
pub use raising::Raised;
pub use upkeep::{Findings, News, Upkeep};
