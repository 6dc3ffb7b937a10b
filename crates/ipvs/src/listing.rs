//! The table as `ipvsadm -Ln` lists it.

use std::{
    fmt::{self, Display, Formatter},
    net::SocketAddr,
};

use crate::{
    Destination, DestinationKey, DestinationStatistics, Family, ForwardingMethod, Info, Protocol, Service,
    ServiceKey, Snapshot, Statistics, Table,
};

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        list(f, Info::default(), self, &Statistics::new())
    }
}

impl Display for Snapshot {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        list(f, self.info, &self.table, &self.statistics)
    }
}

fn list(f: &mut Formatter<'_>, info: Info, table: &Table, statistics: &Statistics) -> fmt::Result {
    writeln!(f, "{info}")?;
    writeln!(f, "Prot LocalAddress:Port Scheduler Flags")?;
    writeln!(f, "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn")?;
    for (key, server) in &table.services {
        list_service(f, key, &server.service)?;
        let counted = statistics.get(key).map(|service| &service.destinations);
        for (at, destination) in &server.destinations {
            let connections =
                counted.and_then(|destinations| destinations.get(at)).copied().unwrap_or_default();
            list_destination(f, at, destination, &connections)?;
        }
    }
    Ok(())
}

fn list_service(f: &mut Formatter<'_>, key: &ServiceKey, service: &Service) -> fmt::Result {
    match key {
        ServiceKey::Address { protocol, address, port } => {
            write!(f, "{:<4} {} ", protocol_name(*protocol), SocketAddr::new(*address, *port))?;
        }
        ServiceKey::Mark { family: Family::V4, mark } => write!(f, "FWM  {mark} ")?,
        ServiceKey::Mark { family: Family::V6, mark } => write!(f, "FWM  {mark} IPv6 ")?,
    }
    write!(f, "{}", service.scheduler)?;
    let flags = service.scheduler_flag_names();
    if !flags.is_empty() {
        write!(f, " ({})", flags.join(","))?;
    }
    if let Some(persistence) = &service.persistence {
        write!(f, " persistent {}", persistence.timeout.as_secs())?;
        if !persistence.mask.is_single_client() {
            write!(f, " mask {}", persistence.mask)?;
        }
        if let Some(engine) = &persistence.engine {
            write!(f, " pe {engine}")?;
        }
    }
    writeln!(f, "{}", if service.one_packet { " ops" } else { "" })
}

fn list_destination(
    f: &mut Formatter<'_>,
    at: &DestinationKey,
    destination: &Destination,
    connections: &DestinationStatistics,
) -> fmt::Result {
    writeln!(
        f,
        "  -> {at:<28} {:<7} {:<6} {:<10} {:<10}",
        method_name(destination.method),
        destination.weight,
        connections.active_connections,
        connections.inactive_connections
    )
}

fn protocol_name(protocol: Protocol) -> String {
    match protocol {
        Protocol::Tcp => "TCP".to_owned(),
        Protocol::Udp => "UDP".to_owned(),
        Protocol::Sctp => "SCTP".to_owned(),
        Protocol::Other(number) => number.to_string(),
    }
}

fn method_name(method: ForwardingMethod) -> &'static str {
    match method {
        ForwardingMethod::Masquerade => "Masq",
        ForwardingMethod::DirectRoute => "Route",
        ForwardingMethod::Tunnel(_) => "Tunnel",
        ForwardingMethod::Local => "Local",
        ForwardingMethod::Bypass => "Bypass",
    }
}
