//! The kernel's table that a configuration asks for, every real server up.

use ipvs::{Destination, DestinationKey, ForwardingMethod, Protocol, Scheduler, Service, ServiceKey, Table};
use lvs_cf::{Config, VirtualServer};

/// As lvsd plans it; [`programming`](crate::programming) compares the two.
pub(crate) fn wanted(config: &Config) -> Table {
    let mut table = Table::default();
    for section in &config.virtual_servers {
        let scheduler = Scheduler::new(section.scheduler.as_str()).expect("a scheduler");
        let service = table.insert(key(section), Service::new(scheduler));
        for server in &section.servers {
            let key = DestinationKey {
                address: server.address.expect("an address"),
                port: server.port_number().expect("a port"),
            };
            let weight = u32::try_from(server.weight).expect("a weight");
            service.destinations.insert(key, Destination::new(ForwardingMethod::DirectRoute, weight));
        }
    }
    table
}

fn key(section: &VirtualServer) -> ServiceKey {
    ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: section.address.expect("an address"),
        port: section.port_number().expect("a port"),
    }
}
