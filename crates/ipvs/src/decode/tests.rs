//! Against messages of a real kernel.

use std::io::Cursor;

use neli::FromBytesWithInput;
use proptest::prelude::*;

use super::*;
use crate::{Operation, recorded};

const SERVICES: &str = include_str!("../../tests/recorded/services.txt");
const DESTINATIONS: &str = include_str!("../../tests/recorded/destinations.txt");

#[test]
fn recorded_services_are_what_ipvsadm_made() {
    for (made, bytes) in recorded::lines(SERVICES) {
        let (key, service) = service(&recorded::answer(&bytes)).unwrap();
        assert_eq!(Operation::AddService(key, service).to_string(), made);
    }
}

#[test]
fn recorded_destinations_are_what_ipvsadm_made() {
    for (made, bytes) in recorded::lines(DESTINATIONS) {
        let of_service = if made.contains("-6") || made.contains("-t [") { Family::V6 } else { Family::V4 };
        let (at, destination) = destination(&recorded::answer(&bytes), of_service).unwrap();
        let (_, settings) = made.split_once(" -r ").unwrap();
        // ipvsadm takes the weight in any place.
        let mut words: Vec<String> = format!("{at} {destination}").split(' ').map(Into::into).collect();
        let mut expected: Vec<&str> = settings.split(' ').collect();
        words.sort();
        expected.sort_unstable();
        assert_eq!(words, expected);
    }
}

#[test]
fn recorded_traffic() {
    let counted = Traffic {
        connections: 5,
        packets_in: 19,
        packets_out: 14,
        bytes_in: 1028,
        bytes_out: 25768,
        connections_per_second: 1,
        packets_in_per_second: 2,
        packets_out_per_second: 2,
        bytes_in_per_second: 128,
        bytes_out_per_second: 3221,
    };
    let of_service = recorded::only(include_str!("../../tests/recorded/traffic_service.txt"));
    assert_eq!(service_traffic(&of_service), Ok(counted));
    let of_destination = recorded::only(include_str!("../../tests/recorded/traffic_destination.txt"));
    assert_eq!(
        destination_statistics(&of_destination),
        Ok(DestinationStatistics {
            active_connections: 3,
            inactive_connections: 2,
            persistent_connections: 1,
            traffic: counted
        })
    );
}

#[test]
fn narrow_and_wide_statistics_say_the_same() {
    let answer: Answer = recorded::only(include_str!("../../tests/recorded/traffic_service.txt"));
    let attributes = inside(&answer, CommandAttribute::Service).unwrap();
    assert_eq!(
        counters::<_, u32>(&attributes, ServiceAttribute::Stats),
        counters::<_, u64>(&attributes, ServiceAttribute::Stats64)
    );
}

#[test]
fn recorded_timeouts_and_info() {
    let seconds = Duration::from_secs;
    assert_eq!(
        timeouts(&recorded::only(include_str!("../../tests/recorded/timeouts.txt"))),
        Ok(Timeouts { tcp: seconds(900), tcp_fin: seconds(120), udp: seconds(300) })
    );
    let info = info(&recorded::only(include_str!("../../tests/recorded/info.txt"))).unwrap();
    assert_eq!(info.to_string(), "IP Virtual Server version 1.2.1 (size=4096)");
}

#[test]
fn recorded_sync_daemons() {
    let daemons: Vec<_> = recorded::lines(include_str!("../../tests/recorded/sync_daemons.txt"))
        .iter()
        .map(|(_, bytes)| sync_daemon(&recorded::answer(bytes)).unwrap())
        .collect();
    let master = SyncDaemon {
        max_length: Some(1472),
        group: Some("224.0.0.81".parse().unwrap()),
        port: Some(8848),
        ttl: Some(1),
        ..SyncDaemon::new(SyncRole::Master, "d0", 17)
    };
    let backup = SyncDaemon {
        max_length: Some(1200),
        group: Some("ff05::51".parse().unwrap()),
        port: Some(9000),
        ttl: Some(3),
        ..SyncDaemon::new(SyncRole::Backup, "d0", 255)
    };
    assert_eq!(daemons, [master, backup]);
}

#[test]
fn a_missing_attribute_is_named() {
    let answer: Answer = recorded::answer(&[1, 1, 0, 0]);
    assert_eq!(
        service(&answer).unwrap_err().to_string(),
        "a netlink message could not be understood: attribute Service is missing or has a wrong form"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        recording in prop_oneof![Just(SERVICES), Just(DESTINATIONS)],
        line in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        length in any::<prop::sample::Index>(),
    ) {
        let lines = recorded::lines(recording);
        let mut bytes = line.get(&lines).1.clone();
        for (place, byte) in damage {
            *place.get_mut(&mut bytes) = byte;
        }
        bytes.truncate(length.index(bytes.len() + 1));
        if let Ok(answer) = Answer::from_bytes_with_input(&mut Cursor::new(&bytes), bytes.len()) {
            let _ = service(&answer);
            let _ = service_traffic(&answer);
            let _ = destination(&answer, Family::V4);
            let _ = destination_statistics(&answer);
            let _ = timeouts(&answer);
            let _ = sync_daemon(&answer);
        }
    }
}
