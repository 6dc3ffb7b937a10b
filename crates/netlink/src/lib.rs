//! One small blocking netlink socket.
//!
//! - [`Socket`]: one request and its answer, a complete dump, a batch, events of multicast groups.
//! - [`Batch`]: many encoded requests that travel in few system calls, each with its own result.
//! - [`attribute`]: writes attributes, flat and nested.
//!
//! Message types, attribute types and flags are neli's ([`neli::ToBytes`], [`neli::FromBytesWithInput`],
//! [`neli::consts`]); the same socket serves generic netlink and rtnetlink. No call blocks for longer than the
//! socket's time-out in waiting for an answer, and every answer is matched by its sequence number.
//!
//! ```no_run
//! use neli::consts::{rtnl::{RtAddrFamily, Rtm}, socket::NlFamily};
//! use neli::rtnl::{Ifinfomsg, IfinfomsgBuilder};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut socket = netlink::Socket::connect(NlFamily::Route)?;
//! let every = IfinfomsgBuilder::default().ifi_family(RtAddrFamily::Unspecified).build()?;
//! for link in socket.dump::<Ifinfomsg>(Rtm::Getlink, &every)? {
//!     println!("{}", link.ifi_index());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Source: RFC 3549 and the kernel's `Documentation/userspace-api/netlink/intro.rst`.

mod answers;
pub mod attribute;
mod batch;
mod error;
mod family;
mod message;
mod options;
mod socket;

pub use batch::Batch;
pub use error::{Error, Refusal};
pub use nix::errno::Errno;
pub use socket::Socket;
