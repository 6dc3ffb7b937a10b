//! The kernel's answers as values. Every length and number is checked; what this version does not know is skipped.
//!
//! Source: `linux/ip_vs.h`; specification ipvs-netlink.md, sections 5 to 9.

use std::{
    net::{IpAddr, Ipv4Addr},
    num::{NonZeroU16, NonZeroU32},
    time::Duration,
};

use ipvs_sys::{
    AF_INET, AF_INET6,
    command::{Command, CommandAttribute, InfoAttribute},
    daemon::{DaemonAttribute, DaemonState},
    destination::{DestinationAttribute, ForwardingMethod as MethodNumber, TunnelFlags, TunnelType},
    service::{FlagsAndMask, ServiceAttribute, ServiceFlags},
    statistics::StatisticsAttribute,
};
use neli::{
    FromBytes,
    attr::Attribute,
    consts::genl::NlAttrType,
    genl::{GenlAttrHandle, Genlmsghdr},
};
use netlink::Error;

use crate::{
    Checksum, Destination, DestinationKey, DestinationStatistics, Family, ForwardingMethod, Info,
    Persistence, PersistenceMask, Protocol, Scheduler, SchedulerFlags, Service, ServiceKey, SyncDaemon,
    SyncRole, Timeouts, Traffic, Tunnel,
};

/// An answer to everything except [`Command::GetInfo`].
pub(crate) type Answer = Genlmsghdr<Command, CommandAttribute>;
/// An answer to [`Command::GetInfo`].
pub(crate) type InfoAnswer = Genlmsghdr<Command, InfoAttribute>;

/// A service from `NEW_SERVICE`.
pub(crate) fn service(answer: &Answer) -> Result<(ServiceKey, Service), Error> {
    let attributes = inside(answer, CommandAttribute::Service)?;
    let key = service_key(&attributes)?;
    Ok((key, service_settings(key.family(), &attributes)?))
}

/// Traffic from the `NEW_SERVICE` of a service.
pub(crate) fn service_traffic(answer: &Answer) -> Result<Traffic, Error> {
    let attributes = inside(answer, CommandAttribute::Service)?;
    traffic(&attributes, ServiceAttribute::Stats64, ServiceAttribute::Stats)
}

fn service_key(attributes: &GenlAttrHandle<'_, ServiceAttribute>) -> Result<ServiceKey, Error> {
    let family = family(required(attributes, ServiceAttribute::Af)?)?;
    if let Some(mark) = optional(attributes, ServiceAttribute::FwMark)?.and_then(NonZeroU32::new) {
        return Ok(ServiceKey::Mark { family, mark });
    }
    Ok(ServiceKey::Address {
        protocol: Protocol::from_number(required(attributes, ServiceAttribute::Protocol)?),
        address: address(family, bytes(attributes, ServiceAttribute::Addr)?)?,
        port: u16::from_be_bytes(required(attributes, ServiceAttribute::Port)?),
    })
}

fn service_settings(
    family: Family,
    attributes: &GenlAttrHandle<'_, ServiceAttribute>,
) -> Result<Service, Error> {
    let name = text(attributes, ServiceAttribute::SchedName)?;
    let FlagsAndMask { flags, .. } = required(attributes, ServiceAttribute::Flags)?;
    let flags = ServiceFlags::from_bits_retain(flags);
    Ok(Service {
        scheduler: Scheduler::new(&name).map_err(|e| Error::Malformed(e.to_string()))?,
        scheduler_flags: SchedulerFlags {
            first: flags.contains(ServiceFlags::SCHEDULER_1),
            second: flags.contains(ServiceFlags::SCHEDULER_2),
            third: flags.contains(ServiceFlags::SCHEDULER_3),
        },
        // Time-out and mask of a service without persistence are left over from before and mean nothing.
        persistence: flags
            .contains(ServiceFlags::PERSISTENT)
            .then(|| persistence(family, attributes))
            .transpose()?,
        one_packet: flags.contains(ServiceFlags::ONE_PACKET),
    })
}

fn persistence(
    family: Family,
    attributes: &GenlAttrHandle<'_, ServiceAttribute>,
) -> Result<Persistence, Error> {
    let engine = attributes.get_attribute(ServiceAttribute::PeName);
    Ok(Persistence {
        timeout: Duration::from_secs(required::<u32, _>(attributes, ServiceAttribute::Timeout)?.into()),
        mask: match family {
            Family::V4 => PersistenceMask::V4(Ipv4Addr::from(required::<[u8; 4], _>(
                attributes,
                ServiceAttribute::Netmask,
            )?)),
            Family::V6 => {
                let prefix: u32 = required(attributes, ServiceAttribute::Netmask)?;
                PersistenceMask::V6(u8::try_from(prefix).map_err(|_| wrong(ServiceAttribute::Netmask))?)
            }
        },
        engine: engine.map(|_| text(attributes, ServiceAttribute::PeName)).transpose()?,
    })
}

