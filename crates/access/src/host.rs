//! What `Allow from`, `Deny from` and `Require ip|host` name (gui.md 9).

use std::net::{IpAddr, Ipv4Addr};

/// A host, a network, a name, or everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    All,
    /// Network and mask; the network has no bit outside of its mask.
    V4(u32, u32),
    V6(u128, u128),
    /// A host or a domain, in small letters, without dots at its ends.
    Name(String),
}

impl Host {
    /// `all`, an address, a network, or a name.
    pub(crate) fn any(word: &str) -> Option<Self> {
        if word.eq_ignore_ascii_case("all") {
            return Some(Self::All);
        }
        Self::address(word).or_else(|| Self::name(word))
    }

    /// An address, its first one to three numbers, `net/mask`, `net/bits`.
    pub(crate) fn address(word: &str) -> Option<Self> {
        match word.split_once('/') {
            None => word.parse().map(Self::one).ok().or_else(|| leading(word)),
            Some((network, mask)) => Self::network(network.parse().ok()?, mask),
        }
    }

    /// A host or domain name. What could be meant as a number is none: a mistyped address must not pass for a name.
    pub(crate) fn name(word: &str) -> Option<Self> {
        let name = word.strip_prefix('.').unwrap_or(word);
        let name = name.strip_suffix('.').unwrap_or(name);
        let sound = |label: &str| {
            let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            (1..=63).contains(&label.len()) && label.bytes().all(sound)
        };
        let domain = name.rsplit('.').next()?;
        let is_name = name.len() <= 253
            && name.split('.').all(sound)
            && domain.starts_with(|first: char| first.is_ascii_alphabetic());
        is_name.then(|| Self::Name(name.to_ascii_lowercase()))
    }

    fn one(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits(), u32::MAX),
            IpAddr::V6(address) => Self::V6(address.to_bits(), u128::MAX),
        }
    }

    fn network(network: IpAddr, mask: &str) -> Option<Self> {
        match network {
            IpAddr::V4(network) => {
                let mask = match mask.parse::<Ipv4Addr>() {
                    Ok(mask) => mask.to_bits(),
                    Err(_) => bits(mask, 32).map(|bits| u32::MAX.checked_shl(32 - bits).unwrap_or(0))?,
                };
                Some(Self::V4(network.to_bits() & mask, mask))
            }
            IpAddr::V6(network) => {
                let bits = bits(mask, 128)?;
                match network.to_ipv4_mapped() {
                    Some(network) if bits >= 96 => {
                        let mask = u32::MAX.checked_shl(128 - bits).unwrap_or(0);
                        Some(Self::V4(network.to_bits() & mask, mask))
                    }
                    _ => {
                        let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                        Some(Self::V6(network.to_bits() & mask, mask))
                    }
                }
            }
        }
    }

    /// Whether this is a client by its address. A name is none.
    pub(crate) fn has(&self, client: IpAddr) -> bool {
        match (self, client.to_canonical()) {
            (Self::All, _) => true,
            (Self::V4(network, mask), IpAddr::V4(client)) => client.to_bits() & mask == *network,
            (Self::V6(network, mask), IpAddr::V6(client)) => client.to_bits() & mask == *network,
            _ => false,
        }
    }

    /// Whether a client of this name is meant: the name itself, or one in its domain.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        let Self::Name(ours) = self else { return false };
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        name.strip_suffix(ours).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }

    pub(crate) fn is_name(&self) -> bool {
        matches!(self, Self::Name(_))
    }
}

/// `172.16.57` and `172.16.57.`: what begins so.
fn leading(word: &str) -> Option<Host> {
    let numbers: Vec<&str> = word.strip_suffix('.').unwrap_or(word).split('.').collect();
    if numbers.len() > 3 {
        return None;
    }
    let padded = numbers.iter().copied().chain(std::iter::repeat("0")).take(4).collect::<Vec<_>>().join(".");
    let network: Ipv4Addr = padded.parse().ok()?;
    let bits = 8 * u32::try_from(numbers.len()).ok()?;
    Host::network(network.into(), &bits.to_string())
}

fn bits(text: &str, most: u32) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|bits| digits && *bits <= most)
}

#[cfg(test)]
mod tests {
    use super::Host;

    fn has(word: &str, client: &str) -> bool {
        Host::any(word).unwrap().has(client.parse().unwrap())
    }

    #[test]
    fn every_form_of_an_address() {
        for (word, inside, outside) in [
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("127.0.0.1", "::ffff:127.0.0.1", "::1"),
            ("172.16.57", "172.16.57.200", "172.16.58.1"),
            ("172.16.57.", "172.16.57.0", "172.16.5.7"),
            ("172.16.", "172.16.9.9", "172.17.0.0"),
            ("10", "10.255.0.1", "11.0.0.1"),
            ("192.168.1.77/255.255.255.0", "192.168.1.1", "192.168.2.1"),
            ("192.168.1.77/24", "192.168.1.1", "192.168.2.1"),
            ("10.0.5.0/255.0.255.0", "10.9.5.1", "10.9.6.1"),
            ("0.0.0.0/0", "8.8.8.8", "2001:db8::1"),
            ("10.0.0.1/32", "10.0.0.1", "10.0.0.2"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
            ("::/0", "2001:db8::1", "::ffff:10.0.0.1"),
            ("::1", "::1", "::2"),
            ("::ffff:10.0.0.0/104", "10.1.1.1", "11.1.1.1"),
        ] {
            assert!(has(word, inside), "{word} {inside}");
            assert!(!has(word, outside), "{word} {outside}");
        }
        assert!(has("ALL", "2001:db8::1") && has("all", "1.2.3.4"));
    }

    #[test]
    fn what_looks_like_an_address_is_no_name() {
        for word in [
            "10.0.0.300",
            "10.0.0.0/33",
            "10.0.0.0/255.0",
            "10.0.0.0/+8",
            "256",
            "1.2.3.4.5",
            "10..1",
            ".10",
            "",
            ".",
            "..",
            "/",
            "10.0.0.1:3636",
            "[::1]",
            "fe80::1%eth0",
            "010.1.2.3",
            "10.0.0.",
            "*",
            "*.example.com",
            "#",
            "a b",
            "a..b",
            "::/129",
            "172.16.57/24",
            "host.1",
            "env=x",
            "!10.0.0.1",
            "ex\u{e4}mple.com",
        ] {
            // Three numbers and a dot are a network.
            assert_eq!(Host::any(word).is_some(), word == "10.0.0.", "{word}");
        }
    }

    #[test]
    fn names_are_hosts_and_domains() {
        let host = Host::any("Example.COM").unwrap();
        assert!(host.has_name("example.com") && host.has_name("www.EXAMPLE.com."));
        assert!(
            !host.has_name("badexample.com") && !host.has_name("example.com.evil.org") && !host.has_name("")
        );
        assert_eq!(Host::any(".example.com"), Some(host));
        assert!(!Host::any("10.0.0.1").unwrap().has_name("10.0.0.1"));
    }
}
