//! Against requests that a real kernel accepted.

use std::{
    io::Cursor,
    net::IpAddr,
    num::{NonZeroU16, NonZeroU32},
    time::Duration,
};

use neli::ToBytes;

use super::*;
use crate::{Protocol, Scheduler, SchedulerFlags, recorded};

fn encoded(request: &impl ToBytes) -> Vec<u8> {
    let mut buffer = Cursor::new(Vec::new());
    request.to_bytes(&mut buffer).unwrap();
    buffer.into_inner()
}

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

fn at_address(protocol: Protocol, address: &str, port: u16) -> ServiceKey {
    ServiceKey::Address { protocol, address: ip(address), port }
}

fn by_mark(family: Family, mark: u32) -> ServiceKey {
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
    DestinationKey { address: ip(address), port }
}

/// In an order in which an empty table takes them.
fn operations() -> Vec<Operation> {
    use Operation::{
        AddDestination, AddService, DeleteDestination, DeleteService, SetDestination, SetService,
    };
    let web = at_address(Protocol::Tcp, "10.0.0.1", 80);
    let names = at_address(Protocol::Udp, "10.0.0.1", 53);
    let calls = at_address(Protocol::Udp, "10.0.0.1", 5060);
    let web6 = at_address(Protocol::Tcp, "2001:db8::1", 80);
    let mark = by_mark(Family::V4, 7);
    let mark6 = by_mark(Family::V6, 7);

    let mut sip = persistent("rr", 60, PersistenceMask::single_client(Family::V4));
    sip.one_packet = true;
    sip.persistence.as_mut().unwrap().engine = Some("sip".into());
    let mut hashed = persistent("sh", 300, PersistenceMask::V4("255.255.255.0".parse().unwrap()));
    hashed.scheduler_flags = SchedulerFlags { first: true, second: true, third: false };

    let route = |weight| Destination::new(ForwardingMethod::DirectRoute, weight);
    let tunnel = |tunnel| Destination::new(ForwardingMethod::Tunnel(tunnel), 1);
    let port = NonZeroU16::new(6080).unwrap();
    let limited = Destination {
        upper_threshold: 100,
        lower_threshold: 50,
        ..Destination::new(ForwardingMethod::Masquerade, 5)
    };
    vec![
        AddService(web, persistent("rr", 60, PersistenceMask::single_client(Family::V4))),
        AddDestination(web, at("10.0.0.2", 80), route(1)),
        AddDestination(web, at("10.0.0.3", 8080), limited),
        SetDestination(web, at("10.0.0.2", 80), route(0)),
        SetService(web, hashed),
        AddService(names, Service { one_packet: true, ..scheduled("wlc") }),
        AddService(calls, sip),
        AddService(at_address(Protocol::Sctp, "10.0.0.1", 9), scheduled("dh")),
        AddService(web6, persistent("nq", 99999, PersistenceMask::V6(64))),
        AddDestination(web6, at("2001:db8::2", 8080), Destination::new(ForwardingMethod::Masquerade, 65535)),
        AddService(mark, scheduled("lblcr")),
        AddDestination(mark, at("10.0.0.2", 0), tunnel(Tunnel::Ipip)),
        AddDestination(mark, at("10.0.0.3", 0), tunnel(Tunnel::Gue { port, checksum: Checksum::On })),
        AddDestination(mark, at("10.0.0.4", 0), tunnel(Tunnel::Gue { port, checksum: Checksum::Remote })),
        AddDestination(mark, at("10.0.0.5", 0), tunnel(Tunnel::Gre { checksum: Checksum::Off })),
        AddDestination(mark, at("2001:db8::9", 0), tunnel(Tunnel::Ipip)),
        AddService(mark6, scheduled("lc")),
        AddDestination(mark6, at("2001:db8::2", 0), route(1)),
        DeleteDestination(mark, at("2001:db8::9", 0)),
        DeleteDestination(web, at("10.0.0.2", 80)),
        DeleteService(web6),
        DeleteService(mark6),
    ]
}

