//! What sync daemons say to each other: connections, as a kernel's backup daemon takes them (version 1 of its messages).
//!
//! A master daemon collects connections for two seconds and more before it sends them, and forgets what it has collected
//! when it is stopped. A router that leaves in order says them itself.
//!
//! Numbers are big-endian. A message has a head of 8 bytes: 1 byte 0, 1 byte sync id, 2 bytes length of all, 1 byte number
//! of connections, 1 byte version (1), 2 bytes 0. A connection has 36 bytes with IPv4 and 72 with IPv6:
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | 0 IPv4, 1 IPv6 |
//! | 1 | protocol |
//! | 2 | length of this connection |
//! | 4 | flags: forwarding method, 256 if it is not established |
//! | 2 | state |
//! | 2, 2, 2 | ports: client, floating address, real server |
//! | 4 | firewall mark of its service, or 0 |
//! | 4 | seconds until it is forgotten, or 0 for the kernel's own choice |
//! | 3 × 4 or 16 | addresses: client, floating address, real server |

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::{Connection, ForwardingMethod, Protocol, ServiceKey, Table};

/// Where sync daemons send to, unless they are told otherwise.
pub const SYNC_GROUP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(224, 0, 0, 81)), 8848);

/// Connections of one message at most: with IPv6 it fits an Ethernet frame.
const AT_ONCE: usize = 18;
const HEAD: usize = 8;
const VERSION: u8 = 1;
/// It is counted as not active.
const INACTIVE: u32 = 0x100;
const ESTABLISHED: u16 = 1;
/// The kernel helps connections of FTP along with numbers that are not listed, and would forget them.
const FTP: u16 = 21;

/// Messages with these connections, which are the table's.
pub fn sync_messages(connections: &[Connection], table: &Table, id: u8) -> Vec<Vec<u8>> {
    let sayable: Vec<_> = connections.iter().filter(|connection| connection.floating.port() != FTP).collect();
    sayable.chunks(AT_ONCE).map(|some| message(some, table, id)).collect()
}

fn message(connections: &[&Connection], table: &Table, id: u8) -> Vec<u8> {
    let mut bytes = vec![0, id, 0, 0, u8::try_from(connections.len()).unwrap_or_default(), VERSION, 0, 0];
    debug_assert_eq!(bytes.len(), HEAD);
    for connection in connections {
        append(&mut bytes, connection, Route::of(connection, table));
    }
    let length = u16::try_from(bytes.len()).unwrap_or_default().to_be_bytes();
    if let Some(place) = bytes.get_mut(2..4) {
        place.copy_from_slice(&length);
    }
    bytes
}

fn append(bytes: &mut Vec<u8>, connection: &Connection, route: Route) {
    let Connection { protocol, client, floating, destination, state, expires } = connection;
    let ends = [client, floating, destination];
    let (family, length) = if client.is_ipv6() { (1, 72_u16) } else { (0, 36) };
    let established = *protocol != Protocol::Tcp || state.number() == ESTABLISHED;
    let flags = route.method | if established { 0 } else { INACTIVE };
    bytes.extend([family, u8::try_from(protocol.number()).unwrap_or_default()]);
    bytes.extend(length.to_be_bytes());
    bytes.extend(flags.to_be_bytes());
    bytes.extend(state.number().to_be_bytes());
    for end in ends {
        bytes.extend(end.port().to_be_bytes());
    }
    bytes.extend(route.mark.to_be_bytes());
    bytes.extend(expires.to_be_bytes());
    for end in ends {
        match end.ip() {
            IpAddr::V4(address) => bytes.extend(address.octets()),
            IpAddr::V6(address) => bytes.extend(address.octets()),
        }
    }
}

/// What the list of connections does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Route {
    method: u32,
    mark: u32,
}

