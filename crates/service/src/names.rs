//! Names of `lvs.cf` as the system knows them.

use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};

use lvs_cf::Names;

/// services(5).
const SERVICES: &str = "/etc/services";
/// Most that is read of it, in bytes: the usual file has a twentieth.
const LONGEST_SERVICES: u64 = 1 << 20;

/// Looks hosts up as the resolver does (hosts file, DNS), and services in services(5). A lookup may take seconds: an
/// event loop asks from another thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

impl Names for SystemNames {
    fn host(&self, name: &str) -> Option<Ipv4Addr> {
        (name, 0).to_socket_addrs().ok()?.find_map(|found| match found.ip() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        })
    }

    fn service(&self, name: &str) -> Option<u16> {
        let mut text = Vec::new();
        File::open(SERVICES).ok()?.take(LONGEST_SERVICES).read_to_end(&mut text).ok()?;
        tcp_port(&String::from_utf8_lossy(&text), name)
    }
}

/// `name port/tcp alias...  # comment`
fn tcp_port(services: &str, wanted: &str) -> Option<u16> {
    services.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let (name, port) = (words.next()?, words.next()?.strip_suffix("/tcp")?);
        (name == wanted || words.any(|alias| alias == wanted)).then(|| port.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::tcp_port;

    #[test]
    fn services_by_name_and_alias() {
        let services = "# none\nhttp 80/udp\nhttp\t80/tcp\twww # WorldWideWeb\n\ntorn\nodd x/tcp\n";
        assert_eq!(tcp_port(services, "http"), Some(80));
        assert_eq!(tcp_port(services, "www"), Some(80));
        for absent in ["WorldWideWeb", "#", "torn", "odd", ""] {
            assert_eq!(tcp_port(services, absent), None, "{absent:?}");
        }
    }
}
