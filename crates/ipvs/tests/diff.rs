//! What lists of operations do, on tables made up at random.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::NonZeroU32,
    time::Duration,
};

use ipvs::{
    Destination, DestinationKey, Family, ForwardingMethod, Operation, Persistence, PersistenceMask, Protocol,
    Scheduler, Service, ServiceKey, Table, Tunnel, VirtualServer,
};
use proptest::{collection::btree_map, prelude::*};

// Few addresses and ports, so that two tables have much in common.
fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (1..4u8).prop_map(|last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))),
        (1..3u16).prop_map(|last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last))),
    ]
}

fn service_key() -> impl Strategy<Value = ServiceKey> {
    prop_oneof![
        (prop_oneof![Just(Protocol::Tcp), Just(Protocol::Udp)], address(), 80..82u16)
            .prop_map(|(protocol, address, port)| ServiceKey::Address { protocol, address, port }),
        (1..3u32, prop_oneof![Just(Family::V4), Just(Family::V6)])
            .prop_map(|(mark, family)| ServiceKey::Mark { family, mark: NonZeroU32::new(mark).unwrap() }),
    ]
}

fn service() -> impl Strategy<Value = Service> {
    (prop_oneof![Just("rr"), Just("wlc")], proptest::option::of(1..3u64)).prop_map(|(name, seconds)| {
        Service {
            persistence: seconds.map(|seconds| Persistence {
                timeout: Duration::from_secs(seconds),
                mask: PersistenceMask::single_client(Family::V4),
                engine: None,
            }),
            ..Service::new(Scheduler::new(name).unwrap())
        }
    })
}

fn destinations() -> impl Strategy<Value = BTreeMap<DestinationKey, Destination>> {
    let key = (address(), 80..82u16).prop_map(|(address, port)| DestinationKey { address, port });
    let method = prop_oneof![
        Just(ForwardingMethod::DirectRoute),
        Just(ForwardingMethod::Masquerade),
        Just(ForwardingMethod::Tunnel(Tunnel::Ipip))
    ];
    btree_map(key, (method, 0..3u32).prop_map(|(method, weight)| Destination::new(method, weight)), 0..5)
}

fn table() -> impl Strategy<Value = Table> {
    let server = (service(), destinations())
        .prop_map(|(service, destinations)| VirtualServer { service, destinations });
    btree_map(service_key(), server, 0..6).prop_map(|services| Table { services })
}

fn is_usable(server: &VirtualServer) -> bool {
    server.destinations.values().any(Destination::is_active)
}

fn families(table: &Table) -> Vec<Family> {
    [Family::V4, Family::V6]
        .into_iter()
        .filter(|family| table.services.keys().any(|key| key.family() == *family))
        .collect()
}

/// Every table on the way from one to the other, both ends included.
fn stations(from: &Table, operations: &[Operation]) -> Vec<Table> {
    let mut stations = vec![from.clone()];
    let mut table = from.clone();
    for operation in operations {
        table.apply(operation).unwrap_or_else(|e| panic!("{operation}: {e}"));
        stations.push(table.clone());
    }
    stations
}

/// How many entries differ, which is how many messages it takes: a virtual server that goes takes its real servers
/// with it.
fn distance(from: &Table, to: &Table) -> usize {
    let gone = from.services.keys().filter(|key| !to.services.contains_key(key)).count();
    let none = BTreeMap::new();
    let rest: usize = to
        .services
        .iter()
        .map(|(key, wanted)| {
            let present = from.services.get(key);
            let before = present.map_or(&none, |server| &server.destinations);
            let service = usize::from(present.map(|server| &server.service) != Some(&wanted.service));
            let differing = wanted.destinations.iter().filter(|(at, to)| before.get(at) != Some(to)).count();
            let leaving = before.keys().filter(|at| !wanted.destinations.contains_key(at)).count();
            service + differing + leaving
        })
        .sum();
    gone + rest
}

