//! Floating addresses as configured, and addresses as the machine holds them.

use std::net::{IpAddr, Ipv4Addr};

use neli::{
    consts::rtnl::{Ifa, IfaF},
    rtnl::Ifaddrmsg,
};

use crate::{
    Label, Link,
    message::{attribute, text},
    network::{contains, host_prefix},
};

/// An address that belongs to whichever router is active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloatingAddress {
    /// The address.
    pub address: IpAddr,
    /// The device that gets it, and under which label. Several addresses may share a label.
    pub label: Label,
    /// Prefix length in bits, where one is configured (see [`prefix_of_mask`](crate::prefix_of_mask)).
    pub prefix: Option<u8>,
}

/// An address of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAddress {
    /// The address.
    pub address: IpAddr,
    /// Prefix length in bits.
    pub prefix: u8,
    /// The kernel's number for the device that holds it.
    pub index: u32,
    /// The device's name.
    pub device: String,
    /// The label, which only IPv4 addresses have.
    pub label: Option<String>,
    /// The broadcast address, if one is set.
    pub broadcast: Option<Ipv4Addr>,
    /// Flags (`IFA_F_*` of `linux/if_addr.h`).
    pub flags: u32,
}

impl FloatingAddress {
    /// The prefix length that the address gets: the configured one, else that of the network that its device has
    /// already and that contains it, else that of a single host.
    ///
    /// `held` is all that the machine holds.
    ///
    /// Source: specification `pulse.md`, section 15.
    pub fn prefix_among(&self, held: &[HeldAddress]) -> u8 {
        let own = |held: &&HeldAddress| held.device == self.label.device() && held.address != self.address;
        let containing = |held: &&HeldAddress| contains(held.address, held.prefix, self.address);
        let of_device = || held.iter().filter(own).filter(containing).map(|held| held.prefix).max();
        self.prefix.or_else(of_device).unwrap_or(host_prefix(self.address))
    }

    /// Whether `held` is this address on its device, whatever its label and prefix.
    pub fn is(&self, held: &HeldAddress) -> bool {
        held.address == self.address && held.device == self.label.device()
    }
}

impl HeldAddress {
    /// Whether it goes with another address of its network: the kernel removes secondary addresses together with
    /// their primary one, unless the device's `promote_secondaries` is set.
    pub fn is_secondary(&self) -> bool {
        // For IPv6 the same bit means a temporary address.
        self.address.is_ipv4() && self.flags & u32::from(IfaF::SECONDARY.bits()) != 0
    }

    /// Reads an address message; None if it carries no address or belongs to none of `links`.
    pub(crate) fn from_message(message: &Ifaddrmsg, links: &[Link]) -> Option<HeldAddress> {
        let attributes = message.rtattrs();
        let local = attribute(attributes, Ifa::Local).or_else(|| attribute(attributes, Ifa::Address))?;
        let octets = |kind| attribute(attributes, kind).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        let flags = attribute(attributes, Ifa::Flags).and_then(|bytes| bytes.try_into().ok());
        let index = *message.ifa_index();
        Some(HeldAddress {
            address: ip_address(local)?,
            prefix: *message.ifa_prefixlen(),
            index,
            device: links.iter().find(|link| link.index == index)?.name.clone(),
            label: attribute(attributes, Ifa::Label).map(text),
            broadcast: octets(Ifa::Broadcast).map(Ipv4Addr::from),
            flags: flags.map_or_else(|| message.ifa_flags().bits().into(), u32::from_ne_bytes),
        })
    }
}

fn ip_address(bytes: &[u8]) -> Option<IpAddr> {
    match *bytes {
        [a, b, c, d] => Some(IpAddr::from([a, b, c, d])),
        _ => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn floating(address: &str, prefix: Option<u8>) -> FloatingAddress {
        FloatingAddress { address: address.parse().unwrap(), label: Label::new("eth0:1").unwrap(), prefix }
    }

    fn held(device: &str, address: &str, prefix: u8) -> HeldAddress {
        HeldAddress {
            address: address.parse().unwrap(),
            prefix,
            index: 2,
            device: device.into(),
            label: None,
            broadcast: None,
            flags: 0,
        }
    }

    #[test]
    fn the_configured_prefix_counts() {
        let machine = [held("eth0", "192.168.26.1", 24)];
        assert_eq!(floating("192.168.26.10", Some(16)).prefix_among(&machine), 16);
    }

    #[test]
    fn else_that_of_the_devices_own_network() {
        let machine = [
            held("lo", "127.0.0.1", 8),
            held("eth0", "192.168.26.1", 24),
            held("eth0", "192.168.0.1", 16),
            held("eth0", "2001:db8::1", 64),
            held("eth1", "10.0.0.1", 8),
        ];
        for (address, prefix) in [
            ("192.168.26.10", 24),
            ("192.168.27.10", 16),
            ("10.0.0.10", 32),
            ("172.16.0.1", 32),
            ("2001:db8::10", 64),
            ("2001:db8:1::10", 128),
        ] {
            assert_eq!(floating(address, None).prefix_among(&machine), prefix, "{address}");
        }
    }

    #[test]
    fn an_address_left_behind_says_nothing_about_its_network() {
        let machine = [held("eth0", "192.168.26.10", 32), held("eth0", "192.168.26.1", 24)];
        assert_eq!(floating("192.168.26.10", None).prefix_among(&machine), 24);
    }

    proptest! {
        /// Whatever the machine holds: the chosen network contains the address, and no network of the device that
        /// contains it is smaller.
        #[test]
        fn the_smallest_network_that_contains_it(
            address: u32, own in prop::collection::vec((any::<u32>(), 0u32..=32, 0u8..=32), 0..8)
        ) {
            let floating = FloatingAddress {
                address: IpAddr::V4(address.into()), label: Label::new("eth0").unwrap(), prefix: None,
            };
            let machine: Vec<_> = own.into_iter().map(|(noise, shared, prefix)| {
                let low = u32::MAX.checked_shr(shared).unwrap_or(0);
                let near = (address & !low) | (noise & low);
                HeldAddress { address: IpAddr::V4(near.into()), ..held("eth0", "0.0.0.0", prefix) }
            }).filter(|held| held.address != floating.address).collect();
            let containing = machine.iter().filter(|held| contains(held.address, held.prefix, floating.address));
            let smallest = containing.map(|held| held.prefix).max();
            prop_assert_eq!(floating.prefix_among(&machine), smallest.unwrap_or(32));
        }
    }
}
