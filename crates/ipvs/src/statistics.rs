//! Counters and rates.

use std::collections::BTreeMap;

use crate::{DestinationKey, Info, ServiceKey, Table};

/// Traffic of a service or destination. What goes out stays 0 with direct routing and tunnels, where answers do not
/// pass the director.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Connections since the entry was made or zeroed.
    pub connections: u64,
    /// Packets to the real servers, likewise.
    pub packets_in: u64,
    /// Packets from the real servers, likewise.
    pub packets_out: u64,
    /// Bytes to the real servers, likewise.
    pub bytes_in: u64,
    /// Bytes from the real servers, likewise.
    pub bytes_out: u64,
    /// Connections per second, estimated over a few seconds.
    pub connections_per_second: u64,
    /// Packets per second to the real servers, likewise.
    pub packets_in_per_second: u64,
    /// Packets per second from the real servers, likewise.
    pub packets_out_per_second: u64,
    /// Bytes per second to the real servers, likewise.
    pub bytes_in_per_second: u64,
    /// Bytes per second from the real servers, likewise.
    pub bytes_out_per_second: u64,
}

/// Statistics of a real server within one virtual server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DestinationStatistics {
    /// Connections in an established state.
    pub active_connections: u32,
    /// Connections in any other state.
    pub inactive_connections: u32,
    /// Persistence templates.
    pub persistent_connections: u32,
    /// Its traffic.
    pub traffic: Traffic,
}

/// Statistics of a virtual server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceStatistics {
    /// The traffic of all its real servers, also of those that are gone.
    pub traffic: Traffic,
    /// Its real servers.
    pub destinations: BTreeMap<DestinationKey, DestinationStatistics>,
}

/// Statistics of all virtual servers.
pub type Statistics = BTreeMap<ServiceKey, ServiceStatistics>;

/// The kernel's table with all that it counts. Shown as `ipvsadm -Ln` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// The kernel's IPVS.
    pub info: Info,
    /// Its table.
    pub table: Table,
    /// What it counted, for each entry of the table.
    pub statistics: Statistics,
}
