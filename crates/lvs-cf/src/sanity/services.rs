//! Virtual servers, failover services and real servers.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::config::{Config, RealServer, VirtualServer};
use crate::fixed::ForwardingMethod;
use crate::outline::{Block, BlockKind};
use crate::sanity::Findings;
use crate::warning::Warning;
use crate::word::Word;

/// The kernel's limit for an address's label, in bytes (`IFNAMSIZ` less the NUL byte, linux/if.h).
const MAX_LABEL: usize = 15;

/// The largest weight that is used.
const MAX_WEIGHT: i32 = 65535;

pub(super) fn check(config: &Config, file: &Block, findings: &mut Findings<'_>) {
    let mut seen = HashMap::new();
    for (service, block) in config.virtual_servers.iter().zip(file.of_kind(BlockKind::Virtual)) {
        section(service, block, findings);
        real_servers(service, block, config, findings);
        let key = (service.address, service.protocol, service.port);
        let by_address = service.active && service.fwmark == 0 && service.address.is_some();
        if by_address && let Some(earlier) = seen.insert(key, block.open) {
            let message =
                || format!("the same address, protocol and port as the virtual server of line {earlier}");
            findings.section(Warning::SameService, block, message);
        }
    }
    for (service, block) in config.failover.iter().zip(file.of_kind(BlockKind::Failover)) {
        section(service, block, findings);
        commands(service, block, findings);
    }
}

fn section(service: &VirtualServer, block: &Block, findings: &mut Findings<'_>) {
    if service.active && service.address.is_none() {
        // A firewall mark is enough for the kernel.
        let without = if service.fwmark != 0 && block.kind == BlockKind::Virtual {
            "goes by its firewall mark alone, and no floating address is raised for it"
        } else {
            "cannot be started"
        };
        findings
            .section(Warning::NoAddress, block, || format!("active, but without an address: it {without}"));
    }
    let marked_without_port = service.fwmark != 0 && service.port == 0;
    if service.port_number().is_none() && !marked_without_port {
        findings
            .value(Warning::PortRange, block, "port", || format!("{} is outside 1 to 65535", service.port));
    }
    times(service, block, findings);
    label(service.device.as_ref(), block, "address", findings);
    let masks = [("vip_nmask", service.vip_nmask), ("pmask", service.pmask)];
    for (keyword, _) in masks.into_iter().filter(|&(_, mask)| other_family(service.address, mask)) {
        let message = || "the mask is of another address family than the virtual server's address".into();
        findings.value(Warning::FamilyDiffers, block, keyword, message);
    }
}

fn times(service: &VirtualServer, block: &Block, findings: &mut Findings<'_>) {
    if service.timeout < 1 {
        findings
            .value(Warning::TimeoutRange, block, "timeout", || "checks need time: this counts as 1".into());
    }
    if service.reentry == 0 {
        findings.value(Warning::ReentryZero, block, "reentry", || "0 means the default, 180 seconds".into());
    }
    let others = [("reentry", service.reentry), ("persistent", service.persistent)];
    for (keyword, _) in others.into_iter().filter(|&(_, seconds)| seconds < 0) {
        findings.value(Warning::NegativeTime, block, keyword, || "a time below 0 counts as 0".into());
    }
}

/// A device with a label longer than the kernel takes.
pub(super) fn label(device: Option<&Word>, block: &Block, keyword: &str, findings: &mut Findings<'_>) {
    let length = device.map_or(0, |device| device.as_bytes().len());
    if length > MAX_LABEL {
        let message =
            || format!("the device with its label has {length} bytes, the kernel takes {MAX_LABEL}");
        findings.value(Warning::LongLabel, block, keyword, message);
    }
}

fn other_family(address: Option<IpAddr>, other: Option<IpAddr>) -> bool {
    address.zip(other).is_some_and(|(address, other)| address.is_ipv4() != other.is_ipv4())
}

