//! Links: the devices of the machine and their state.

use neli::{
    consts::rtnl::{Iff, Ifla},
    rtnl::Ifinfomsg,
};

use crate::{
    HardwareAddress,
    message::{attribute, text},
};

/// A network device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The kernel's number for it.
    pub index: u32,
    /// Its name, such as `eth0`.
    pub name: String,
    /// Its hardware type (`ARPHRD_*` of `linux/if_arp.h`): 1 is Ethernet, 772 loopback.
    pub hardware_type: u16,
    /// Its hardware address, where it has one of six bytes.
    pub hardware_address: Option<HardwareAddress>,
    /// Its flags (`IFF_*` of `linux/if.h`).
    pub flags: u32,
    /// Whether it has a carrier: the cable is in, the other end is alive.
    pub carrier: bool,
    /// Its state by RFC 2863.
    pub state: OperationalState,
}

/// `ifOperStatus` of RFC 2863, section 3.1.14, with the numbers of `linux/if.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationalState {
    /// The driver does not tell; the carrier counts. Loopback and dummy devices are in this state for ever.
    Unknown,
    /// A part of the device is missing.
    NotPresent,
    /// It cannot send.
    Down,
    /// The device below it is down.
    LowerLayerDown,
    /// It is under test.
    Testing,
    /// It waits for something outside, such as authentication.
    Dormant,
    /// It can send.
    Up,
}

impl Link {
    /// Whether the administrator has set it up.
    pub fn is_up(&self) -> bool {
        self.flags & Iff::UP.bits() != 0
    }

    /// Whether traffic can flow: set up, with a carrier, and not known to be out of order.
    pub fn is_running(&self) -> bool {
        self.is_up() && self.carrier && matches!(self.state, OperationalState::Up | OperationalState::Unknown)
    }

    /// Reads a link message; None if it lacks a name.
    pub(crate) fn from_message(message: &Ifinfomsg) -> Option<Link> {
        let attributes = message.rtattrs();
        let byte = |kind| attribute(attributes, kind).and_then(<[u8]>::first).copied();
        let flags = message.ifi_flags().bits();
        Some(Link {
            index: u32::try_from(*message.ifi_index()).ok()?,
            name: text(attribute(attributes, Ifla::Ifname)?),
            hardware_type: (*message.ifi_type()).into(),
            hardware_address: attribute(attributes, Ifla::Address)
                .and_then(|bytes| bytes.try_into().ok())
                .map(HardwareAddress),
            flags,
            carrier: byte(Ifla::Carrier).map_or(flags & Iff::LOWERUP.bits() != 0, |carrier| carrier != 0),
            state: byte(Ifla::Operstate).map_or(OperationalState::Unknown, OperationalState::from_number),
        })
    }
}

impl OperationalState {
    fn from_number(number: u8) -> OperationalState {
        match number {
            1 => OperationalState::NotPresent,
            2 => OperationalState::Down,
            3 => OperationalState::LowerLayerDown,
            4 => OperationalState::Testing,
            5 => OperationalState::Dormant,
            6 => OperationalState::Up,
            _ => OperationalState::Unknown,
        }
    }
}
