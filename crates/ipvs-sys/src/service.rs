//! Services: the virtual servers.

use std::io::Cursor;

use neli::{FromBytes, Size, ToBytes, consts::genl::NlAttrType, err::DeError, neli_enum};

/// Attributes of a service (`IPVS_SVC_ATTR_*`).
///
/// Identity: `Af` with `FwMark`, or with `Protocol`, `Addr` and `Port`. If both are sent, the mark counts.
///
/// Source: `linux/ip_vs.h`.
#[neli_enum(serialized_type = "u16")]
pub enum ServiceAttribute {
    /// Address family: u16.
    Af = 1,
    /// Protocol: u16; 6 TCP, 17 UDP, 132 SCTP.
    Protocol = 2,
    /// Address in network order: 4 or 16 bytes in requests, always 16 in answers (IPv4 in the first 4).
    Addr = 3,
    /// Port: u16, **big-endian**; 0 is every port.
    Port = 4,
    /// Firewall mark: u32. Present with value 0 it still makes a mark service: never send that.
    FwMark = 5,
    /// Scheduler: string with NUL; `none` is none.
    SchedName = 6,
    /// [`FlagsAndMask`].
    Flags = 7,
    /// Persistence time-out: u32, seconds; 0 without persistence.
    Timeout = 8,
    /// Persistence granularity: IPv4 a mask in network order, IPv6 a prefix length as u32 in host order.
    Netmask = 9,
    /// Nested [`crate::statistics::StatisticsAttribute`], 32 bits wide; only in answers.
    Stats = 10,
    /// Persistence engine: string with NUL; absent is none, also in a change.
    PeName = 11,
    /// Nested [`crate::statistics::StatisticsAttribute`], 64 bits wide; only in answers, Linux 4.1 and later.
    Stats64 = 12,
}

impl NlAttrType for ServiceAttribute {}

bitflags::bitflags! {
    /// Flags of a service (`IP_VS_SVC_F_*`). Bits without a name are kept.
    ///
    /// Source: `linux/ip_vs.h`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
    pub struct ServiceFlags: u32 {
        /// A client is kept on its real server.
        const PERSISTENT = 0x0001;
        /// The kernel's own: the service is in its table. Always seen in answers.
        const HASHED = 0x0002;
        /// Every packet is scheduled anew (UDP).
        const ONE_PACKET = 0x0004;
        /// First flag of the scheduler; sh and mh: another server takes over what the hashed one cannot.
        const SCHEDULER_1 = 0x0008;
        /// Second flag of the scheduler; sh and mh: the source port is hashed too.
        const SCHEDULER_2 = 0x0010;
        /// Third flag of the scheduler; unused.
        const SCHEDULER_3 = 0x0020;
    }
}

/// Payload of [`ServiceAttribute::Flags`] (`struct ip_vs_flags`): the bits of `mask` become those of `flags`, the
/// others stay. Both in host order; in answers `mask` is all ones.
///
/// Source: `linux/ip_vs.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Size, ToBytes)]
pub struct FlagsAndMask {
    /// The bits to set: see [`ServiceFlags`].
    pub flags: u32,
    /// The bits that count.
    pub mask: u32,
}

impl FromBytes for FlagsAndMask {
    fn from_bytes(buffer: &mut Cursor<impl AsRef<[u8]>>) -> Result<Self, DeError> {
        Ok(FlagsAndMask { flags: u32::from_bytes(buffer)?, mask: u32::from_bytes(buffer)? })
    }
}
