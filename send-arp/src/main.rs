//! `send_arp`: sends a gratuitous ARP frame, as Piranha's program of that name, or a neighbour advertisement.
//!
//! Source: specification `send_arp.md`. What Piranha's program checks is checked in its order, with the same words
//! first and the same exit status.

mod call;
mod inet;

use std::{
    fmt::Display,
    io::Write,
    net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    process::ExitCode,
    thread::sleep,
};

use netdev::{
    EthernetPort, HardwareAddress, NotAHardwareAddress, PacketError, PacketSocket,
    arp::{self, Operation},
    base_device, neighbour,
};

use crate::call::{Call, CallError, Form, Request};

const HELP: &str = include_str!("help.txt");

/// Why nothing, or not everything, was sent.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("socket: {0}")]
    Socket(PacketError),
    #[error("Invalid hardware address: {0}")]
    HardwareAddress(#[from] NotAHardwareAddress),
    #[error("send_arp: unknown host {name}: {reason}")]
    UnknownHost { name: String, reason: String },
    #[error(
        "send_arp: --request and --both are forms of ARP, and {0} is announced by a neighbour advertisement"
    )]
    NotArp(Ipv6Addr),
    #[error("sendto: {0}")]
    Send(PacketError),
}

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    let done = match call::parse(arguments) {
        Ok(Request::Help) => return show(HELP),
        Ok(Request::Version) => return show(concat!("send_arp ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Request::Send(call)) => send(&call),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(failure);
            ExitCode::FAILURE
        }
    }
}

fn show(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn complain(text: impl Display) {
    // Nobody is left to be told that standard error is closed.
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn warn(text: impl Display) {
    complain(format_args!("send_arp: warning: {text}"));
}

fn send(call: &Call) -> Result<(), Failure> {
    let socket = PacketSocket::open().map_err(Failure::Socket)?;
    let destination = hardware_address(&call.destination)?;
    let hardware_address = hardware_address(&call.hardware_address)?;
    let address = resolve(&call.address)?;
    let frames = frames(call.form, address, hardware_address, destination)?;

    let port = EthernetPort::find(base_device(&call.device)).map_err(Failure::Send)?;
    if port.is_loopback() {
        warn(format_args!("{} is the loopback device, no other machine hears this", port.device()));
    } else if !port.is_running() {
        warn(format_args!("{} has no carrier, nothing leaves it at present", port.device()));
    }
    for round in 0..call.count {
        if round > 0 {
            sleep(call.interval);
        }
        for frame in &frames {
            socket.send(&port, frame).map_err(Failure::Send)?;
        }
    }
    Ok(())
}

fn hardware_address(text: &str) -> Result<HardwareAddress, NotAHardwareAddress> {
    let (address, rest) = HardwareAddress::parse_prefix(text)?;
    if !rest.is_empty() {
        warn(format_args!("ignored {rest:?} behind the hardware address {address}"));
    }
    Ok(address)
}

/// An IPv4 address in any form that Piranha took, an IPv6 address, or the first IPv4 address of a host name.
fn resolve(text: &str) -> Result<IpAddr, Failure> {
    if let Some(address) = inet::parse(text) {
        return Ok(address.into());
    }
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Ok(address.into());
    }
    let unknown = |reason: String| Failure::UnknownHost { name: text.to_owned(), reason };
    let mut addresses = (text, 0).to_socket_addrs().map_err(|error| unknown(error.to_string()))?;
    let first = addresses.find(SocketAddr::is_ipv4);
    first.map(|address| address.ip()).ok_or_else(|| unknown("it has no IPv4 address".to_owned()))
}

/// What is sent in one round.
fn frames(
    form: Form,
    address: IpAddr,
    hardware_address: HardwareAddress,
    destination: HardwareAddress,
) -> Result<Vec<Vec<u8>>, Failure> {
    let operations: &[Operation] = match form {
        Form::Reply => &[Operation::Reply],
        Form::Request => &[Operation::Request],
        Form::Both => &[Operation::Reply, Operation::Request],
    };
    match address {
        IpAddr::V4(address) => {
            let frame =
                |operation| arp::announcement(operation, address, hardware_address, destination).to_vec();
            Ok(operations.iter().copied().map(frame).collect())
        }
        IpAddr::V6(address) if form == Form::Reply => {
            // Every station is a multicast address in IPv6; who asks for a single one gets it.
            let everyone = destination == HardwareAddress::BROADCAST;
            let destination = if everyone { HardwareAddress::ALL_NODES } else { destination };
            Ok(vec![neighbour::advertisement(address, hardware_address, destination).to_vec()])
        }
        IpAddr::V6(address) => Err(Failure::NotArp(address)),
    }
}
