//! The kernel's virtual servers.
//!
//! - [`Table`]: virtual servers and their real servers as plain values, what the kernel has as well as what it
//!   should have. [`Table::diff`] gives the least list of [`Operation`]s from one to the other. No I/O.
//! - [`sync_messages`]: connections, as the partner's sync daemon takes them. No I/O.
//! - [`Client`]: reads the kernel's table and carries out operations in few system calls; time-outs, sync daemons
//!   and statistics.
//!
//! ```no_run
//! use ipvs::{Client, Destination, DestinationKey, ForwardingMethod, Protocol, Scheduler, Service, ServiceKey, Table};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut wanted = Table::default();
//! let key = ServiceKey::Address { protocol: Protocol::Tcp, address: "192.0.2.1".parse()?, port: 80 };
//! let server = wanted.insert(key, Service::new(Scheduler::new("wlc")?));
//! server.destinations.insert(
//!     DestinationKey { address: "10.0.0.2".parse()?, port: 80 },
//!     Destination::new(ForwardingMethod::DirectRoute, 1),
//! );
//!
//! let mut client = Client::connect()?;
//! let operations = client.table()?.diff(&wanted);
//! for result in client.apply(&operations) {
//!     result?;
//! }
//! # Ok(())
//! # }
//! ```

mod client;
mod connection;
mod daemon;
mod decode;
mod destination;
mod diff;
mod encode;
mod error;
mod info;
mod kernel_text;
mod listing;
mod notation;
mod operation;
#[cfg(test)]
mod recorded;
mod remedy;
mod service;
mod statistics;
mod sync_message;
mod table;
mod timeouts;

pub use client::Client;
pub use connection::{Connection, ConnectionState};
pub use daemon::{SyncDaemon, SyncRole};
pub use destination::{Checksum, Destination, DestinationKey, ForwardingMethod, Tunnel};
pub use error::{Attempt, Error};
pub use info::Info;
pub use kernel_text::UnknownLine;
pub use netlink::Errno;
pub use operation::Operation;
pub use service::{
    Family, InvalidName, Persistence, PersistenceMask, Protocol, Scheduler, SchedulerFlags, Service,
    ServiceKey,
};
pub use statistics::{DestinationStatistics, ServiceStatistics, Snapshot, Statistics, Traffic};
pub use sync_message::{SYNC_GROUP, sync_messages};
pub use table::{Table, VirtualServer};
pub use timeouts::Timeouts;
