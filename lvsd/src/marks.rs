//! Which port packets with a firewall mark are sent to (specification lvsd.md 11, and 15, row 11). Pure.
//!
//! With NAT one destination port would get the connections of all ports that a mark covers.

use std::collections::{BTreeMap, BTreeSet};

use ipvs::ServiceKey;
use lvs_cf::{Config, ForwardingMethod, RealServer, VirtualServer};

use crate::plan::{is_nanny, service_key};

/// The active virtual servers of each service by firewall mark.
pub(crate) struct Marks<'a>(BTreeMap<ServiceKey, Vec<&'a VirtualServer>>);

impl<'a> Marks<'a> {
    /// Those of a configuration.
    pub(crate) fn of(config: &'a Config) -> Self {
        let mut marks = BTreeMap::<_, Vec<_>>::new();
        for block in config.virtual_servers.iter().filter(|block| block.active && block.fwmark != 0) {
            if let Some(key) = service_key(block) {
                marks.entry(key).or_default().push(block);
            }
        }
        Self(marks)
    }

    /// Whether a destination of a virtual server keeps the packet's own port. Without a server it is the sorry server.
    pub(crate) fn keep_port(&self, block: &VirtualServer, server: Option<&RealServer>) -> bool {
        let Some(group) = service_key(block).and_then(|key| self.0.get(&key)) else { return false };
        // A monitor that is not ours writes the port that it is told.
        let may = is_nanny(&block.client_monitor);
        server.is_none_or(|server| may && (covers_several(group) || !server.port_given))
    }

    /// What was chosen for each mark, for the log. Only NAT changes a packet's port.
    pub(crate) fn choices(&self, network: ForwardingMethod) -> Vec<String> {
        let groups = self.0.iter().filter(|_| network == ForwardingMethod::Nat);
        groups.map(|(mark, group)| format!("virtual service {mark}: {}", choice(group))).collect()
    }
}

fn covers_several(group: &[&VirtualServer]) -> bool {
    group.windows(2).any(|two| matches!(two, [one, other] if one.port != other.port))
}

fn choice(group: &[&VirtualServer]) -> String {
    if let Some(block) = group.iter().find(|block| !is_nanny(&block.client_monitor)) {
        return format!(
            "connections go to the port of the real server, as {} writes it",
            block.client_monitor
        );
    }
    if covers_several(group) {
        let ports: BTreeSet<i32> = group.iter().map(|block| block.port).collect();
        let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
        return format!("connections keep their port, since it covers ports {}", ports.join(", "));
    }
    let servers = || group.iter().flat_map(|block| &block.servers).filter(|server| server.active);
    let given = servers().filter(|server| server.port_given).count();
    match servers().count() - given {
        _ if given == 0 => "connections keep their port, since no real server has one of its own",
        0 => "connections go to the port of the real server",
        _ => "connections go to the port of the real server, or keep theirs where it has none of its own",
    }
    .to_owned()
}