/// A destination from `NEW_DEST`, of a service of family `of_service`.
pub(crate) fn destination(
    answer: &Answer,
    of_service: Family,
) -> Result<(DestinationKey, Destination), Error> {
    let attributes = inside(answer, CommandAttribute::Dest)?;
    let family = optional(&attributes, DestinationAttribute::AddrFamily)?.map_or(Ok(of_service), family)?;
    let key = DestinationKey {
        address: address(family, bytes(&attributes, DestinationAttribute::Addr)?)?,
        port: u16::from_be_bytes(required(&attributes, DestinationAttribute::Port)?),
    };
    let destination = Destination {
        method: method(&attributes)?,
        weight: required(&attributes, DestinationAttribute::Weight)?,
        upper_threshold: required(&attributes, DestinationAttribute::UThresh)?,
        lower_threshold: required(&attributes, DestinationAttribute::LThresh)?,
    };
    Ok((key, destination))
}

/// What was counted, from the `NEW_DEST` of a destination.
pub(crate) fn destination_statistics(answer: &Answer) -> Result<DestinationStatistics, Error> {
    let attributes = inside(answer, CommandAttribute::Dest)?;
    Ok(DestinationStatistics {
        active_connections: required(&attributes, DestinationAttribute::ActiveConns)?,
        inactive_connections: required(&attributes, DestinationAttribute::InactConns)?,
        persistent_connections: required(&attributes, DestinationAttribute::PersistConns)?,
        traffic: traffic(&attributes, DestinationAttribute::Stats64, DestinationAttribute::Stats)?,
    })
}

fn method(attributes: &GenlAttrHandle<'_, DestinationAttribute>) -> Result<ForwardingMethod, Error> {
    Ok(match required(attributes, DestinationAttribute::FwdMethod)? {
        MethodNumber::Masquerade => ForwardingMethod::Masquerade,
        MethodNumber::Local => ForwardingMethod::Local,
        MethodNumber::Tunnel => ForwardingMethod::Tunnel(tunnel(attributes)?),
        MethodNumber::DirectRoute => ForwardingMethod::DirectRoute,
        MethodNumber::Bypass => ForwardingMethod::Bypass,
        MethodNumber::UnrecognizedConst(_) => return Err(wrong(DestinationAttribute::FwdMethod)),
    })
}

fn tunnel(attributes: &GenlAttrHandle<'_, DestinationAttribute>) -> Result<Tunnel, Error> {
    let flags =
        TunnelFlags::from_bits_retain(optional(attributes, DestinationAttribute::TunFlags)?.unwrap_or(0));
    let checksum = if flags.contains(TunnelFlags::REMOTE_CHECKSUM) {
        Checksum::Remote
    } else if flags.contains(TunnelFlags::CHECKSUM) {
        Checksum::On
    } else {
        Checksum::Off
    };
    Ok(match optional(attributes, DestinationAttribute::TunType)?.unwrap_or(TunnelType::Ipip) {
        TunnelType::Ipip => Tunnel::Ipip,
        TunnelType::Gue => {
            let port = u16::from_be_bytes(required(attributes, DestinationAttribute::TunPort)?);
            let port = NonZeroU16::new(port).ok_or_else(|| wrong(DestinationAttribute::TunPort))?;
            Tunnel::Gue { port, checksum }
        }
        TunnelType::Gre => Tunnel::Gre { checksum },
        TunnelType::UnrecognizedConst(_) => return Err(wrong(DestinationAttribute::TunType)),
    })
}

/// The 64-bit statistics, or what kernels before 4.1 have.
fn traffic<T: NlAttrType>(attributes: &GenlAttrHandle<'_, T>, wide: T, narrow: T) -> Result<Traffic, Error> {
    if attributes.get_attribute(wide).is_some() {
        counters::<_, u64>(attributes, wide)
    } else {
        counters::<_, u32>(attributes, narrow)
    }
}

