//! What the kernel calls the virtual servers and real servers of a file.

use std::net::IpAddr;
use std::num::NonZeroU32;

use ipvs::{
    DestinationKey, Family, ForwardingMethod, Persistence, PersistenceMask, Scheduler, Service, ServiceKey,
    Tunnel,
};
use lvs_cf::{RealServer, VirtualServer};

use super::MonitorKey;
use crate::families;
use crate::marks::Marks;

/// The kernel service of a virtual server; `None` if it has neither mark nor address, or no usable port.
pub(super) fn service(block: &VirtualServer) -> Option<(ServiceKey, Service)> {
    let key = service_key(block)?;
    let mut service = Service::new(Scheduler::new(block.scheduler.as_str()).ok()?);
    service.persistence = block.persistence().map(|timeout| Persistence {
        timeout,
        mask: mask(block, key.family()),
        engine: None,
    });
    Some((key, service))
}

pub(crate) fn service_key(block: &VirtualServer) -> Option<ServiceKey> {
    Some(match NonZeroU32::new(block.fwmark) {
        Some(mark) => ServiceKey::Mark { family: families::of_virtual_server(block), mark },
        None => ServiceKey::Address {
            protocol: protocol(block.protocol),
            address: block.address?,
            port: block.port_number()?,
        },
    })
}

fn mask(block: &VirtualServer, family: Family) -> PersistenceMask {
    match block.pmask {
        Some(IpAddr::V4(mask)) if family == Family::V4 => PersistenceMask::V4(mask),
        Some(mask @ IpAddr::V6(_)) if family == Family::V6 => {
            lvs_cf::prefix_length(mask).map_or(PersistenceMask::single_client(family), PersistenceMask::V6)
        }
        _ => PersistenceMask::single_client(family),
    }
}

/// The monitor and the destination of a real server; `None` if it has no address or no usable port.
pub(super) fn identity(
    block: &VirtualServer,
    server: &RealServer,
    marks: &Marks,
) -> Option<(MonitorKey, DestinationKey)> {
    let (address, real_port) = (server.address?, server.port_number()?);
    let monitor = MonitorKey {
        mark: block.fwmark,
        virtual_server: (protocol(block.protocol), block.address, key_port(block)),
        real_server: (address, real_port),
    };
    let port = if marks.keep_port(block, Some(server)) { 0 } else { real_port };
    Some((monitor, DestinationKey { address, port }))
}

/// The virtual server's port where only its identity counts.
pub(super) fn key_port(block: &VirtualServer) -> u16 {
    block.port_number().unwrap_or(0)
}

fn protocol(protocol: lvs_cf::Protocol) -> ipvs::Protocol {
    match protocol {
        lvs_cf::Protocol::Tcp => ipvs::Protocol::Tcp,
        lvs_cf::Protocol::Udp => ipvs::Protocol::Udp,
        lvs_cf::Protocol::Sctp => ipvs::Protocol::Sctp,
    }
}

pub(super) fn forwarding_method(network: lvs_cf::ForwardingMethod) -> ForwardingMethod {
    match network {
        lvs_cf::ForwardingMethod::Nat => ForwardingMethod::Masquerade,
        lvs_cf::ForwardingMethod::Direct => ForwardingMethod::DirectRoute,
        lvs_cf::ForwardingMethod::Tunnel => ForwardingMethod::Tunnel(Tunnel::Ipip),
    }
}
