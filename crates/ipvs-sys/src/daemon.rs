//! Sync daemons: they carry connections from the active router to its partner.

use neli::{consts::genl::NlAttrType, neli_enum};

/// Attributes of a sync daemon (`IPVS_DAEMON_ATTR_*`).
///
/// Source: `linux/ip_vs.h`.
#[neli_enum(serialized_type = "u16")]
pub enum DaemonAttribute {
    /// [`DaemonState`]: u32.
    State = 1,
    /// Interface: string with NUL.
    McastIfn = 2,
    /// Sync id: u32, of which 0 to 255 fit on the wire.
    SyncId = 3,
    /// Longest UDP payload: u16, bytes. Linux 4.3 and later, as all below.
    SyncMaxlen = 4,
    /// Multicast group: 4 bytes in network order; 224.0.0.81 when absent.
    McastGroup = 5,
    /// Multicast group of IPv6: 16 bytes.
    McastGroup6 = 6,
    /// UDP port: u16 in **host** order; 8848 when absent.
    McastPort = 7,
    /// Time to live: u8; 1 when absent.
    McastTtl = 8,
}

impl NlAttrType for DaemonAttribute {}

/// Which of the two sync daemons (`IP_VS_STATE_*`). Both may run at once.
///
/// Source: `linux/ip_vs.h`.
#[neli_enum(serialized_type = "u32")]
pub enum DaemonState {
    /// Sends this router's connections.
    Master = 1,
    /// Receives the partner's connections.
    Backup = 2,
}
