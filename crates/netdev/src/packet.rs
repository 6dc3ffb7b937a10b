//! The packet socket: sends finished Ethernet frames.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::{
    errno::Errno,
    ifaddrs::{InterfaceAddress, getifaddrs},
    libc::{ARPHRD_ETHER, ARPHRD_LOOPBACK},
    net::if_::InterfaceFlags,
    sys::socket::{AddressFamily, LinkAddr, MsgFlags, SockFlag, SockType, sendto, socket},
};

use crate::{HardwareAddress, label::LONGEST_NAME};

/// Why a frame was not sent. Every text begins with the system's own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// The system gives no packet socket.
    #[error("{}{}", .0.desc(), advice(*.0))]
    Open(Errno),
    /// The list of devices cannot be read.
    #[error("{}: the list of devices cannot be read", .0.desc())]
    List(Errno),
    /// A name that no device can have.
    #[error("No such device: {0} is longer than {LONGEST_NAME} bytes, the longest name of a device")]
    NameTooLong(String),
    /// There is no device of that name.
    #[error("No such device: {device} is not among {}", known.join(", "))]
    NoSuchDevice {
        /// The name that was looked for.
        device: String,
        /// The devices that exist.
        known: Vec<String>,
    },
    /// The device does not carry Ethernet frames.
    #[error("Invalid argument: {0} is not an Ethernet device, and such frames are for Ethernet only")]
    NotEthernet(String),
    /// The device is administratively down.
    #[error("Network is down: {0} is down; `ip link set {0} up` brings it up")]
    Down(String),
    /// The system took the frame for no good.
    #[error("{}: {length} bytes on {device}{}", errno.desc(), advice(*errno))]
    Send {
        /// The device.
        device: String,
        /// Length of the frame in bytes.
        length: usize,
        /// What the system said.
        errno: Errno,
    },
}

/// What to do about `errno`.
fn advice(errno: Errno) -> &'static str {
    match errno {
        Errno::EPERM | Errno::EACCES => ": a packet socket needs root or the capability CAP_NET_RAW",
        Errno::EAFNOSUPPORT => ": this kernel was built without packet sockets (CONFIG_PACKET)",
        Errno::EAGAIN | Errno::ENOBUFS => {
            ": the device does not send fast enough; look at its cable and state"
        }
        Errno::ENODEV | Errno::ENXIO => ": the device vanished",
        _ => "",
    }
}

/// A device that can send Ethernet frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EthernetPort {
    device: String,
    address: LinkAddr,
    hardware_address: HardwareAddress,
    flags: InterfaceFlags,
}

impl EthernetPort {
    /// Finds the device named `device` (an alias such as `eth0:1` is no device: see
    /// [`base_device`](crate::base_device)) and makes sure that it is up and carries Ethernet frames, as the loopback
    /// device does too.
    ///
    /// # Errors
    ///
    /// [`PacketError`] saying which of that does not hold.
    pub fn find(device: &str) -> Result<EthernetPort, PacketError> {
        if device.len() > LONGEST_NAME {
            return Err(PacketError::NameTooLong(device.to_owned()));
        }
        let interfaces: Vec<_> = getifaddrs().map_err(PacketError::List)?.collect();
        let port = EthernetPort::among(device, &interfaces)?;
        if !port.flags.contains(InterfaceFlags::IFF_UP) {
            return Err(PacketError::Down(port.device));
        }
        Ok(port)
    }

    fn among(device: &str, interfaces: &[InterfaceAddress]) -> Result<EthernetPort, PacketError> {
        let mut same_name = interfaces.iter().filter(|i| i.interface_name == device).peekable();
        if same_name.peek().is_none() {
            return Err(PacketError::NoSuchDevice { device: device.to_owned(), known: names(interfaces) });
        }
        let port = same_name.find_map(|interface| {
            let address = *interface.address.as_ref()?.as_link_addr()?;
            let hardware_address = HardwareAddress(address.addr()?);
            let flags = interface.flags;
            Some(EthernetPort { device: device.to_owned(), address, hardware_address, flags })
        });
        port.filter(|port| [ARPHRD_ETHER, ARPHRD_LOOPBACK].contains(&port.address.hatype()))
            .ok_or_else(|| PacketError::NotEthernet(device.to_owned()))
    }

    /// The device's name.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// The device's own hardware address.
    pub fn hardware_address(&self) -> HardwareAddress {
        self.hardware_address
    }

    /// Whether nothing sent here leaves the machine.
    pub fn is_loopback(&self) -> bool {
        self.flags.contains(InterfaceFlags::IFF_LOOPBACK)
    }

    /// Whether hosts ask on this device for the hardware address of another: by ARP, or by neighbour discovery.
    pub fn resolves_addresses(&self) -> bool {
        !self.flags.intersects(InterfaceFlags::IFF_NOARP | InterfaceFlags::IFF_LOOPBACK)
    }

    /// Whether the device can send at present: it has a carrier.
    pub fn is_running(&self) -> bool {
        self.flags.contains(InterfaceFlags::IFF_RUNNING)
    }
}

fn names(interfaces: &[InterfaceAddress]) -> Vec<String> {
    let mut names: Vec<String> = interfaces.iter().map(|i| i.interface_name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// A socket that sends frames on any device and receives nothing.
#[derive(Debug)]
pub struct PacketSocket(OwnedFd);

impl PacketSocket {
    /// Opens the socket; needs root or `CAP_NET_RAW`.
    ///
    /// # Errors
    ///
    /// [`PacketError::Open`] with the system's reason.
    pub fn open() -> Result<PacketSocket, PacketError> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        // Protocol 0: such a socket is given no received frame.
        socket(AddressFamily::Packet, SockType::Raw, flags, None).map(PacketSocket).map_err(PacketError::Open)
    }

    /// Sends `frame`, Ethernet header included, on `port`. Does not wait for a device that is slow to send.
    ///
    /// # Errors
    ///
    /// [`PacketError::Send`] with the system's reason. `ENXIO` means that `port` must be found again.
    pub fn send(&self, port: &EthernetPort, frame: &[u8]) -> Result<(), PacketError> {
        match sendto(self.0.as_raw_fd(), frame, &port.address, MsgFlags::empty()) {
            Ok(_) => Ok(()),
            Err(errno) => Err(PacketError::Send { device: port.device.clone(), length: frame.len(), errno }),
        }
    }
}