fn real_servers(service: &VirtualServer, block: &Block, config: &Config, findings: &mut Findings<'_>) {
    let mut seen = HashMap::new();
    for (server, its) in service.servers.iter().zip(&block.blocks) {
        real_server(server, its, findings);
        if server.active && service.active {
            in_service(service, server, its, config, findings);
        }
        let active_with_address = server.active && server.address.is_some();
        if active_with_address && let Some(earlier) = seen.insert((server.address, server.port), its.open) {
            let message = || format!("the same address and port as the real server of line {earlier}");
            findings.section(Warning::SameServer, its, message);
        }
    }
    late_port(block, findings);
    if service.active {
        mixed_families(service, service.sorry_server, (block, "sorry_server"), config, findings);
    }
    let backed = service.sorry_server.is_some() || service.servers.iter().any(|server| server.active);
    if service.active && !backed {
        findings.section(Warning::NoServer, block, || {
            "no active real server and no sorry server stands behind it".into()
        });
    }
}

fn real_server(server: &RealServer, block: &Block, findings: &mut Findings<'_>) {
    if server.active && server.address.is_none() {
        findings.section(Warning::NoAddress, block, || {
            "active, but without an address: it cannot be used".into()
        });
    }
    if server.port_number().is_none() && block.in_force("port").is_some() {
        findings
            .value(Warning::PortRange, block, "port", || format!("{} is outside 1 to 65535", server.port));
    }
    match server.weight {
        1..=MAX_WEIGHT => {}
        0 => findings.value(Warning::WeightRange, block, "weight", || {
            "weight 0: the server gets no new connections; Piranha made 1 of it".into()
        }),
        weight => findings.value(Warning::WeightRange, block, "weight", || {
            format!("weight {weight} is outside 0 to {MAX_WEIGHT}")
        }),
    }
}

/// An active real server of an active virtual server.
fn in_service(
    service: &VirtualServer,
    server: &RealServer,
    block: &Block,
    config: &Config,
    findings: &mut Findings<'_>,
) {
    if config.network != ForwardingMethod::Nat && service.fwmark == 0 && server.port != service.port {
        let message = || {
            format!(
                "port {} instead of the virtual server's {}: only NAT changes ports",
                server.port, service.port
            )
        };
        findings.value(Warning::PortNotTranslated, block, "port", message);
    }
    mixed_families(service, server.address, (block, "address"), config, findings);
}

/// A real server or sorry server of the other address family: lvsd leaves out what the kernel would refuse.
fn mixed_families(
    service: &VirtualServer,
    address: Option<IpAddr>,
    (block, keyword): (&Block, &str),
    config: &Config,
    findings: &mut Findings<'_>,
) {
    let obstacle = match config.network {
        ForwardingMethod::Tunnel if !config.syncdaemon => return,
        ForwardingMethod::Tunnel => "connection synchronisation (`syncdaemon = 1`) forbids that",
        ForwardingMethod::Nat | ForwardingMethod::Direct => "only tunnelling can do that",
    };
    if other_family(service.address, address) {
        let message =
            || format!("of another address family than its virtual server: {obstacle}, so it is not used");
        findings.value(Warning::FamilyDiffers, block, keyword, message);
    }
}

/// A `port` below servers that took theirs from the section before (specification lvs-cf.md 5.4).
fn late_port(block: &Block, findings: &mut Findings<'_>) {
    let Some(port) = block.in_force("port") else { return };
    let inherits = |server: &&Block| server.open < port.line && server.in_force("port").is_none();
    if let Some(server) = block.blocks.iter().find(inherits) {
        let message =
            || format!("the server of line {} stands above and keeps the port from before", server.open);
        findings.value(Warning::LatePort, block, "port", message);
    }
}

fn commands(service: &VirtualServer, block: &Block, findings: &mut Findings<'_>) {
    let missing = match (&service.start_cmd, &service.stop_cmd) {
        (Some(_), Some(_)) => return,
        (None, Some(_)) => "`start_cmd`",
        (Some(_), None) => "`stop_cmd`",
        (None, None) => "`start_cmd` and `stop_cmd`",
    };
    if service.active {
        findings
            .section(Warning::NoCommand, block, || format!("active, but without {missing}: nothing is run"));
    }
}
