//! IPv4 addresses in all the forms that `inet_addr(3)` takes.

use std::net::Ipv4Addr;

/// Reads one to four parts, each decimal, octal (`0` first) or hexadecimal (`0x` first), the last of which fills all
/// bytes that are left: `10.1` is 10.0.0.1. White space ends the address; what follows it is ignored.
pub(crate) fn parse(text: &str) -> Option<Ipv4Addr> {
    let is_space = |c: char| c.is_ascii_whitespace() || c == '\u{b}';
    let address = text.split(is_space).next()?;
    let parts = address.split('.').map(part).collect::<Option<Vec<_>>>()?;
    let (last, leading) = parts.split_last()?;
    if leading.len() > 3 {
        return None;
    }
    let mut bits = 0;
    for part in leading {
        bits = bits << 8 | u64::from(u8::try_from(*part).ok()?);
    }
    let room = 8 * (4 - leading.len());
    let fits = u64::from(*last) >> room == 0;
    let bits = u32::try_from(bits << room | u64::from(*last)).ok().filter(|_| fits)?;
    Some(Ipv4Addr::from_bits(bits))
}

fn part(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix('0') {
        Some(hexadecimal) if hexadecimal.starts_with(['x', 'X']) => (&hexadecimal[1..], 16),
        Some("") | None => (text, 10),
        Some(octal) => (octal, 8),
    };
    // `from_str_radix` also takes a sign.
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_to_four_parts_in_three_radices() {
        for (text, address) in [
            ("192.168.26.10", [192, 168, 26, 10]),
            ("10.1", [10, 0, 0, 1]),
            ("10.1.2", [10, 1, 0, 2]),
            ("10.65535", [10, 0, 255, 255]),
            ("1", [0, 0, 0, 1]),
            ("0", [0, 0, 0, 0]),
            ("3232242186", [192, 168, 26, 10]),
            ("0xc0.0250.26.0xA", [192, 168, 26, 10]),
            ("0XC0A81A0A", [192, 168, 26, 10]),
            ("0300.0250.032.012", [192, 168, 26, 10]),
            ("192.168.26.10 and more", [192, 168, 26, 10]),
            ("192.168.26.10\t", [192, 168, 26, 10]),
            ("255.255.255.255", [255; 4]),
        ] {
            assert_eq!(parse(text), Some(address.into()), "{text}");
        }
    }

    #[test]
    fn names_and_broken_addresses() {
        for text in [
            "",
            " ",
            ".",
            "10.",
            ".10",
            "10..1",
            "1.2.3.4.5",
            "256.1",
            "1.2.3.256",
            "1.2.65536",
            "1.16777216",
            "4294967296",
            "08",
            "1.09",
            "0x",
            "0xg",
            "+1.2.3.4",
            "-1",
            "1.2.3.4x",
            "router",
            "::1",
            " 10.1",
            "١.٢.٣.٤",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_form_of_every_address(bits: u32, leading in 0u32..4, radices in prop::array::uniform4(0usize..3)) {
            let written = |value: u32, radix| match radix {
                0 => format!("{value}"),
                1 => format!("0{value:o}"),
                _ => format!("0x{value:X}"),
            };
            let mut parts: Vec<String> = Vec::new();
            for (part, byte) in bits.to_be_bytes().into_iter().take(leading as usize).enumerate() {
                parts.push(written(byte.into(), radices[part]));
            }
            let last = if leading == 0 { bits } else { bits & (u32::MAX >> (8 * leading)) };
            parts.push(written(last, radices[3]));
            prop_assert_eq!(parse(&parts.join(".")), Some(bits.into()));
        }

        #[test]
        fn nothing_panics(text: String) {
            let _ = parse(&text);
        }
    }
}
