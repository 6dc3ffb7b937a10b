//! Connections that the kernel balances, as `/proc/net/ip_vs_conn` lists them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::Protocol;

/// A connection of a client with a real server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Where it comes from.
    pub client: SocketAddr,
    /// Where the client believes it goes to.
    pub floating: SocketAddr,
    /// Where it goes to.
    pub destination: SocketAddr,
    /// How far it has got.
    pub state: ConnectionState,
    /// Seconds until the kernel forgets it, if nothing more comes.
    pub expires: u32,
}

/// How far a connection has got: TCP's states as the kernel counts them, and the only one of UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionState(u16);

impl ConnectionState {
    const TCP: [&str; 11] = [
        "NONE",
        "ESTABLISHED",
        "SYN_SENT",
        "SYN_RECV",
        "FIN_WAIT",
        "TIME_WAIT",
        "CLOSE",
        "CLOSE_WAIT",
        "LAST_ACK",
        "LISTEN",
        "SYNACK",
    ];
    const UDP: &str = "UDP";
    /// Both sides have said their last word.
    const OVER: [&str; 4] = ["NONE", "TIME_WAIT", "CLOSE", "LISTEN"];

    fn parse(protocol: Protocol, word: &str) -> Option<Self> {
        let place = match protocol {
            Protocol::Tcp if Self::OVER.contains(&word) => None,
            Protocol::Tcp => Self::TCP.iter().position(|known| *known == word),
            Protocol::Udp => (word == Self::UDP).then_some(0),
            Protocol::Sctp | Protocol::Other(_) => None,
        };
        place.and_then(|place| u16::try_from(place).ok()).map(Self)
    }

    /// The kernel's number.
    pub(crate) fn number(self) -> u16 {
        self.0
    }
}

impl Connection {
    /// A line of the list: TCP and UDP, while there is something to be lost. Nothing for the heading, for what persistence
    /// remembers of a client, and for connections that are over.
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let protocol = match words.next()? {
            "TCP" => Protocol::Tcp,
            "UDP" => Protocol::Udp,
            _ => return None,
        };
        let mut end = || Some(SocketAddr::new(address(words.next()?)?, port(words.next()?)?));
        let (client, floating, destination) = (end()?, end()?, end()?);
        let state = ConnectionState::parse(protocol, words.next()?)?;
        let expires = words.next()?.parse().ok()?;
        // A port of 0 is persistence's.
        (client.port() != 0).then_some(Self { protocol, client, floating, destination, state, expires })
    }
}

/// IPv4 in eight hexadecimal digits, IPv6 in its long form.
fn address(word: &str) -> Option<IpAddr> {
    if word.contains(':') {
        return word.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    (word.len() == 8)
        .then(|| u32::from_str_radix(word, 16).ok())
        .flatten()
        .map(Ipv4Addr::from)
        .map(IpAddr::V4)
}

fn port(word: &str) -> Option<u16> {
    u16::from_str_radix(word, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_as_the_kernel_writes_them() {
        let tcp = "TCP C0A81A64 9C40 C0A81A0A 0050 C0A81A01 0050 ESTABLISHED     893";
        let connection = Connection::parse(tcp).unwrap();
        assert_eq!(connection.client, "192.168.26.100:40000".parse().unwrap());
        assert_eq!(connection.floating, "192.168.26.10:80".parse().unwrap());
        assert_eq!(connection.destination, "192.168.26.1:80".parse().unwrap());
        assert_eq!((connection.state.number(), connection.expires), (1, 893));
        let udp = "UDP 2001:0db8:0026:0000:0000:0000:0000:0100 0400 2001:0db8:0026:0000:0000:0000:0000:0010 0035 \
                   2001:0db8:0026:0000:0000:0000:0000:0001 0035 UDP             299";
        let connection = Connection::parse(udp).unwrap();
        assert_eq!(connection.floating, "[2001:db8:26::10]:53".parse().unwrap());
    }

    #[test]
    fn what_nobody_would_miss() {
        for line in [
            "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData",
            "TCP C0A81A64 0000 C0A81A0A 0050 C0A81A01 0050 NONE            299",
            "TCP C0A81A64 9C40 C0A81A0A 0050 C0A81A01 0050 TIME_WAIT       119",
            "UDP C0A81A64 0000 C0A81A0A 0035 C0A81A01 0035 UDP             299",
            "TCP C0A81A64 9C40 C0A81A0A",
            "",
        ] {
            assert_eq!(Connection::parse(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn garbage_is_safe(line in ".{0,120}", words in "(TCP|UDP)( [0-9A-F:]{0,9}){6} [A-Z]{1,5} [0-9]{0,12}") {
            let _ = Connection::parse(&line);
            let _ = Connection::parse(&words);
        }
    }
}
