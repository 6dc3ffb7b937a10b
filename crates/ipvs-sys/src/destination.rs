//! Destinations: the real servers of a service.

use neli::{consts::genl::NlAttrType, neli_enum};

/// Attributes of a destination (`IPVS_DEST_ATTR_*`).
///
/// Identity: `AddrFamily`, `Addr` and `Port`.
///
/// Source: `linux/ip_vs.h`.
#[neli_enum(serialized_type = "u16")]
pub enum DestinationAttribute {
    /// Address in network order: 4 or 16 bytes in requests, always 16 in answers (IPv4 in the first 4).
    Addr = 1,
    /// Port: u16, **big-endian**; 0 keeps the packet's port.
    Port = 2,
    /// [`ForwardingMethod`]: u32.
    FwdMethod = 3,
    /// Weight: u32 that holds a signed number, 0 to 2147483647.
    Weight = 4,
    /// Upper connection threshold: u32; 0 is none.
    UThresh = 5,
    /// Lower connection threshold: u32, at most the upper one.
    LThresh = 6,
    /// Active connections: u32; only in answers.
    ActiveConns = 7,
    /// Inactive connections: u32; only in answers.
    InactConns = 8,
    /// Persistence templates: u32; only in answers.
    PersistConns = 9,
    /// Nested [`crate::statistics::StatisticsAttribute`], 32 bits wide; only in answers.
    Stats = 10,
    /// Address family: u16; absent is the service's. Linux 3.18 and later.
    AddrFamily = 11,
    /// Nested [`crate::statistics::StatisticsAttribute`], 64 bits wide; only in answers, Linux 4.1 and later.
    Stats64 = 12,
    /// [`TunnelType`]: u8. Linux 5.2 and later, as the two below.
    TunType = 13,
    /// UDP port of a GUE tunnel: u16, **big-endian**, never 0 there.
    TunPort = 14,
    /// [`TunnelFlags`]: u16.
    TunFlags = 15,
}

impl NlAttrType for DestinationAttribute {}

/// How a packet reaches the real server (`IP_VS_CONN_F_*` under `IP_VS_CONN_F_FWD_MASK`).
///
/// Source: `linux/ip_vs.h`.
#[neli_enum(serialized_type = "u32")]
pub enum ForwardingMethod {
    /// Network address translation (`MASQ`).
    Masquerade = 0,
    /// The director itself serves; the kernel's own choice (`LOCALNODE`).
    Local = 1,
    /// Encapsulated (`TUNNEL`).
    Tunnel = 2,
    /// Direct routing (`DROUTE`).
    DirectRoute = 3,
    /// Sent to the packet's own destination; the kernel's own choice (`BYPASS`).
    Bypass = 4,
}

/// How a tunnel encapsulates (`IP_VS_CONN_F_TUNNEL_TYPE_*`).
///
/// Source: `linux/ip_vs.h`.
#[neli_enum(serialized_type = "u8")]
pub enum TunnelType {
    /// IP in IP.
    Ipip = 0,
    /// Generic UDP encapsulation.
    Gue = 1,
    /// Generic routing encapsulation.
    Gre = 2,
}

bitflags::bitflags! {
    /// Checksums of a tunnel (`IP_VS_TUNNEL_ENCAP_FLAG_*`); no bit is "no checksum".
    ///
    /// Source: `linux/ip_vs.h`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
    pub struct TunnelFlags: u16 {
        /// With a checksum.
        const CHECKSUM = 0x01;
        /// With remote checksum offload (GUE).
        const REMOTE_CHECKSUM = 0x02;
    }
}
