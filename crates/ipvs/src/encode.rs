//! Requests as bytes: generic netlink header, then attributes, written straight into the message's buffer.
//!
//! Source: `linux/ip_vs.h`; specification ipvs-netlink.md, sections 2 to 8.

use std::{io::Cursor, net::IpAddr};

use ipvs_sys::{
    AF_INET, AF_INET6, VERSION,
    command::{Command, CommandAttribute},
    daemon::{DaemonAttribute, DaemonState},
    destination::{DestinationAttribute, ForwardingMethod as MethodNumber, TunnelFlags, TunnelType},
    service::{FlagsAndMask, ServiceAttribute, ServiceFlags},
};
use neli::{ToBytes, err::SerError};
use netlink::attribute::{nest, put};

use crate::{
    Checksum, Destination, DestinationKey, Family, ForwardingMethod, Operation, Persistence, PersistenceMask,
    Service, ServiceKey, SyncDaemon, SyncRole, Timeouts, Tunnel,
};

type Buffer = Cursor<Vec<u8>>;
type Encoded = Result<(), SerError>;

/// A request that is no [`Operation`] on the table.
#[derive(Debug)]
pub(crate) enum Request<'a> {
    /// All services.
    Services,
    /// The destinations of one service.
    Destinations(&'a ServiceKey),
    Timeouts,
    SetTimeouts(&'a Timeouts),
    Info,
    SyncDaemons,
    StartSyncDaemon(&'a SyncDaemon),
    StopSyncDaemon(SyncRole),
    /// Counters of one service, or of all.
    Zero(Option<&'a ServiceKey>),
    Flush,
}

impl ToBytes for Operation {
    fn to_bytes(&self, buffer: &mut Buffer) -> Encoded {
        match self {
            Operation::AddService(key, service) => {
                command(buffer, Command::NewService)?;
                put_service(buffer, key, service)
            }
            Operation::SetService(key, service) => {
                command(buffer, Command::SetService)?;
                put_service(buffer, key, service)
            }
            Operation::DeleteService(key) => {
                command(buffer, Command::DelService)?;
                put_service_key(buffer, key)
            }
            Operation::AddDestination(key, at, destination) => {
                command(buffer, Command::NewDest)?;
                put_service_key(buffer, key)?;
                put_destination(buffer, key, at, destination)
            }
            Operation::SetDestination(key, at, destination) => {
                command(buffer, Command::SetDest)?;
                put_service_key(buffer, key)?;
                put_destination(buffer, key, at, destination)
            }
            Operation::DeleteDestination(key, at) => {
                command(buffer, Command::DelDest)?;
                put_service_key(buffer, key)?;
                nest(buffer, CommandAttribute::Dest, |buffer| destination_identity(buffer, key, at))
            }
        }
    }
}

impl ToBytes for Request<'_> {
    fn to_bytes(&self, buffer: &mut Buffer) -> Encoded {
        match self {
            Request::Services => command(buffer, Command::GetService),
            Request::Destinations(key) => {
                command(buffer, Command::GetDest)?;
                put_service_key(buffer, key)
            }
            Request::Timeouts => command(buffer, Command::GetConfig),
            Request::SetTimeouts(timeouts) => {
                command(buffer, Command::SetConfig)?;
                put_timeouts(buffer, timeouts)
            }
            Request::Info => command(buffer, Command::GetInfo),
            Request::SyncDaemons => command(buffer, Command::GetDaemon),
            Request::StartSyncDaemon(daemon) => {
                command(buffer, Command::NewDaemon)?;
                nest(buffer, CommandAttribute::Daemon, |buffer| daemon_settings(buffer, daemon))
            }
            Request::StopSyncDaemon(role) => {
                command(buffer, Command::DelDaemon)?;
                nest(buffer, CommandAttribute::Daemon, |buffer| {
                    put(buffer, DaemonAttribute::State, &state(*role))
                })
            }
            Request::Zero(None) => command(buffer, Command::Zero),
            Request::Zero(Some(key)) => {
                command(buffer, Command::Zero)?;
                put_service_key(buffer, key)
            }
            Request::Flush => command(buffer, Command::Flush),
        }
    }
}

/// `struct genlmsghdr`.
fn command(buffer: &mut Buffer, command: Command) -> Encoded {
    command.to_bytes(buffer)?;
    VERSION.to_bytes(buffer)?;
    0u16.to_bytes(buffer)
}

fn put_service_key(buffer: &mut Buffer, key: &ServiceKey) -> Encoded {
    nest(buffer, CommandAttribute::Service, |buffer| service_identity(buffer, key))
}

fn put_service(buffer: &mut Buffer, key: &ServiceKey, service: &Service) -> Encoded {
    nest(buffer, CommandAttribute::Service, |buffer| {
        service_identity(buffer, key)?;
        service_settings(buffer, key.family(), service)
    })
}

fn service_identity(buffer: &mut Buffer, key: &ServiceKey) -> Encoded {
    put(buffer, ServiceAttribute::Af, &family_number(key.family()))?;
    match key {
        ServiceKey::Mark { mark, .. } => put(buffer, ServiceAttribute::FwMark, &mark.get()),
        ServiceKey::Address { protocol, address, port } => {
            put(buffer, ServiceAttribute::Protocol, &protocol.number())?;
            put_address(buffer, ServiceAttribute::Addr, *address)?;
            put(buffer, ServiceAttribute::Port, &port.to_be_bytes())
        }
    }
}

fn service_settings(buffer: &mut Buffer, family: Family, service: &Service) -> Encoded {
    put(buffer, ServiceAttribute::SchedName, &service.scheduler.as_str())?;
    let flags = FlagsAndMask { flags: service_flags(service).bits(), mask: u32::MAX };
    put(buffer, ServiceAttribute::Flags, &flags)?;
    let Some(Persistence { timeout, mask, engine }) = &service.persistence else {
        put(buffer, ServiceAttribute::Timeout, &0u32)?;
        return put_mask(buffer, PersistenceMask::single_client(family));
    };
    if mask.family() != family {
        return Err(SerError::new("a persistence mask of another address family than its virtual server"));
    }
    put(buffer, ServiceAttribute::Timeout, &seconds(*timeout))?;
    put_mask(buffer, *mask)?;
    match engine {
        Some(engine) => put(buffer, ServiceAttribute::PeName, &engine.as_str()),
        None => Ok(()),
    }
}

fn service_flags(service: &Service) -> ServiceFlags {
    let mut flags = ServiceFlags::empty();
    flags.set(ServiceFlags::PERSISTENT, service.persistence.is_some());
    flags.set(ServiceFlags::ONE_PACKET, service.one_packet);
    flags.set(ServiceFlags::SCHEDULER_1, service.scheduler_flags.first);
    flags.set(ServiceFlags::SCHEDULER_2, service.scheduler_flags.second);
    flags.set(ServiceFlags::SCHEDULER_3, service.scheduler_flags.third);
    flags
}

fn put_mask(buffer: &mut Buffer, mask: PersistenceMask) -> Encoded {
    match mask {
        PersistenceMask::V4(mask) => put(buffer, ServiceAttribute::Netmask, &mask.octets()),
        PersistenceMask::V6(prefix) => put(buffer, ServiceAttribute::Netmask, &u32::from(prefix)),
    }
}

fn put_destination(buffer: &mut Buffer, key: &ServiceKey, at: &DestinationKey, to: &Destination) -> Encoded {
    nest(buffer, CommandAttribute::Dest, |buffer| {
        destination_identity(buffer, key, at)?;
        put(buffer, DestinationAttribute::FwdMethod, &method_number(to.method))?;
        put(buffer, DestinationAttribute::Weight, &to.weight)?;
        put(buffer, DestinationAttribute::UThresh, &to.upper_threshold)?;
        put(buffer, DestinationAttribute::LThresh, &to.lower_threshold)?;
        match to.method {
            ForwardingMethod::Tunnel(tunnel) => put_tunnel(buffer, tunnel),
            _ => Ok(()),
        }
    })
}

fn destination_identity(buffer: &mut Buffer, key: &ServiceKey, at: &DestinationKey) -> Encoded {
    put_address(buffer, DestinationAttribute::Addr, at.address)?;
    put(buffer, DestinationAttribute::Port, &at.port.to_be_bytes())?;
    // Kernels before 3.18 do not know the attribute, and have no other case.
    let family = Family::of(at.address);
    if family == key.family() {
        return Ok(());
    }
    put(buffer, DestinationAttribute::AddrFamily, &family_number(family))
}

/// Nothing for IP in IP: that is what absent attributes mean, also to kernels before 5.2.
fn put_tunnel(buffer: &mut Buffer, tunnel: Tunnel) -> Encoded {
    let checksum = match tunnel {
        Tunnel::Ipip => return Ok(()),
        Tunnel::Gue { port, checksum } => {
            put(buffer, DestinationAttribute::TunType, &TunnelType::Gue)?;
            put(buffer, DestinationAttribute::TunPort, &port.get().to_be_bytes())?;
            checksum
        }
        Tunnel::Gre { checksum } => {
            put(buffer, DestinationAttribute::TunType, &TunnelType::Gre)?;
            checksum
        }
    };
    let flags = match checksum {
        Checksum::Off => TunnelFlags::empty(),
        Checksum::On => TunnelFlags::CHECKSUM,
        Checksum::Remote => TunnelFlags::REMOTE_CHECKSUM,
    };
    put(buffer, DestinationAttribute::TunFlags, &flags.bits())
}

fn method_number(method: ForwardingMethod) -> MethodNumber {
    match method {
        ForwardingMethod::Masquerade => MethodNumber::Masquerade,
        ForwardingMethod::DirectRoute => MethodNumber::DirectRoute,
        ForwardingMethod::Tunnel(_) => MethodNumber::Tunnel,
        ForwardingMethod::Local => MethodNumber::Local,
        ForwardingMethod::Bypass => MethodNumber::Bypass,
    }
}

fn put_timeouts(buffer: &mut Buffer, timeouts: &Timeouts) -> Encoded {
    let all = [
        (CommandAttribute::TimeoutTcp, timeouts.tcp),
        (CommandAttribute::TimeoutTcpFin, timeouts.tcp_fin),
        (CommandAttribute::TimeoutUdp, timeouts.udp),
    ];
    all.into_iter()
        .filter(|(_, timeout)| !timeout.is_zero())
        .try_for_each(|(attribute, timeout)| put(buffer, attribute, &seconds(timeout)))
}

fn daemon_settings(buffer: &mut Buffer, daemon: &SyncDaemon) -> Encoded {
    put(buffer, DaemonAttribute::State, &state(daemon.role))?;
    put(buffer, DaemonAttribute::McastIfn, &daemon.interface.as_str())?;
    put(buffer, DaemonAttribute::SyncId, &u32::from(daemon.id))?;
    if let Some(length) = daemon.max_length {
        put(buffer, DaemonAttribute::SyncMaxlen, &length)?;
    }
    match daemon.group {
        Some(group @ IpAddr::V4(_)) => put_address(buffer, DaemonAttribute::McastGroup, group)?,
        Some(group @ IpAddr::V6(_)) => put_address(buffer, DaemonAttribute::McastGroup6, group)?,
        None => {}
    }
    if let Some(port) = daemon.port {
        put(buffer, DaemonAttribute::McastPort, &port)?;
    }
    match daemon.ttl {
        Some(ttl) => put(buffer, DaemonAttribute::McastTtl, &ttl),
        None => Ok(()),
    }
}

fn state(role: SyncRole) -> DaemonState {
    match role {
        SyncRole::Master => DaemonState::Master,
        SyncRole::Backup => DaemonState::Backup,
    }
}

fn family_number(family: Family) -> u16 {
    match family {
        Family::V4 => AF_INET,
        Family::V6 => AF_INET6,
    }
}

fn put_address(buffer: &mut Buffer, attribute: impl Into<u16>, address: IpAddr) -> Encoded {
    match address {
        IpAddr::V4(address) => put(buffer, attribute, &address.octets()),
        IpAddr::V6(address) => put(buffer, attribute, &address.octets()),
    }
}

/// Whole seconds as the kernel takes them. What it cannot hold becomes its highest value, which it then refuses
/// itself where that is too much.
fn seconds(duration: std::time::Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
