//! A virtual server's identity and settings.

use std::{
    cmp::Ordering,
    fmt,
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    time::Duration,
};

use ipvs_sys::NAME_SIZE;

/// Address family of a service or destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(address: IpAddr) -> Family {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

/// Transport protocol of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP, 6.
    Tcp,
    /// UDP, 17.
    Udp,
    /// SCTP, 132.
    Sctp,
    /// Another number, which the kernel takes and never matches with a packet.
    Other(u16),
}

impl Protocol {
    /// The protocol's number (IANA, Assigned Internet Protocol Numbers).
    pub fn number(self) -> u16 {
        match self {
            Protocol::Tcp => 6,
            Protocol::Udp => 17,
            Protocol::Sctp => 132,
            Protocol::Other(number) => number,
        }
    }

    /// The protocol with this number.
    pub fn from_number(number: u16) -> Protocol {
        match number {
            6 => Protocol::Tcp,
            17 => Protocol::Udp,
            132 => Protocol::Sctp,
            other => Protocol::Other(other),
        }
    }
}

/// Which packets a service is for: its identity in the kernel.
///
/// In the order of `ipvsadm`: services by address before those by mark, IPv4 before IPv6, TCP before UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceKey {
    /// Packets to an address and port.
    Address {
        /// Transport protocol.
        protocol: Protocol,
        /// Floating address.
        address: IpAddr,
        /// Port; 0 is every port, meant for persistent services.
        port: u16,
    },
    /// Packets with a firewall mark, which wins where an address matches as well.
    Mark {
        /// Family of the packets; the same mark may stand for one service in each.
        family: Family,
        /// The mark. The kernel takes 0 for something else, so it cannot be said here.
        mark: NonZeroU32,
    },
}

impl ServiceKey {
    /// The family of the service's packets.
    pub fn family(&self) -> Family {
        match self {
            ServiceKey::Address { address, .. } => Family::of(*address),
            ServiceKey::Mark { family, .. } => *family,
        }
    }

    /// What decides the order, one after the other: mark, family, protocol, address, port.
    fn rank(&self) -> (Option<NonZeroU32>, Family, Option<(Protocol, IpAddr, u16)>) {
        match *self {
            ServiceKey::Address { protocol, address, port } => {
                (None, self.family(), Some((protocol, address, port)))
            }
            ServiceKey::Mark { family, mark } => (Some(mark), family, None),
        }
    }
}

impl Ord for ServiceKey {
    fn cmp(&self, other: &ServiceKey) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for ServiceKey {
    fn partial_cmp(&self, other: &ServiceKey) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Name of a scheduler, as the kernel knows it: `rr`, `wlc`, ...
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scheduler(String);

/// A name that no scheduler can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot be a scheduler's name: 1 to 15 letters, digits, `_` or `-`")]
pub struct InvalidName(String);

impl Scheduler {
    /// A scheduler by name. Whether the kernel has it shows when it is asked for (`ENOENT`).
    ///
    /// # Errors
    /// [`InvalidName`] unless it is 1 to 15 letters, digits, `_` or `-`: the kernel's bound, and nothing that would
    /// break a listing.
    pub fn new(name: &str) -> Result<Scheduler, InvalidName> {
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if plain && (1..NAME_SIZE).contains(&name.len()) {
            Ok(Scheduler(name.to_owned()))
        } else {
            Err(InvalidName(name.to_owned()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Three switches whose meaning is the scheduler's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SchedulerFlags {
    /// `flag-1`; for sh and mh: another real server takes over what the hashed one cannot.
    pub first: bool,
    /// `flag-2`; for sh and mh: the source port is hashed too.
    pub second: bool,
    /// `flag-3`; no scheduler uses it.
    pub third: bool,
}

/// Which clients count as one for persistence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersistenceMask {
    /// IPv4: the bits of the client's address that count.
    V4(Ipv4Addr),
    /// IPv6: the length of the prefix that counts, 1 to 128 bits.
    V6(u8),
}

impl PersistenceMask {
    /// Each client address by itself.
    pub fn single_client(family: Family) -> PersistenceMask {
        match family {
            Family::V4 => PersistenceMask::V4(Ipv4Addr::BROADCAST),
            Family::V6 => PersistenceMask::V6(128),
        }
    }

    /// Whether each client address stands by itself.
    pub fn is_single_client(&self) -> bool {
        *self == PersistenceMask::single_client(self.family())
    }

    /// The family for which the mask can be used.
    pub fn family(&self) -> Family {
        match self {
            PersistenceMask::V4(_) => Family::V4,
            PersistenceMask::V6(_) => Family::V6,
        }
    }
}

/// A client stays on its real server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Persistence {
    /// How long after its last connection, in whole seconds.
    pub timeout: Duration,
    /// Which clients count as one; of the service's family.
    pub mask: PersistenceMask,
    /// Persistence engine, which looks into packets to know a client (`sip`).
    pub engine: Option<String>,
}

/// A virtual server's settings, without its identity ([`ServiceKey`]) and its real servers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    /// Who gets the next connection.
    pub scheduler: Scheduler,
    /// Switches of that scheduler.
    pub scheduler_flags: SchedulerFlags,
    /// Whether clients stay on their real servers.
    pub persistence: Option<Persistence>,
    /// Every packet is scheduled by itself (UDP).
    pub one_packet: bool,
}

impl Service {
    /// A service with this scheduler and nothing else.
    pub fn new(scheduler: Scheduler) -> Service {
        Service {
            scheduler,
            scheduler_flags: SchedulerFlags::default(),
            persistence: None,
            one_packet: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_kernel_or_a_listing_cannot_bear_are_refused() {
        for good in ["rr", "lblcr", "fifteen-letters"] {
            assert_eq!(Scheduler::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "sixteen-letters_", "r r", "rr\0", "rr\n", "größe"] {
            assert!(Scheduler::new(bad).is_err(), "{bad:?}");
        }
        insta::assert_snapshot!(
            Scheduler::new("").unwrap_err(),
            @r#""" cannot be a scheduler's name: 1 to 15 letters, digits, `_` or `-`"#
        );
    }

    #[test]
    fn protocol_numbers_go_both_ways() {
        for number in [6, 17, 132, 1, 255] {
            assert_eq!(Protocol::from_number(number).number(), number);
        }
    }
}
