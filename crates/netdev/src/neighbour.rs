//! The unsolicited neighbour advertisement: gratuitous ARP's counterpart for IPv6.

use std::net::Ipv6Addr;

use crate::HardwareAddress;

/// Size of the frame in bytes: Ethernet header, IPv6 header, advertisement with one option.
pub const FRAME_LENGTH: usize = 14 + 40 + ADVERTISEMENT_LENGTH as usize;

const ADVERTISEMENT_LENGTH: u8 = 32;
const ICMPV6: u8 = 58;
/// `ff02::1` (RFC 4291, section 2.7.1).
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// The frame that tells all nodes that `hardware_address` answers for `address`, and that they shall believe it over
/// what they knew (override flag). It is sent from `address` itself. `destination` is normally
/// [`HardwareAddress::ALL_NODES`]; the IPv6 destination is always `ff02::1`.
///
/// Source: RFC 4861, sections 4.4, 4.6.1 and 7.2.6; RFC 8200, section 3; RFC 4443, section 2.3 (checksum).
pub fn advertisement(
    address: Ipv6Addr,
    hardware_address: HardwareAddress,
    destination: HardwareAddress,
) -> [u8; FRAME_LENGTH] {
    let unsummed = icmp(address, hardware_address, [0; 2]);
    let message = icmp(address, hardware_address, checksum(address, ALL_NODES, &unsummed));

    let fields: [&[u8]; 9] = [
        &destination.0,
        &hardware_address.0,
        &[0x86, 0xdd],                      // Ethernet type: IPv6
        &[0x60, 0, 0, 0],                   // version, traffic class, flow label
        &[0, ADVERTISEMENT_LENGTH, ICMPV6], // payload length, next header
        &[255],                             // hop limit: proof that no router forwarded it
        &address.octets(),
        &ALL_NODES.octets(),
        &message,
    ];
    let mut frame = [0; FRAME_LENGTH];
    for (byte, value) in frame.iter_mut().zip(fields.into_iter().flatten()) {
        *byte = *value;
    }
    frame
}

fn icmp(
    address: Ipv6Addr,
    hardware_address: HardwareAddress,
    checksum: [u8; 2],
) -> [u8; ADVERTISEMENT_LENGTH as usize] {
    let fields: [&[u8]; 6] = [
        &[136, 0], // neighbour advertisement
        &checksum,
        &[0x20, 0, 0, 0], // override; neither router nor solicited
        &address.octets(),
        &[2, 1], // option: target link-layer address, 8 bytes
        &hardware_address.0,
    ];
    let mut message = [0; ADVERTISEMENT_LENGTH as usize];
    for (byte, value) in message.iter_mut().zip(fields.into_iter().flatten()) {
        *byte = *value;
    }
    message
}

/// The Internet checksum over the pseudo-header (RFC 8200, section 8.1) and the message.
fn checksum(
    source: Ipv6Addr,
    destination: Ipv6Addr,
    message: &[u8; ADVERTISEMENT_LENGTH as usize],
) -> [u8; 2] {
    let (words, _) = message.as_chunks::<2>();
    let payload = words.iter().map(|word| u16::from_be_bytes(*word));
    let addresses = source.segments().into_iter().chain(destination.segments());
    let pseudo_header = addresses.chain([u16::from(ADVERTISEMENT_LENGTH), u16::from(ICMPV6)]);
    let sum: u32 = pseudo_header.chain(payload).map(u32::from).sum();
    // One's complement addition: what was carried out of 16 bits comes back in, twice at most.
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    let [_, _, high, low] = (!folded).to_be_bytes();
    [high, low]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROUTER: HardwareAddress = HardwareAddress([0xe2, 0x02, 0xc8, 0xdc, 0x6a, 0x20]);

    #[test]
    fn byte_for_byte() {
        let address = "2001:db8::26:10".parse().unwrap();
        #[rustfmt::skip]
        let expected = [
            0x33, 0x33, 0, 0, 0, 1,  0xe2, 0x02, 0xc8, 0xdc, 0x6a, 0x20,  0x86, 0xdd,
            0x60, 0, 0, 0,  0, 32, 58, 255,
            0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x26, 0, 0x10,
            0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
            136, 0, 0xe5, 0xc1,  0x20, 0, 0, 0,
            0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x26, 0, 0x10,
            2, 1,  0xe2, 0x02, 0xc8, 0xdc, 0x6a, 0x20,
        ];
        assert_eq!(advertisement(address, ROUTER, HardwareAddress::ALL_NODES), expected);
    }

    proptest! {
        /// What a receiver does: the sum over everything, checksum included, is all ones.
        #[test]
        fn a_receiver_accepts_the_checksum(address: [u8; 16], hardware_address: [u8; 6]) {
            let frame = advertisement(address.into(), HardwareAddress(hardware_address), HardwareAddress::ALL_NODES);
            let mut sum = u64::from(frame[19]) + u64::from(frame[20]);
            for pair in frame[22..].chunks(2) {
                sum += u64::from(pair[0]) << 8 | u64::from(pair[1]);
            }
            prop_assert_eq!(sum % 0xffff, 0);
            prop_assert_ne!(sum, 0);
        }
    }
}
