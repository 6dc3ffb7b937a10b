//! What can go wrong with addresses and links.

use std::net::IpAddr;

use netlink::Errno;

use crate::Label;

/// Why the machine's addresses or links could not be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no netlink socket to be had.
    #[error("cannot open a netlink socket for {about}: {source}")]
    Connect {
        /// What it is for.
        about: &'static str,
        /// What the system said.
        source: netlink::Error,
    },
    /// The kernel did not list what it has.
    #[error("cannot list the {what} of this machine: {source}")]
    List {
        /// Links or addresses.
        what: &'static str,
        /// What the kernel said.
        source: netlink::Error,
    },
    /// The configured device does not exist.
    #[error(
        "cannot raise {address} on {label}: there is no device {}, only {}; correct its name in lvs.cf or find out \
         why it is missing",
        label.device(), known.join(", ")
    )]
    NoSuchDevice {
        /// The floating address.
        address: IpAddr,
        /// Where it was to go.
        label: Label,
        /// The devices that exist.
        known: Vec<String>,
    },
    /// The device has the address already, in another network.
    #[error(
        "cannot raise {address}/{wanted} on {label}: {} has it as {address}/{held}; remove that one \
         (`ip address del {address}/{held} dev {}`) or correct the mask in lvs.cf",
        label.device(), label.device()
    )]
    OtherPrefix {
        /// The floating address.
        address: IpAddr,
        /// Where it was to go.
        label: Label,
        /// Its prefix length as configured.
        wanted: u8,
        /// The prefix length that it has.
        held: u8,
    },
    /// The device is down, and is not to be set up.
    #[error(
        "cannot raise {address} on {label}: {} is down; `ip link set {} up` brings it up",
        label.device(), label.device()
    )]
    DeviceDown {
        /// The floating address.
        address: IpAddr,
        /// Where it was to go.
        label: Label,
    },
    /// The device could not be set up.
    #[error("cannot raise {address} on {label}: {} is down and does not come up: {source}{}", label.device(), advice(source))]
    SetUp {
        /// The floating address.
        address: IpAddr,
        /// Where it was to go.
        label: Label,
        /// What the kernel said.
        source: netlink::Error,
    },
    /// The kernel refused to add the address.
    #[error("cannot raise {address}/{prefix} on {label}: {source}{}", advice(source))]
    Raise {
        /// The floating address.
        address: IpAddr,
        /// Its prefix length.
        prefix: u8,
        /// Where it was to go.
        label: Label,
        /// What the kernel said.
        source: netlink::Error,
    },
    /// The kernel refused to remove the address.
    #[error("cannot remove {address}/{prefix} from {device}: {source}{}", advice(source))]
    Lower {
        /// The floating address.
        address: IpAddr,
        /// Its prefix length.
        prefix: u8,
        /// The device that holds it.
        device: String,
        /// What the kernel said.
        source: netlink::Error,
    },
    /// Removing an address took another one along that could not be put back.
    #[error(
        "removing {address} from {device} took {survivor}/{prefix} along, and it cannot be put back: {source}{}; \
         `ip address add {survivor}/{prefix} dev {device}` does it by hand",
        advice(source)
    )]
    Restore {
        /// The address that was removed.
        address: IpAddr,
        /// The address that was lost.
        survivor: IpAddr,
        /// The lost address's prefix length.
        prefix: u8,
        /// The device that held both.
        device: String,
        /// What the kernel said.
        source: netlink::Error,
    },
}

/// What to do about a refusal.
fn advice(error: &netlink::Error) -> &'static str {
    match error.errno() {
        Some(Errno::EPERM) => "; changing addresses needs root or the capability CAP_NET_ADMIN",
        Some(Errno::EACCES | Errno::EOPNOTSUPP) => {
            "; for IPv6, look whether net.ipv6.conf.all.disable_ipv6 switches it off"
        }
        Some(Errno::ENODEV) => "; the device vanished meanwhile",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(errno: Errno) -> netlink::Error {
        netlink::Error::Refused(netlink::Refusal { errno, text: None })
    }

    #[test]
    fn each_text_says_what_where_why_and_what_to_do() {
        let address = IpAddr::from([192, 168, 26, 10]);
        let label = || Label::new("eth0:1").unwrap();
        let texts = [
            Error::Connect { about: "addresses and links", source: refusal(Errno::EMFILE) },
            Error::List { what: "addresses", source: refusal(Errno::ENOMEM) },
            Error::NoSuchDevice { address, label: label(), known: vec!["lo".into(), "ens3".into()] },
            Error::OtherPrefix { address, label: label(), wanted: 24, held: 32 },
            Error::DeviceDown { address, label: label() },
            Error::SetUp { address, label: label(), source: refusal(Errno::ERFKILL) },
            Error::Raise { address, prefix: 24, label: label(), source: refusal(Errno::EPERM) },
            Error::Lower { address, prefix: 24, device: "eth0".into(), source: refusal(Errno::ENODEV) },
            Error::Restore {
                address,
                survivor: [192, 168, 26, 11].into(),
                prefix: 24,
                device: "eth0".into(),
                source: refusal(Errno::ENOBUFS),
            },
        ];
        let texts: Vec<_> = texts.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(texts.join("\n"), @r#"
        cannot open a netlink socket for addresses and links: the kernel answered: Too many open files (EMFILE)
        cannot list the addresses of this machine: the kernel answered: Out of memory (ENOMEM)
        cannot raise 192.168.26.10 on eth0:1: there is no device eth0, only lo, ens3; correct its name in lvs.cf or find out why it is missing
        cannot raise 192.168.26.10/24 on eth0:1: eth0 has it as 192.168.26.10/32; remove that one (`ip address del 192.168.26.10/32 dev eth0`) or correct the mask in lvs.cf
        cannot raise 192.168.26.10 on eth0:1: eth0 is down; `ip link set eth0 up` brings it up
        cannot raise 192.168.26.10 on eth0:1: eth0 is down and does not come up: the kernel answered: Operation not possible due to RF-kill (ERFKILL)
        cannot raise 192.168.26.10/24 on eth0:1: the kernel answered: Operation not permitted (EPERM); changing addresses needs root or the capability CAP_NET_ADMIN
        cannot remove 192.168.26.10/24 from eth0: the kernel answered: No such device (ENODEV); the device vanished meanwhile
        removing 192.168.26.10 from eth0 took 192.168.26.11/24 along, and it cannot be put back: the kernel answered: No buffer space available (ENOBUFS); `ip address add 192.168.26.11/24 dev eth0` does it by hand
        "#);
    }
}
