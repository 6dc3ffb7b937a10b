//! rtnetlink messages: those that are sent, and how attributes are read.
//!
//! Source: `rtnetlink(7)`, `linux/if_addr.h`, `linux/if_link.h`.

use std::{io::Cursor, net::IpAddr};

use neli::{
    ToBytes,
    consts::rtnl::{Ifa, IfaF, Iff, Nda, RtAddrFamily, RtScope, RtaType},
    err::SerError,
    types::{Buffer, RtBuffer},
};
use netlink::attribute::put;

use crate::{Label, network::broadcast};

/// Asks for all links: an empty `struct ifinfomsg`.
pub(crate) const EVERY_LINK: [u8; 16] = [0; 16];
/// Asks for all addresses of both families: an empty `struct ifaddrmsg`.
pub(crate) const EVERY_ADDRESS: [u8; 8] = [0; 8];

/// Adds an address to a device.
#[derive(Debug)]
pub(crate) struct AddAddress<'a> {
    pub(crate) address: IpAddr,
    pub(crate) prefix: u8,
    pub(crate) index: u32,
    pub(crate) label: &'a Label,
}

impl ToBytes for AddAddress<'_> {
    fn to_bytes(&self, buffer: &mut Cursor<Vec<u8>>) -> Result<(), SerError> {
        match self.address {
            IpAddr::V4(address) => {
                self.header(RtAddrFamily::Inet, IfaF::empty(), buffer)?;
                put(buffer, Ifa::Local, &address.octets())?;
                put(buffer, Ifa::Address, &address.octets())?;
                if let Some(broadcast) = broadcast(address, self.prefix) {
                    put(buffer, Ifa::Broadcast, &broadcast.octets())?;
                }
                put(buffer, Ifa::Label, &format!("{}\0", self.label).as_bytes())
            }
            IpAddr::V6(address) => {
                // The partner held it until now: a second spent on asking who has it is lost.
                self.header(RtAddrFamily::Inet6, IfaF::NODAD, buffer)?;
                put(buffer, Ifa::Local, &address.octets())?;
                put(buffer, Ifa::Address, &address.octets())?;
                put(buffer, Ifa::Cacheinfo, &CacheInfo::NEVER_A_SOURCE)
            }
        }
    }
}

/// `struct ifa_cacheinfo`: how long an IPv6 address is preferred and valid, in seconds, and two times that the kernel
/// fills in.
#[derive(Debug)]
struct CacheInfo {
    preferred: u32,
    valid: u32,
}

impl CacheInfo {
    /// Valid for ever, but not chosen as the source of a connection that this machine begins (RFC 6724, rule 3): a real
    /// server that holds the floating address as well would answer a check to itself. IPv4 needs no word for this, as a
    /// second address of a network is never chosen.
    const NEVER_A_SOURCE: Self = Self { preferred: 0, valid: u32::MAX };
}

impl ToBytes for CacheInfo {
    fn to_bytes(&self, buffer: &mut Cursor<Vec<u8>>) -> Result<(), SerError> {
        self.preferred.to_bytes(buffer)?;
        self.valid.to_bytes(buffer)?;
        [0u8; 8].to_bytes(buffer)
    }
}

impl AddAddress<'_> {
    /// `struct ifaddrmsg`.
    fn header(
        &self,
        family: RtAddrFamily,
        flags: IfaF,
        buffer: &mut Cursor<Vec<u8>>,
    ) -> Result<(), SerError> {
        family.to_bytes(buffer)?;
        self.prefix.to_bytes(buffer)?;
        flags.to_bytes(buffer)?;
        RtScope::Universe.to_bytes(buffer)?;
        self.index.to_bytes(buffer)
    }
}

/// Forgets who else had an address: `struct ndmsg` (`linux/neighbour.h`).
#[derive(Debug)]
pub(crate) struct ForgetNeighbour {
    pub(crate) address: IpAddr,
    pub(crate) index: u32,
}

impl ToBytes for ForgetNeighbour {
    fn to_bytes(&self, buffer: &mut Cursor<Vec<u8>>) -> Result<(), SerError> {
        let (family, octets) = match self.address {
            IpAddr::V4(address) => (RtAddrFamily::Inet, address.octets().to_vec()),
            IpAddr::V6(address) => (RtAddrFamily::Inet6, address.octets().to_vec()),
        };
        family.to_bytes(buffer)?;
        [0u8; 3].to_bytes(buffer)?;
        self.index.to_bytes(buffer)?;
        // State, flags and type do not matter.
        [0u8; 4].to_bytes(buffer)?;
        put(buffer, Nda::Dst, &octets.as_slice())
    }
}

