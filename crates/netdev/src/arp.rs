//! The gratuitous ARP frame: which hardware address answers for an IPv4 address.

use std::net::Ipv4Addr;

use crate::HardwareAddress;

/// Size of the frame in bytes: Ethernet's least, without its checksum.
pub const FRAME_LENGTH: usize = 60;

/// What an ARP frame claims to be (RFC 826, `ar$op`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// An ARP announcement (RFC 5227, section 2.3): target hardware address zero.
    Request,
    /// What Piranha sends: an answer that nobody asked for, target equal to sender.
    Reply,
}

/// The frame that tells `destination` (normally [`HardwareAddress::BROADCAST`]) that `hardware_address` answers for
/// `address`. A reply is, byte for byte, the frame of Piranha's `send_arp`.
///
/// Source: RFC 826; specification `send_arp.md`, section 2.
pub fn announcement(
    operation: Operation,
    address: Ipv4Addr,
    hardware_address: HardwareAddress,
    destination: HardwareAddress,
) -> [u8; FRAME_LENGTH] {
    let (code, target) = match operation {
        Operation::Request => ([0, 1], [0; 6]),
        Operation::Reply => ([0, 2], hardware_address.0),
    };
    let fields: [&[u8]; 11] = [
        &destination.0,
        &hardware_address.0,
        &[0x08, 0x06], // Ethernet type: ARP
        &[0, 1],       // hardware: Ethernet
        &[0x08, 0x00], // protocol: IPv4
        &[6, 4],       // their sizes
        &code,
        &hardware_address.0,
        &address.octets(),
        &target,
        &address.octets(),
    ];
    let mut frame = [0; FRAME_LENGTH];
    for (byte, value) in frame.iter_mut().zip(fields.into_iter().flatten()) {
        *byte = *value;
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 26, 10);
    const ROUTER: HardwareAddress = HardwareAddress([0xe2, 0x02, 0xc8, 0xdc, 0x6a, 0x20]);

    /// The frame of section 2 as captured from Piranha.
    #[rustfmt::skip]
    const PIRANHA: [u8; FRAME_LENGTH] = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  0xe2, 0x02, 0xc8, 0xdc, 0x6a, 0x20,  0x08, 0x06,
        0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x02,
        0xe2, 0x02, 0xc8, 0xdc, 0x6a, 0x20,  0xc0, 0xa8, 0x1a, 0x0a,
        0xe2, 0x02, 0xc8, 0xdc, 0x6a, 0x20,  0xc0, 0xa8, 0x1a, 0x0a,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    #[test]
    fn a_reply_is_piranhas_frame() {
        assert_eq!(announcement(Operation::Reply, ADDRESS, ROUTER, HardwareAddress::BROADCAST), PIRANHA);
    }

    #[test]
    fn a_request_differs_in_operation_and_target() {
        let mut expected = PIRANHA;
        expected[21] = 1;
        expected[32..38].fill(0);
        assert_eq!(announcement(Operation::Request, ADDRESS, ROUTER, HardwareAddress::BROADCAST), expected);
    }

    #[test]
    fn the_destination_is_only_in_the_ethernet_header() {
        let mut expected = PIRANHA;
        expected[..6].copy_from_slice(&[2, 0, 0, 0, 0, 9]);
        assert_eq!(
            announcement(Operation::Reply, ADDRESS, ROUTER, HardwareAddress([2, 0, 0, 0, 0, 9])),
            expected
        );
    }
}
