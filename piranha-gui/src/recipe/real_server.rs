//! What a real server needs, by the way that packets reach it.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use lvs_cf::{Config, ForwardingMethod};

use super::{Recipe, direct, nat, tunnel};

/// A real server with the floating addresses that it answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RealServersSide {
    pub(crate) address: IpAddr,
    /// `web/one`: where it stands in the file.
    pub(crate) names: Vec<String>,
    /// Each once, in order.
    pub(crate) floating: Vec<IpAddr>,
    /// Where a service of its waits for packets to a floating address, and whether that is UDP.
    pub(crate) services: Vec<(SocketAddr, bool)>,
}

/// All real servers of the file, active or not, by address.
pub(crate) fn all(config: &Config) -> Vec<RealServersSide> {
    let addresses: BTreeSet<IpAddr> = config
        .virtual_servers
        .iter()
        .flat_map(|section| &section.servers)
        .filter_map(|server| server.address)
        .collect();
    addresses
        .into_iter()
        .filter(|address| !address.is_unspecified())
        .map(|address| of(config, address))
        .collect()
}

/// One real server of the file.
pub(crate) fn of(config: &Config, address: IpAddr) -> RealServersSide {
    let mut side = RealServersSide { address, names: Vec::new(), floating: Vec::new(), services: Vec::new() };
    for section in &config.virtual_servers {
        let Some(floating) = section.address.filter(|address| !address.is_unspecified()) else { continue };
        for server in section.servers.iter().filter(|server| server.address == Some(address)) {
            side.names.push(format!("{}/{}", section.name, server.name));
            side.floating.push(floating);
            let udp = section.protocol == lvs_cf::Protocol::Udp;
            side.services.extend(section.port_number().map(|port| (SocketAddr::new(floating, port), udp)));
        }
    }
    side.floating.sort_unstable();
    side.floating.dedup();
    side.services.sort_unstable();
    side.services.dedup();
    side
}

/// What is to be done on it: one of the recipes.
pub(crate) fn recipes(config: &Config, side: &RealServersSide) -> Vec<Recipe> {
    match config.network {
        ForwardingMethod::Direct => direct::recipes(side),
        ForwardingMethod::Tunnel => tunnel::recipes(side),
        ForwardingMethod::Nat => nat::recipes(config, side),
    }
}
