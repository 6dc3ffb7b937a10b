//! Addresses of a machine, as `ip` lists them.

use std::fmt;
use std::net::IpAddr;

/// One address on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Device, without a label.
    pub device: String,
    /// Label (`eth0:1`), IPv4 only.
    pub label: Option<String>,
    /// The address.
    pub address: IpAddr,
    /// Length of its prefix, in bits.
    pub prefix: u8,
    /// Broadcast address.
    pub broadcast: Option<IpAddr>,
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{} dev {}", self.address, self.prefix, self.device)?;
        if let Some(broadcast) = self.broadcast {
            write!(out, " brd {broadcast}")?;
        }
        self.label.as_ref().map_or(Ok(()), |label| write!(out, " label {label}"))
    }
}

/// Reads the lines of `ip -oneline addr`.
pub(crate) fn parse(listing: &str) -> Vec<Address> {
    listing.lines().filter_map(line).collect()
}

/// `2: eth0    inet 192.168.26.10/24 brd 192.168.26.255 scope global secondary eth0:1\       valid_lft ...`
fn line(line: &str) -> Option<Address> {
    let words: Vec<&str> = line.split(['\\']).next()?.split_whitespace().collect();
    let [_, device, _, address, rest @ ..] = words.as_slice() else { return None };
    let (address, prefix) = address.split_once('/').unwrap_or((address, "32"));
    let broadcast = rest.iter().position(|&word| word == "brd").and_then(|at| rest.get(at + 1)?.parse().ok());
    let label = rest.last().filter(|last| last.starts_with(device) && last.contains(':'));
    Some(Address {
        device: (*device).to_owned(),
        label: label.map(ToString::to_string),
        address: address.parse().ok()?,
        prefix: prefix.parse().ok()?,
        broadcast,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_labelled_address() {
        let listing = "2: eth0    inet 192.168.26.10/24 brd 192.168.26.255 scope global secondary eth0:1\\       valid_lft forever\n\
                       2: eth0    inet6 fe80::ff:fe00:101/64 scope link \\       valid_lft forever\n";
        let addresses: Vec<String> = parse(listing).iter().map(ToString::to_string).collect();
        assert_eq!(addresses[0], "192.168.26.10/24 dev eth0 brd 192.168.26.255 label eth0:1");
        assert_eq!(addresses[1], "fe80::ff:fe00:101/64 dev eth0");
    }
}