#[test]
fn operations_are_byte_for_byte_what_the_kernel_accepted() {
    let recorded = recorded::lines(include_str!("../../tests/recorded/operations.txt"));
    let operations = operations();
    assert_eq!(operations.len(), recorded.len());
    for (operation, (notation, bytes)) in operations.iter().zip(recorded) {
        assert_eq!(operation.to_string(), notation);
        assert_eq!(encoded(operation), bytes, "{operation}");
    }
}

#[test]
fn requests_are_byte_for_byte_what_the_kernel_accepted() {
    let recorded = recorded::lines(include_str!("../../tests/recorded/requests.txt"));
    let web = at_address(Protocol::Tcp, "10.0.0.1", 80);
    let mut master = SyncDaemon::new(SyncRole::Master, "lo", 17);
    let timeouts =
        Timeouts { tcp: Duration::from_secs(600), tcp_fin: Duration::ZERO, udp: Duration::from_secs(30) };
    let plain = encoded(&Request::StartSyncDaemon(&master));
    master.max_length = Some(1200);
    master.group = Some(ip("224.0.0.82"));
    master.port = Some(9000);
    master.ttl = Some(3);
    let requests = [
        ("all services", encoded(&Request::Services)),
        ("destinations", encoded(&Request::Destinations(&web))),
        ("time-outs", encoded(&Request::Timeouts)),
        ("set time-outs", encoded(&Request::SetTimeouts(&timeouts))),
        ("info", encoded(&Request::Info)),
        ("sync daemons", encoded(&Request::SyncDaemons)),
        ("start master", plain),
        ("stop master", encoded(&Request::StopSyncDaemon(SyncRole::Master))),
        ("start master with everything", encoded(&Request::StartSyncDaemon(&master))),
        ("zero one", encoded(&Request::Zero(Some(&web)))),
        ("zero all", encoded(&Request::Zero(None))),
        ("flush", encoded(&Request::Flush)),
    ];
    assert_eq!(requests.map(|(what, bytes)| (what, bytes)).to_vec(), recorded);
}

/// Section 14 of the specification ipvs-netlink.md, as on a little-endian machine.
#[test]
#[cfg(target_endian = "little")]
fn the_example_of_the_specification() {
    let web = at_address(Protocol::Tcp, "10.0.0.1", 80);
    let service = persistent("rr", 60, PersistenceMask::single_client(Family::V4));
    #[rustfmt::skip]
    let expected = [
        0x01, 0x01, 0, 0,
        0x48, 0, 0x01, 0x80,
        0x06, 0, 0x01, 0, 2, 0, 0, 0,
        0x06, 0, 0x02, 0, 6, 0, 0, 0,
        0x08, 0, 0x03, 0, 10, 0, 0, 1,
        0x06, 0, 0x04, 0, 0, 0x50, 0, 0,
        0x07, 0, 0x06, 0, 0x72, 0x72, 0, 0,
        0x0c, 0, 0x07, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
        0x08, 0, 0x08, 0, 0x3c, 0, 0, 0,
        0x08, 0, 0x09, 0, 0xff, 0xff, 0xff, 0xff,
    ];
    assert_eq!(encoded(&Operation::AddService(web, service)), expected);
}

#[test]
fn a_mask_of_the_other_family_is_not_sent() {
    let web = at_address(Protocol::Tcp, "10.0.0.1", 80);
    let service = persistent("rr", 60, PersistenceMask::V6(64));
    let mut buffer = Cursor::new(Vec::new());
    assert!(Operation::AddService(web, service).to_bytes(&mut buffer).is_err());
}

#[test]
fn a_time_out_beyond_the_kernels_numbers_is_its_highest() {
    assert_eq!(seconds(Duration::MAX), u32::MAX);
    assert_eq!(seconds(Duration::from_millis(59_999)), 59);
}
