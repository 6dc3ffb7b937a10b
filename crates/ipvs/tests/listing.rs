//! What users read: listings and operations beside what `ipvsadm` printed for the same table on Linux 6.1.176
//! (`recorded/listing.txt`: `ipvsadm -Ln`; `recorded/saved.txt`: `ipvsadm-save -n`).

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::{
    num::{NonZeroU16, NonZeroU32},
    time::Duration,
};

use ipvs::{
    Checksum, Destination, DestinationKey, DestinationStatistics, Family, ForwardingMethod, Info, Operation,
    Persistence, PersistenceMask, Protocol, Scheduler, SchedulerFlags, Service, ServiceKey,
    ServiceStatistics, Snapshot, Table, Tunnel,
};

fn key(protocol: Protocol, address: &str, port: u16) -> ServiceKey {
    ServiceKey::Address { protocol, address: address.parse().unwrap(), port }
}

fn mark(family: Family, mark: u32) -> ServiceKey {
    ServiceKey::Mark { family, mark: NonZeroU32::new(mark).unwrap() }
}

fn scheduled(name: &str) -> Service {
    Service::new(Scheduler::new(name).unwrap())
}

fn persistent(name: &str, seconds: u64, mask: PersistenceMask) -> Service {
    let timeout = Duration::from_secs(seconds);
    Service { persistence: Some(Persistence { timeout, mask, engine: None }), ..scheduled(name) }
}

fn at(address: &str, port: u16) -> DestinationKey {
    DestinationKey { address: address.parse().unwrap(), port }
}

fn tunnel(tunnel: Tunnel) -> Destination {
    Destination::new(ForwardingMethod::Tunnel(tunnel), 1)
}

/// The table that ipvsadm was told to make.
fn table() -> Table {
    let direct = Destination::new(ForwardingMethod::DirectRoute, 1);
    let masquerade = |weight| Destination::new(ForwardingMethod::Masquerade, weight);
    let single = PersistenceMask::single_client;
    let mut table = Table::default();

    table.insert(mark(Family::V6, 6), scheduled("lc"));
    table.insert(mark(Family::V6, 7), scheduled("lc"));
    let port = NonZeroU16::new(6080).unwrap();
    table.insert(mark(Family::V4, 7), scheduled("lc")).destinations.extend([
        (at("10.0.0.2", 0), tunnel(Tunnel::Gue { port, checksum: Checksum::On })),
        (at("10.0.0.3", 0), tunnel(Tunnel::Gre { checksum: Checksum::Off })),
    ]);
    table
        .insert(mark(Family::V6, 8), persistent("wrr", 60, PersistenceMask::V6(64)))
        .destinations
        .insert(at("2001:db8::7", 0), direct.clone());

    table
        .insert(key(Protocol::Tcp, "2001:db8::1", 80), persistent("nq", 99999, single(Family::V6)))
        .destinations
        .insert(at("2001:db8:1111:2222:3333:4444:5555:6666", 8080), masquerade(1));
    table
        .insert(key(Protocol::Tcp, "10.0.0.10", 80), persistent("rr", 60, single(Family::V4)))
        .destinations
        .extend([
            (at("10.0.0.20", 80), direct),
            (at("10.0.0.3", 8080), masquerade(65535)),
            (at("10.0.0.3", 80), masquerade(5)),
        ]);

    let mut hashed = persistent("sh", 300, PersistenceMask::V4("255.255.255.0".parse().unwrap()));
    hashed.scheduler_flags = SchedulerFlags { first: true, second: true, third: false };
    table.insert(key(Protocol::Tcp, "10.0.0.9", 443), hashed);
    let mut maglev = scheduled("mh");
    maglev.scheduler_flags.first = true;
    table.insert(key(Protocol::Tcp, "10.0.0.9", 80), maglev);
    let mut local = scheduled("lblcr");
    local.scheduler_flags = SchedulerFlags { first: true, second: true, third: true };
    table.insert(key(Protocol::Sctp, "10.0.0.1", 9), local);

    let mut calls = persistent("rr", 60, single(Family::V4));
    calls.one_packet = true;
    calls.persistence.as_mut().unwrap().engine = Some("sip".into());
    let quiesced = Destination { weight: 0, ..tunnel(Tunnel::Ipip) };
    table
        .insert(key(Protocol::Udp, "10.0.0.1", 5060), calls)
        .destinations
        .insert(at("10.0.0.4", 5060), quiesced);
    table
}

#[test]
fn a_table_is_listed_as_ipvsadm_lists_it() {
    assert_eq!(table().to_string(), include_str!("recorded/listing.txt"));
}

#[test]
fn operations_are_written_as_ipvsadm_saves_them() {
    let operations = Table::default().diff(&table());
    let written: Vec<String> = operations.iter().map(ToString::to_string).collect();
    // Not every ipvsadm knows this option, and every one takes it for granted.
    let saved = include_str!("recorded/saved.txt").replace(" --tun-type ipip", "");
    assert_eq!(written, saved.lines().collect::<Vec<_>>());
}

#[test]
fn changes_and_removals_are_written_too() {
    let (web, real) = (key(Protocol::Tcp, "10.0.0.1", 80), at("10.0.0.2", 80));
    let limited = Destination {
        upper_threshold: 100,
        lower_threshold: 50,
        ..Destination::new(ForwardingMethod::DirectRoute, 1)
    };
    let operations = [
        Operation::SetService(web, scheduled("wlc")),
        Operation::SetDestination(web, real, limited),
        Operation::DeleteDestination(web, real),
        Operation::DeleteService(web),
    ];
    insta::assert_snapshot!(operations.map(|operation| operation.to_string()).join("\n"), @r"
    -E -t 10.0.0.1:80 -s wlc
    -e -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1 -x 100 -y 50
    -d -t 10.0.0.1:80 -r 10.0.0.2:80
    -D -t 10.0.0.1:80
    ");
}

#[test]
fn a_snapshot_shows_its_connections() {
    let (web, real) = (key(Protocol::Tcp, "10.0.0.1", 80), at("10.0.0.2", 80));
    let mut snapshot =
        Snapshot { info: Info { version: [1, 2, 1], connection_table_size: 65536 }, ..Snapshot::default() };
    let server = snapshot.table.insert(web, scheduled("wlc"));
    server.destinations.insert(real, Destination::new(ForwardingMethod::DirectRoute, 1));
    let connections =
        DestinationStatistics { active_connections: 12, inactive_connections: 345, ..Default::default() };
    let counted = ServiceStatistics { destinations: [(real, connections)].into(), ..Default::default() };
    snapshot.statistics.insert(web, counted);
    insta::assert_snapshot!(snapshot, @r"
    IP Virtual Server version 1.2.1 (size=65536)
    Prot LocalAddress:Port Scheduler Flags
      -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
    TCP  10.0.0.1:80 wlc
      -> 10.0.0.2:80                  Route   1      12         345
    ");
}
