//! Counters and rates of a service or destination.

use neli::{consts::genl::NlAttrType, neli_enum};

/// Attributes of statistics (`IPVS_STATS_ATTR_*`).
///
/// Inside `Stats64` every one is a u64; inside `Stats` the bytes are u64 and the others u32, which wrap. Counters
/// are totals since creation or [`crate::command::Command::Zero`], rates are per second. What goes out stays 0 with
/// direct routing and tunnels, where answers do not pass the director.
///
/// Source: `linux/ip_vs.h`.
#[neli_enum(serialized_type = "u16")]
pub enum StatisticsAttribute {
    /// Connections scheduled.
    Conns = 1,
    /// Packets to the real servers.
    Inpkts = 2,
    /// Packets from the real servers.
    Outpkts = 3,
    /// Bytes to the real servers.
    Inbytes = 4,
    /// Bytes from the real servers.
    Outbytes = 5,
    /// Connections per second.
    Cps = 6,
    /// Packets per second to the real servers.
    Inpps = 7,
    /// Packets per second from the real servers.
    Outpps = 8,
    /// Bytes per second to the real servers.
    Inbps = 9,
    /// Bytes per second from the real servers.
    Outbps = 10,
    /// Aligns the next u64; empty.
    Pad = 11,
}

impl NlAttrType for StatisticsAttribute {}