impl Route {
    /// By the service of the connection; a partner with the same real server goes by its own table.
    fn of(connection: &Connection, table: &Table) -> Self {
        let owners = table.services.iter().filter(|(key, _)| owns(key, connection));
        let mut routes = owners.filter_map(|(key, service)| {
            let (_, destination) = service.destinations.iter().find(|(real, _)| {
                real.address == connection.destination.ip()
                    && (real.port == 0 || real.port == connection.destination.port())
            })?;
            let mark = if let ServiceKey::Mark { mark, .. } = key { mark.get() } else { 0 };
            Some(Self { method: number(destination.method), mark })
        });
        routes.next().unwrap_or_default()
    }
}

fn owns(key: &ServiceKey, connection: &Connection) -> bool {
    match *key {
        ServiceKey::Address { protocol, address, port } => {
            protocol == connection.protocol
                && address == connection.floating.ip()
                && (port == 0 || port == connection.floating.port())
        }
        ServiceKey::Mark { .. } => true,
    }
}

/// As flags of a connection (`linux/ip_vs.h`).
fn number(method: ForwardingMethod) -> u32 {
    match method {
        ForwardingMethod::Masquerade => 0,
        ForwardingMethod::Local => 1,
        ForwardingMethod::Tunnel(_) => 2,
        ForwardingMethod::DirectRoute => 3,
        ForwardingMethod::Bypass => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Destination, DestinationKey, Scheduler, Service};

    fn connection(client_port: u16) -> Connection {
        let line = format!("TCP C0A81A64 {client_port:04X} C0A81A0A 0050 C0A81A01 0050 ESTABLISHED 893");
        Connection::parse(&line).unwrap()
    }

    fn table(key: ServiceKey) -> Table {
        let mut table = Table::default();
        let server = table.insert(key, Service::new(Scheduler::new("rr").unwrap()));
        let real = DestinationKey { address: "192.168.26.1".parse().unwrap(), port: 80 };
        server.destinations.insert(real, Destination::new(ForwardingMethod::DirectRoute, 1));
        table
    }

    fn by_address() -> ServiceKey {
        let address = "192.168.26.10".parse().unwrap();
        ServiceKey::Address { protocol: Protocol::Tcp, address, port: 80 }
    }

    #[test]
    fn a_connection_in_bytes() {
        let messages = sync_messages(&[connection(0x9c40)], &table(by_address()), 7);
        let expected = [
            0, 7, 0, 44, 1, 1, 0, 0, // head
            0, 6, 0, 36, 0, 0, 0, 3, 0, 1, // IPv4, TCP, length, direct routing, established
            0x9c, 0x40, 0, 80, 0, 80, 0, 0, 0, 0, 0, 0, 3, 0x7d, // ports, no mark, 893 s
            192, 168, 26, 100, 192, 168, 26, 10, 192, 168, 26, 1,
        ];
        assert_eq!(messages, [expected.to_vec()]);
    }

    #[test]
    fn a_service_by_mark_is_named() {
        let mark = std::num::NonZeroU32::new(258).unwrap();
        let key = ServiceKey::Mark { family: crate::Family::V4, mark };
        let messages = sync_messages(&[connection(1)], &table(key), 0);
        assert_eq!(messages[0][24..28], [0, 0, 1, 2]);
    }

    #[test]
    fn messages_fit_their_frames_and_ftp_is_left_to_the_kernel() {
        let mut connections: Vec<_> = (1..=100).map(connection).collect();
        let line = "TCP C0A81A64 9C40 C0A81A0A 0015 C0A81A01 0015 ESTABLISHED 893";
        connections.push(Connection::parse(line).unwrap());
        let messages = sync_messages(&connections, &Table::default(), 0);
        assert_eq!(messages.iter().map(|message| usize::from(message[4])).sum::<usize>(), 100);
        assert!(messages.iter().all(|message| message.len() == HEAD + 36 * usize::from(message[4])));
        const { assert!(HEAD + 72 * AT_ONCE <= 1472) }
    }
}