proptest! {
    #[test]
    fn the_difference_leads_from_one_table_to_the_other(from in table(), to in table()) {
        let stations = stations(&from, &from.diff(&to));
        prop_assert_eq!(stations.last(), Some(&to));
    }

    #[test]
    fn equal_tables_need_nothing(table in table()) {
        prop_assert_eq!(table.diff(&table), []);
    }

    #[test]
    fn no_operation_is_superfluous(from in table(), to in table()) {
        prop_assert_eq!(from.diff(&to).len(), distance(&from, &to));
    }

    #[test]
    fn changes_of_some_virtual_servers_leave_the_others_alone(from in table(), to in table(), some in 0..3u8) {
        let chosen = |key: &ServiceKey| format!("{key}").len() % 3 == usize::from(some);
        let all = from.services.keys().chain(to.services.keys());
        let wishes: BTreeMap<_, _> =
            all.filter(|key| chosen(key)).map(|key| (key, to.services.get(key))).collect();
        let stations = stations(&from, &from.changes(wishes));
        let after = stations.last().unwrap();
        for key in from.services.keys().chain(to.services.keys()) {
            let origin = if chosen(key) { &to } else { &from };
            prop_assert_eq!(after.services.get(key), origin.services.get(key));
        }
    }

    #[test]
    fn no_virtual_server_is_without_a_usable_real_server_on_the_way(from in table(), to in table()) {
        let stations = stations(&from, &from.diff(&to));
        for (key, before) in &from.services {
            let Some(after) = to.services.get(key) else { continue };
            if is_usable(before) && is_usable(after) {
                for station in &stations {
                    prop_assert!(is_usable(&station.services[key]), "{}\n{}", key, station);
                }
            }
        }
    }

    #[test]
    fn a_family_that_has_virtual_servers_before_and_after_has_one_all_the_time(from in table(), to in table()) {
        let stations = stations(&from, &from.diff(&to));
        for family in families(&from).into_iter().filter(|family| families(&to).contains(family)) {
            for station in &stations {
                prop_assert!(families(station).contains(&family));
            }
        }
    }

    #[test]
    fn a_new_virtual_server_gets_its_usable_real_servers_at_once(from in table(), to in table()) {
        let operations = from.diff(&to);
        for (index, operation) in operations.iter().enumerate() {
            let Operation::AddService(key, _) = operation else { continue };
            if !is_usable(&to.services[key]) {
                continue;
            }
            prop_assert!(matches!(
                operations.get(index + 1),
                Some(Operation::AddDestination(next, _, destination)) if next == key && destination.is_active()
            ));
        }
    }
}

#[test]
fn a_changed_weight_is_one_operation() {
    let key = ServiceKey::Address { protocol: Protocol::Tcp, address: "10.0.0.1".parse().unwrap(), port: 80 };
    let mut kernel = Table::default();
    let server = kernel.insert(key, Service::new(Scheduler::new("wlc").unwrap()));
    for last in 2..12 {
        let at = DestinationKey { address: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), port: 80 };
        server.destinations.insert(at, Destination::new(ForwardingMethod::DirectRoute, 1));
    }
    let mut wanted = kernel.clone();
    let server = wanted.services.get_mut(&key).unwrap();
    server.destinations.first_entry().unwrap().get_mut().weight = 7;

    let operations: Vec<String> = kernel.diff(&wanted).iter().map(ToString::to_string).collect();
    assert_eq!(operations, ["-e -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 7"]);
}

#[test]
fn a_replacement_joins_before_the_replaced_leaves() {
    let key = ServiceKey::Address { protocol: Protocol::Tcp, address: "10.0.0.1".parse().unwrap(), port: 80 };
    let with = |last: u8| {
        let mut table = Table::default();
        let at = DestinationKey { address: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), port: 80 };
        let server = table.insert(key, Service::new(Scheduler::new("wlc").unwrap()));
        server.destinations.insert(at, Destination::new(ForwardingMethod::Masquerade, 1));
        table
    };
    let operations: Vec<String> = with(2).diff(&with(9)).iter().map(ToString::to_string).collect();
    assert_eq!(operations, ["-a -t 10.0.0.1:80 -r 10.0.0.9:80 -m -w 1", "-d -t 10.0.0.1:80 -r 10.0.0.2:80"]);
}
