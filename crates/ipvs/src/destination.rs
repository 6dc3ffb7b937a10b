//! A real server's identity and settings.

use std::{net::IpAddr, num::NonZeroU16};

/// Which real server of a service: its identity there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DestinationKey {
    /// The real server's address.
    pub address: IpAddr,
    /// Its port. Only network address translation rewrites a packet's port; 0 keeps it, useful for services by mark.
    pub port: u16,
}

/// How a packet reaches the real server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ForwardingMethod {
    /// Network address translation.
    Masquerade,
    /// Direct routing: to the real server's hardware address, unchanged.
    DirectRoute,
    /// Encapsulated.
    Tunnel(Tunnel),
    /// The director serves by itself. The kernel's own choice for its own addresses.
    Local,
    /// To the packet's own destination. The kernel's own choice with `cache_bypass`.
    Bypass,
}

/// How a tunnel encapsulates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tunnel {
    /// IP in IP (RFC 2003).
    Ipip,
    /// Generic UDP encapsulation.
    Gue {
        /// UDP port of the real server.
        port: NonZeroU16,
        /// Its checksum.
        checksum: Checksum,
    },
    /// Generic routing encapsulation (RFC 2784).
    Gre {
        /// Its checksum.
        checksum: Checksum,
    },
}

/// Checksum of an encapsulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Checksum {
    /// None.
    #[default]
    Off,
    /// Computed by the director.
    On,
    /// Remote checksum offload (GUE only).
    Remote,
}

/// A real server's settings within one virtual server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    /// How packets reach it.
    pub method: ForwardingMethod,
    /// Its share, 0 to 2147483647; 0 quiesces: nothing new is scheduled here, established connections go on.
    pub weight: u32,
    /// Connections above which nothing new is scheduled here; 0 is no limit.
    pub upper_threshold: u32,
    /// Connections below which it is scheduled again after that; at most the upper threshold.
    pub lower_threshold: u32,
}

impl Destination {
    /// A destination without thresholds.
    pub fn new(method: ForwardingMethod, weight: u32) -> Destination {
        Destination { method, weight, upper_threshold: 0, lower_threshold: 0 }
    }

    /// Whether new connections may be scheduled here.
    pub fn is_active(&self) -> bool {
        self.weight > 0
    }
}