fn counters<T, N>(attributes: &GenlAttrHandle<'_, T>, set: T) -> Result<Traffic, Error>
where
    T: NlAttrType,
    N: FromBytes + Into<u64>,
{
    let counters = nested(attributes, set)?;
    let count = |attribute| required::<N, _>(&counters, attribute).map(Into::into);
    Ok(Traffic {
        connections: count(StatisticsAttribute::Conns)?,
        packets_in: count(StatisticsAttribute::Inpkts)?,
        packets_out: count(StatisticsAttribute::Outpkts)?,
        // Eight bytes in both forms.
        bytes_in: required(&counters, StatisticsAttribute::Inbytes)?,
        bytes_out: required(&counters, StatisticsAttribute::Outbytes)?,
        connections_per_second: count(StatisticsAttribute::Cps)?,
        packets_in_per_second: count(StatisticsAttribute::Inpps)?,
        packets_out_per_second: count(StatisticsAttribute::Outpps)?,
        bytes_in_per_second: count(StatisticsAttribute::Inbps)?,
        bytes_out_per_second: count(StatisticsAttribute::Outbps)?,
    })
}

/// Time-outs from `SET_CONFIG`.
pub(crate) fn timeouts(answer: &Answer) -> Result<Timeouts, Error> {
    let attributes = answer.attrs().get_attr_handle();
    let timeout =
        |attribute| required::<u32, _>(&attributes, attribute).map(|s| Duration::from_secs(s.into()));
    Ok(Timeouts {
        tcp: timeout(CommandAttribute::TimeoutTcp)?,
        tcp_fin: timeout(CommandAttribute::TimeoutTcpFin)?,
        udp: timeout(CommandAttribute::TimeoutUdp)?,
    })
}

/// Version and table size from `SET_INFO`.
pub(crate) fn info(answer: &InfoAnswer) -> Result<Info, Error> {
    let attributes = answer.attrs().get_attr_handle();
    let [_, major, minor, patch] = required::<u32, _>(&attributes, InfoAttribute::Version)?.to_be_bytes();
    Ok(Info {
        version: [major, minor, patch],
        connection_table_size: required(&attributes, InfoAttribute::ConnTabSize)?,
    })
}

/// A sync daemon from `NEW_DAEMON`.
pub(crate) fn sync_daemon(answer: &Answer) -> Result<SyncDaemon, Error> {
    let attributes = inside(answer, CommandAttribute::Daemon)?;
    let id: u32 = required(&attributes, DaemonAttribute::SyncId)?;
    Ok(SyncDaemon {
        role: match required(&attributes, DaemonAttribute::State)? {
            DaemonState::Master => SyncRole::Master,
            DaemonState::Backup => SyncRole::Backup,
            DaemonState::UnrecognizedConst(_) => return Err(wrong(DaemonAttribute::State)),
        },
        interface: text(&attributes, DaemonAttribute::McastIfn)?,
        // The kernel keeps the whole number and sends this byte of it.
        id: id.to_le_bytes()[0],
        max_length: optional(&attributes, DaemonAttribute::SyncMaxlen)?,
        group: group(&attributes)?,
        port: optional(&attributes, DaemonAttribute::McastPort)?,
        ttl: optional(&attributes, DaemonAttribute::McastTtl)?,
    })
}

fn group(attributes: &GenlAttrHandle<'_, DaemonAttribute>) -> Result<Option<IpAddr>, Error> {
    if let Some(group) = optional::<[u8; 4], _>(attributes, DaemonAttribute::McastGroup)? {
        return Ok(Some(IpAddr::from(group)));
    }
    Ok(optional(attributes, DaemonAttribute::McastGroup6)?.map(|group: [u8; 16]| IpAddr::from(group)))
}

fn family(number: u16) -> Result<Family, Error> {
    match number {
        AF_INET => Ok(Family::V4),
        AF_INET6 => Ok(Family::V6),
        other => Err(Error::Malformed(format!("address family {other} is neither IPv4 nor IPv6"))),
    }
}

/// An address from 16 bytes, of which IPv4 uses the first four.
fn address(family: Family, bytes: &[u8]) -> Result<IpAddr, Error> {
    match family {
        Family::V4 => bytes.first_chunk::<4>().map(|octets| IpAddr::from(*octets)),
        Family::V6 => bytes.first_chunk::<16>().map(|octets| IpAddr::from(*octets)),
    }
    .ok_or_else(|| Error::Malformed("an address is cut short".into()))
}

/// The attributes inside one at the top level.
fn inside<S: NlAttrType>(answer: &Answer, set: CommandAttribute) -> Result<GenlAttrHandle<'_, S>, Error> {
    let attribute = answer.attrs().iter().find(|attribute| *attribute.nla_type().nla_type() == set);
    attribute.and_then(|attribute| attribute.get_attr_handle().ok()).ok_or_else(|| wrong(set))
}

fn nested<'a, T, S>(attributes: &'a GenlAttrHandle<'a, T>, set: T) -> Result<GenlAttrHandle<'a, S>, Error>
where
    T: NlAttrType,
    S: NlAttrType,
{
    attributes.get_nested_attributes(set).map_err(|_| wrong(set))
}

fn required<R, T>(attributes: &GenlAttrHandle<'_, T>, attribute: T) -> Result<R, Error>
where
    R: FromBytes,
    T: NlAttrType,
{
    attributes.get_attr_payload_as(attribute).map_err(|_| wrong(attribute))
}

fn optional<R, T>(attributes: &GenlAttrHandle<'_, T>, attribute: T) -> Result<Option<R>, Error>
where
    R: FromBytes,
    T: NlAttrType,
{
    attributes
        .get_attribute(attribute)
        .map(Attribute::get_payload_as)
        .transpose()
        .map_err(|_| wrong(attribute))
}

fn bytes<'a, T: NlAttrType>(attributes: &'a GenlAttrHandle<'_, T>, attribute: T) -> Result<&'a [u8], Error> {
    attributes.get_attribute(attribute).map(|a| a.payload().as_ref()).ok_or_else(|| wrong(attribute))
}

/// A string up to its NUL.
fn text<T: NlAttrType>(attributes: &GenlAttrHandle<'_, T>, attribute: T) -> Result<String, Error> {
    let bytes = bytes(attributes, attribute)?;
    let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8(name.to_vec()).map_err(|_| wrong(attribute))
}

fn wrong<T: NlAttrType>(attribute: T) -> Error {
    Error::Malformed(format!("attribute {attribute:?} is missing or has a wrong form"))
}

#[cfg(test)]
mod tests;