/// Sets a device up.
#[derive(Debug)]
pub(crate) struct SetUp {
    pub(crate) index: u32,
}

impl ToBytes for SetUp {
    /// `struct ifinfomsg`: family, padding, type, index, flags, and which of them to change.
    fn to_bytes(&self, buffer: &mut Cursor<Vec<u8>>) -> Result<(), SerError> {
        [0u8; 4].to_bytes(buffer)?;
        self.index.to_bytes(buffer)?;
        Iff::UP.to_bytes(buffer)?;
        Iff::UP.to_bytes(buffer)
    }
}

/// The payload of the first attribute of type `kind`.
pub(crate) fn attribute<T: RtaType + PartialEq>(attributes: &RtBuffer<T, Buffer>, kind: T) -> Option<&[u8]> {
    attributes
        .iter()
        .find(|attribute| *attribute.rta_type() == kind)
        .map(|found| found.rta_payload().as_ref())
}

/// A kernel string, without its final zero.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(message: &impl ToBytes) -> Vec<u8> {
        let mut buffer = Cursor::new(Vec::new());
        message.to_bytes(&mut buffer).unwrap();
        buffer.into_inner()
    }

    /// An attribute as the kernel's headers lay it out, padded.
    fn attribute_of(kind: u16, payload: &[u8]) -> Vec<u8> {
        let mut bytes = u16::try_from(4 + payload.len()).unwrap().to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn request(label: &Label, address: &str, prefix: u8) -> Vec<u8> {
        bytes(&AddAddress { address: address.parse().unwrap(), prefix, index: 7, label })
    }

    #[test]
    fn an_ipv4_address_has_label_and_broadcast() {
        let label = Label::new("eth0:1").unwrap();
        let expected = [
            vec![2, 24, 0, 0],
            7u32.to_ne_bytes().to_vec(),
            attribute_of(2, &[192, 168, 26, 10]),
            attribute_of(1, &[192, 168, 26, 10]),
            attribute_of(4, &[192, 168, 26, 255]),
            attribute_of(3, b"eth0:1\0"),
        ];
        assert_eq!(request(&label, "192.168.26.10", 24), expected.concat());
    }

    #[test]
    fn a_single_host_has_no_broadcast() {
        let label = Label::new("eth0").unwrap();
        let expected = [
            vec![2, 32, 0, 0],
            7u32.to_ne_bytes().to_vec(),
            attribute_of(2, &[192, 168, 26, 10]),
            attribute_of(1, &[192, 168, 26, 10]),
            attribute_of(3, b"eth0\0"),
        ];
        assert_eq!(request(&label, "192.168.26.10", 32), expected.concat());
    }

    #[test]
    fn an_ipv6_address_is_used_at_once_but_never_as_a_source() {
        let label = Label::new("eth0:1").unwrap();
        let octets = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        let nodad = 2;
        let expected = [
            vec![10, 64, nodad, 0],
            7u32.to_ne_bytes().to_vec(),
            attribute_of(2, &octets),
            attribute_of(1, &octets),
            attribute_of(6, &[vec![0; 4], vec![0xff; 4], vec![0; 8]].concat()),
        ];
        assert_eq!(request(&label, "2001:db8::1", 64), expected.concat());
    }

    #[test]
    fn a_neighbour_is_forgotten_by_address_and_device() {
        let message = ForgetNeighbour { address: "192.168.26.10".parse().unwrap(), index: 7 };
        let expected =
            [vec![2, 0, 0, 0], 7u32.to_ne_bytes().to_vec(), vec![0; 4], attribute_of(1, &[192, 168, 26, 10])];
        assert_eq!(bytes(&message), expected.concat());
    }

    #[test]
    fn setting_up_changes_nothing_else() {
        let expected = [[0; 4], 7u32.to_ne_bytes(), 1u32.to_ne_bytes(), 1u32.to_ne_bytes()];
        assert_eq!(bytes(&SetUp { index: 7 }), expected.concat());
    }
}
