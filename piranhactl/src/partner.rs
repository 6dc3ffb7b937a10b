//! Which router this computer is, and so where the partner is (specification pulse.md 6).

use std::collections::BTreeSet;
use std::net::IpAddr;

use anyhow::{Context as _, Result, bail};
use lvs_cf::Config;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;

/// All addresses of this computer.
pub(crate) fn local_addresses() -> Result<BTreeSet<IpAddr>> {
    let interfaces = getifaddrs().context("cannot ask the kernel for this computer's addresses")?;
    Ok(interfaces.filter_map(|interface| interface.address.as_ref().and_then(ip)).collect())
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|address| address.ip().into());
    v4.or_else(|| address.as_sockaddr_in6().map(|address| address.ip().into()))
}

/// Whether the file names this computer as one of its routers.
pub(crate) fn is_router(config: &Config, local: &BTreeSet<IpAddr>) -> bool {
    [&config.primary, &config.backup].iter().any(|node| node.address.is_some_and(|one| local.contains(&one)))
}

/// The partner's public address: the one that administrators know it by. The private link may be a bare cable where no
/// sshd listens.
pub(crate) fn address(config: &Config, local: &BTreeSet<IpAddr>) -> Result<IpAddr> {
    let (primary, backup) = (config.primary.address, config.backup.address);
    let is_here = |address: Option<IpAddr>| address.is_some_and(|address| local.contains(&address));
    match (primary, backup) {
        (Some(primary), Some(backup)) => match (is_here(Some(primary)), is_here(Some(backup))) {
            (true, false) => Ok(backup),
            (false, true) => Ok(primary),
            (true, true) => bail!("this computer has both primary {primary} and backup {backup}"),
            (false, false) => bail!("this computer has neither primary {primary} nor backup {backup}"),
        },
        _ => bail!("the file names no partner: it needs `primary = ADDRESS` and `backup = ADDRESS`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(primary: Option<&str>, backup: Option<&str>) -> Config {
        let mut config = Config::default();
        config.primary.address = primary.map(|address| address.parse().unwrap());
        config.backup.address = backup.map(|address| address.parse().unwrap());
        config
    }

    const A: Option<&str> = Some("192.0.2.1");
    const B: Option<&str> = Some("2001:db8::2");

    fn set(local: &[&str]) -> BTreeSet<IpAddr> {
        local.iter().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn the_partner_is_the_one_that_is_not_here() {
        let partner = |local: &[&str]| address(&config(A, B), &set(local)).unwrap().to_string();
        assert_eq!(partner(&["127.0.0.1", "192.0.2.1"]), "2001:db8::2");
        assert_eq!(partner(&["2001:db8::2", "10.0.0.1"]), "192.0.2.1");
        assert!(is_router(&config(A, B), &set(&["2001:db8::2"])));
        assert!(!is_router(&config(A, B), &set(&["10.0.0.1"])));
        assert!(!is_router(&config(None, None), &set(&["10.0.0.1"])));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let refused =
            |primary, backup, local| address(&config(primary, backup), &set(local)).unwrap_err().to_string();
        assert_eq!(
            refused(A, B, &["10.0.0.1"]),
            "this computer has neither primary 192.0.2.1 nor backup 2001:db8::2"
        );
        assert_eq!(
            refused(A, B, &["192.0.2.1", "2001:db8::2"]),
            "this computer has both primary 192.0.2.1 and backup 2001:db8::2"
        );
        for (primary, backup) in [(A, None), (None, B)] {
            assert_eq!(
                refused(primary, backup, &["192.0.2.1"]),
                "the file names no partner: it needs `primary = ADDRESS` and `backup = ADDRESS`"
            );
        }
    }

    #[test]
    fn this_computer_has_addresses() {
        assert!(local_addresses().unwrap().contains(&"127.0.0.1".parse().unwrap()));
    }
}
