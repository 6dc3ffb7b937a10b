//! Arithmetic of prefixes, masks and broadcast addresses.

use std::net::{IpAddr, Ipv4Addr};

/// A mask whose one bits do not all stand at its left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no network mask: its one bits must all stand at its left, as in 255.255.255.0")]
pub struct NotAMask(pub Ipv4Addr);

/// Prefix length of `mask`, or None for 0.0.0.0, which lvs.cf uses for "no mask".
///
/// Source: specification `pulse.md`, section 15.
///
/// # Errors
///
/// [`NotAMask`] when its bits have a gap.
pub fn prefix_of_mask(mask: Ipv4Addr) -> Result<Option<u8>, NotAMask> {
    let bits = mask.to_bits();
    if bits.leading_ones() != bits.count_ones() {
        return Err(NotAMask(mask));
    }
    // 32 ones at most.
    Ok(u8::try_from(bits.leading_ones()).ok().filter(|&prefix| prefix > 0))
}

/// `address` with all host bits set; None where nothing is left for hosts to hear (RFC 3021): the broadcast address
/// of a /32 would be the floating address itself, and the kernel would be told that it is both.
pub fn broadcast(address: Ipv4Addr, prefix: u8) -> Option<Ipv4Addr> {
    let host_bits = u32::MAX.checked_shr(u32::from(prefix))?;
    (prefix <= 30).then(|| Ipv4Addr::from_bits(address.to_bits() | host_bits))
}

/// Whether `address` lies in the network of `member` with prefix length `prefix`.
pub fn contains(member: IpAddr, prefix: u8, address: IpAddr) -> bool {
    let differing = match (member, address) {
        (IpAddr::V4(member), IpAddr::V4(address)) => (member.to_bits() ^ address.to_bits()).leading_zeros(),
        (IpAddr::V6(member), IpAddr::V6(address)) => (member.to_bits() ^ address.to_bits()).leading_zeros(),
        _ => return false,
    };
    differing >= u32::from(prefix)
}

/// Prefix length of a network with one host: 32 or 128.
pub fn host_prefix(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn masks() {
        for (mask, prefix) in [
            ([255, 255, 255, 0], Some(24)),
            ([255, 255, 255, 255], Some(32)),
            ([255, 0, 0, 0], Some(8)),
            ([255, 255, 255, 252], Some(30)),
            ([0, 0, 0, 0], None),
        ] {
            assert_eq!(prefix_of_mask(mask.into()), Ok(prefix));
        }
        for mask in [[255, 0, 255, 0], [0, 0, 0, 255], [255, 255, 255, 1]] {
            assert_eq!(prefix_of_mask(mask.into()), Err(NotAMask(mask.into())));
        }
    }

    #[test]
    fn broadcast_addresses() {
        let broadcast_of = |prefix| broadcast(Ipv4Addr::new(192, 168, 26, 10), prefix);
        assert_eq!(broadcast_of(24), Some(Ipv4Addr::new(192, 168, 26, 255)));
        assert_eq!(broadcast_of(28), Some(Ipv4Addr::new(192, 168, 26, 15)));
        assert_eq!(broadcast_of(0), Some(Ipv4Addr::BROADCAST));
        assert_eq!([31, 32, 33, 255].map(broadcast_of), [None; 4]);
    }

    proptest! {
        #[test]
        fn a_mask_of_ones_is_its_prefix(prefix in 1u8..=32) {
            let mask = Ipv4Addr::from_bits(u32::MAX << (32 - u32::from(prefix)));
            prop_assert_eq!(prefix_of_mask(mask), Ok(Some(prefix)));
        }

        /// The defining property, bit by bit: network bits are the address's, host bits are ones.
        #[test]
        fn broadcast_keeps_the_network_and_sets_the_rest(address: u32, prefix in 0u8..=30) {
            let got = broadcast(address.into(), prefix).unwrap().to_bits();
            for bit in 0..32u8 {
                let mask = 1u32 << (31 - bit);
                prop_assert_eq!(got & mask, if bit < prefix { address & mask } else { mask });
            }
        }

        /// Addresses that agree in exactly `common` bits share every network up to that prefix and none beyond.
        #[test]
        fn two_addresses_share_the_networks_up_to_their_first_difference(
            address: u128, noise: u128, common in 0u32..128
        ) {
            let first_difference = 1u128 << (127 - common);
            let other = address ^ (first_difference | (noise & (first_difference - 1)));
            let (one, two) = (IpAddr::V6(address.into()), IpAddr::V6(other.into()));
            for prefix in 0..=128u8 {
                prop_assert_eq!(contains(one, prefix, two), u32::from(prefix) <= common);
            }
        }

        #[test]
        fn families_never_meet(four: u32, six: u128, prefix: u8) {
            prop_assert!(!contains(IpAddr::V4(four.into()), prefix, IpAddr::V6(six.into())));
        }
    }
}
