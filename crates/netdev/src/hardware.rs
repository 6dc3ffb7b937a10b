//! Hardware addresses.

use std::fmt;

/// An Ethernet hardware address, bytes in the order in which they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HardwareAddress(pub [u8; 6]);

/// Text that is no hardware address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} does not begin with six pairs of hexadecimal digits, with or without colons between them")]
pub struct NotAHardwareAddress(pub String);

impl HardwareAddress {
    /// Every station of the network.
    pub const BROADCAST: HardwareAddress = HardwareAddress([0xff; 6]);

    /// All IPv6 nodes of the network, `33:33:00:00:00:01` (RFC 2464, section 7, for `ff02::1`).
    pub const ALL_NODES: HardwareAddress = HardwareAddress([0x33, 0x33, 0, 0, 0, 1]);

    /// Reads an address from the start of `text` as Piranha's `send_arp` does: six pairs of hexadecimal digits, either
    /// case, each pair followed by at most one colon. Returns it with the text behind it, which Piranha ignores.
    ///
    /// Source: specification `send_arp.md`, section 1.
    ///
    /// # Errors
    ///
    /// [`NotAHardwareAddress`] if `text` does not begin with six pairs.
    pub fn parse_prefix(text: &str) -> Result<(HardwareAddress, &str), NotAHardwareAddress> {
        let mut rest = text;
        let mut bytes = [0; 6];
        for byte in &mut bytes {
            (*byte, rest) = pair(rest).ok_or_else(|| NotAHardwareAddress(text.to_owned()))?;
            rest = rest.strip_prefix(':').unwrap_or(rest);
        }
        Ok((HardwareAddress(bytes), rest))
    }
}

fn pair(text: &str) -> Option<(u8, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    // `from_str_radix` also takes a sign.
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Some((u8::from_str_radix(digits, 16).ok()?, rest))
}

impl fmt::Display for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.0.map(|byte| format!("{byte:02x}"));
        f.write_str(&pairs.join(":"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTER: HardwareAddress = HardwareAddress([0xe2, 0x02, 0xc8, 0xdc, 0x6a, 0x20]);

    #[test]
    fn either_case_with_and_without_colons() {
        for text in
            ["E202C8DC6A20", "e202c8dc6a20", "e2:02:c8:dc:6a:20", "E2:02:C8:dc:6a:20", "e202:c8dc:6a20"]
        {
            assert_eq!(HardwareAddress::parse_prefix(text), Ok((ROUTER, "")), "{text}");
        }
    }

    #[test]
    fn what_follows_the_sixth_pair_is_left_over() {
        assert_eq!(
            HardwareAddress::parse_prefix("01:00:5e:00:00:01xyz"),
            Ok((HardwareAddress([1, 0, 0x5e, 0, 0, 1]), "xyz"))
        );
        assert_eq!(HardwareAddress::parse_prefix("e202c8dc6a20:"), Ok((ROUTER, "")));
        assert_eq!(HardwareAddress::parse_prefix("e202c8dc6a20::"), Ok((ROUTER, ":")));
        assert_eq!(HardwareAddress::parse_prefix("e202c8dc6a2055"), Ok((ROUTER, "55")));
    }

    #[test]
    fn what_is_refused() {
        for text in [
            "",
            "e2",
            "e202c8dc6a",
            "e202c8dc6a2",
            "e2-02-c8-dc-6a-20",
            "e:2:02:c8:dc:6a:20",
            "e2::02:c8:dc:6a:20",
            "+1+1+1+1+1+1",
            "g202c8dc6a20",
            ":e202c8dc6a20",
            "äääääääääääää",
            "e202c8dc6aä",
        ] {
            assert_eq!(HardwareAddress::parse_prefix(text), Err(NotAHardwareAddress(text.to_owned())));
        }
    }

    #[test]
    fn it_is_shown_with_colons() {
        assert_eq!(ROUTER.to_string(), "e2:02:c8:dc:6a:20");
    }
}
