//! The ports of the `Listen` lines.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, TcpListener};

use access::Listen;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn6, bind as bind_socket, listen, setsockopt, socket,
    sockopt::{Ipv6V6Only, ReuseAddr},
};
use std::os::fd::AsRawFd as _;

use crate::start::{FAILED, Refusal};

const WAITING: i32 = 128;

/// Listens everywhere, or nowhere. With `any_port` the kernel chooses the ports.
pub(crate) fn bind(lines: &[Listen], any_port: bool) -> Result<Vec<TcpListener>, Refusal> {
    let port = |listen: &Listen| if any_port { 0 } else { listen.port };
    let wanted = lines.iter().filter(|line| line.address.is_none() || !others(line, lines).contains(&None));
    wanted.map(|line| one(line.address, port(line), &others(line, lines))).collect()
}

/// What else is listened to on the same port.
fn others(line: &Listen, lines: &[Listen]) -> Vec<Option<IpAddr>> {
    lines
        .iter()
        .filter(|other| *other != line && other.port == line.port)
        .map(|other| other.address)
        .collect()
}

fn one(address: Option<IpAddr>, port: u16, others: &[Option<IpAddr>]) -> Result<TcpListener, Refusal> {
    let version_4 = others.iter().any(|other| matches!(other, Some(IpAddr::V4(_))));
    let (shown, listener) = match address {
        Some(IpAddr::V4(address)) => ((address, port).into(), TcpListener::bind((address, port))),
        // IPv4 goes to its own lines, where there are any.
        Some(IpAddr::V6(address)) => ((address, port).into(), version_6(address, port, version_4)),
        None => everywhere(port),
    };
    let shown: SocketAddr = shown;
    listener.map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "; piranha-gui or another program is there already (`ss -ltnp` shows which)"
            }
            io::ErrorKind::AddrNotAvailable => {
                "; this computer does not have that address (the Listen line of httpd.conf)"
            }
            io::ErrorKind::PermissionDenied => {
                "; ports below 1024 are for root: see the comment in piranha-gui.service, or take another port"
            }
            _ => "",
        };
        Refusal::new(FAILED, format!("cannot listen on {shown}: {error}{hint}"))
    })
}

/// Both families by one socket; IPv4 alone where the kernel has no IPv6.
fn everywhere(port: u16) -> (SocketAddr, io::Result<TcpListener>) {
    let both = version_6(Ipv6Addr::UNSPECIFIED, port, false);
    match &both {
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            ((Ipv4Addr::UNSPECIFIED, port).into(), TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)))
        }
        _ => ((Ipv6Addr::UNSPECIFIED, port).into(), both),
    }
}

fn version_6(address: Ipv6Addr, port: u16, only: bool) -> io::Result<TcpListener> {
    let socket = socket(AddressFamily::Inet6, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&socket, ReuseAddr, &true)?;
    setsockopt(&socket, Ipv6V6Only, &only)?;
    let address = SocketAddrV6::new(address, port, 0, 0);
    bind_socket(socket.as_raw_fd(), &SockaddrIn6::from(address))?;
    listen(&socket, Backlog::new(WAITING)?)?;
    Ok(TcpListener::from(socket))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn one_socket_listens_to_both_families() {
        let listeners = bind(&[Listen { address: None, port: 3636 }], true).unwrap();
        let port = listeners[0].local_addr().unwrap().port();
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
        if listeners[0].local_addr().unwrap().is_ipv6() {
            assert!(TcpStream::connect(("::1", port)).is_ok());
        }
    }

    #[test]
    fn one_port_is_listened_to_as_often_as_is_needed() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let line = |address: &str| Listen { address: address.parse().ok(), port: free };
        for (lines, listeners) in
            [(&["all", "127.0.0.1", "::1"][..], 1), (&["0.0.0.0", "::"], 2), (&["127.0.0.1", "::1"], 2)]
        {
            let lines: Vec<Listen> = lines.iter().map(|address| line(address)).collect();
            assert_eq!(bind(&lines, false).unwrap().len(), listeners, "{lines:?}");
        }
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let line = Listen { address: Some(Ipv4Addr::LOCALHOST.into()), port };
        let refusal = bind(&[line], false).unwrap_err();
        assert_eq!(refusal.status, FAILED);
        assert!(
            refusal.reason.starts_with(&format!("cannot listen on 127.0.0.1:{port}: Address")),
            "{}",
            refusal.reason
        );
    }
}
