//! Who this machine is, as far as the pages must know: whether it is the primary router (specification gui.md 10, F23).

use std::collections::BTreeSet;
use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;

/// All addresses of this machine's interfaces; none if the system does not tell.
pub(crate) fn addresses() -> BTreeSet<IpAddr> {
    let interfaces = getifaddrs().into_iter().flatten();
    interfaces.filter_map(|interface| address(&interface.address?)).collect()
}

fn address(found: &SockaddrStorage) -> Option<IpAddr> {
    let ipv4 = found.as_sockaddr_in().map(|address| IpAddr::from(address.ip()));
    ipv4.or_else(|| found.as_sockaddr_in6().map(|address| IpAddr::from(address.ip())))
}

/// Whether another machine is the primary router. A name is compared with this machine's own and not looked up: a slow
/// resolver must not hold up a page (F26).
pub(crate) fn is_elsewhere(primary: &str, own: &BTreeSet<IpAddr>, host_name: &str) -> bool {
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    match primary.parse::<IpAddr>() {
        Ok(address) => !address.is_unspecified() && !own.is_empty() && !own.contains(&address),
        Err(_) => !primary.is_empty() && !host_name.is_empty() && short(primary) != short(host_name),
    }
}

/// What this machine is called.
pub(crate) fn host_name() -> String {
    nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// An address as it stands in front of a port; nothing for what cannot stand there.
pub(crate) fn in_url(host: &str) -> Option<String> {
    if host.parse::<std::net::Ipv6Addr>().is_ok() {
        return Some(format!("[{host}]"));
    }
    let good =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    good.then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primary_is_here_or_elsewhere() {
        let own = BTreeSet::from(["10.0.0.1".parse().unwrap()]);
        for (primary, elsewhere) in [
            ("10.0.0.1", false),
            ("10.0.0.2", true),
            ("0.0.0.0", false),
            ("", false),
            ("LVS1", false),
            ("lvs1.example.com", false),
            ("lvs2", true),
        ] {
            assert_eq!(is_elsewhere(primary, &own, "lvs1.example.org"), elsewhere, "{primary}");
        }
        assert!(!is_elsewhere("10.0.0.2", &BTreeSet::new(), "lvs1"));
        assert!(addresses().iter().any(IpAddr::is_loopback));
    }

    #[test]
    fn only_hosts_stand_in_addresses() {
        assert_eq!(in_url("10.0.0.1").as_deref(), Some("10.0.0.1"));
        assert_eq!(in_url("fd00::1").as_deref(), Some("[fd00::1]"));
        assert_eq!((in_url("a/b"), in_url("javascript:x"), in_url("")), (None, None, None));
    }
}
