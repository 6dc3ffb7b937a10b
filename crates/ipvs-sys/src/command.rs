//! Commands, and the attributes at the top level of a message.

use neli::{
    consts::genl::{Cmd, NlAttrType},
    neli_enum,
};

/// What a message asks for or tells (`IPVS_CMD_*`). All of them need `CAP_NET_ADMIN`.
///
/// Source: `linux/ip_vs.h`.
#[neli_enum(serialized_type = "u8")]
pub enum Command {
    /// Add a service; also the form of the answer to [`Command::GetService`].
    NewService = 1,
    /// Change scheduler, flags, time-out, mask or persistence engine of a living service.
    SetService = 2,
    /// Remove a service with its destinations.
    DelService = 3,
    /// Ask for one service, or dump all.
    GetService = 4,
    /// Add a destination to a service; also the form of the answer to [`Command::GetDest`].
    NewDest = 5,
    /// Change method, weight, thresholds or tunnel of a living destination.
    SetDest = 6,
    /// Remove a destination.
    DelDest = 7,
    /// Dump the destinations of one service; there is no question for a single one.
    GetDest = 8,
    /// Start a sync daemon; also the form of the answer to [`Command::GetDaemon`].
    NewDaemon = 9,
    /// Stop a sync daemon.
    DelDaemon = 10,
    /// Dump the running sync daemons: none, one or two.
    GetDaemon = 11,
    /// Set time-outs; also the form of the answer to [`Command::GetConfig`].
    SetConfig = 12,
    /// Ask for the time-outs.
    GetConfig = 13,
    /// The form of the answer to [`Command::GetInfo`]; never sent to the kernel.
    SetInfo = 14,
    /// Ask for version and size of the connection table.
    GetInfo = 15,
    /// Set the counters of one service, or of everything, to zero.
    Zero = 16,
    /// Remove all services of the network namespace.
    Flush = 17,
}

impl Cmd for Command {}

/// Attributes at the top level (`IPVS_CMD_ATTR_*`), except in answers to [`Command::GetInfo`].
///
/// Source: `linux/ip_vs.h`.
#[neli_enum(serialized_type = "u16")]
pub enum CommandAttribute {
    /// Nested [`crate::service::ServiceAttribute`].
    Service = 1,
    /// Nested [`crate::destination::DestinationAttribute`].
    Dest = 2,
    /// Nested [`crate::daemon::DaemonAttribute`].
    Daemon = 3,
    /// Time-out of established TCP connections: u32, seconds.
    TimeoutTcp = 4,
    /// Time-out of TCP connections after a FIN: u32, seconds.
    TimeoutTcpFin = 5,
    /// Time-out of UDP connections: u32, seconds.
    TimeoutUdp = 6,
}

impl NlAttrType for CommandAttribute {}

/// Attributes at the top level of an answer to [`Command::GetInfo`] (`IPVS_INFO_ATTR_*`).
///
/// Source: `linux/ip_vs.h`.
#[neli_enum(serialized_type = "u16")]
pub enum InfoAttribute {
    /// Version: u32, one byte a part, 0x010201 for 1.2.1.
    Version = 1,
    /// Buckets of the connection table: u32.
    ConnTabSize = 2,
}

impl NlAttrType for InfoAttribute {}
