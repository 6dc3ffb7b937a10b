//! `--test-start`: what would be done, in the notation that administrators know. Nothing is touched.

use ipvs::{Table, VirtualServer};
use lvs_cf::Config;

use crate::options::Options;
use crate::plan::{Plan, PlannedMonitor, PlannedService};

/// Prints the operations that would fill an empty table, every real server counting as up, and what checks the real
/// servers. Returns the exit status.
pub(crate) fn run(options: &Options, config: &Config) -> u8 {
    let plan = Plan::new(config, options.mode());
    for complaint in &plan.complaints {
        eprintln!("lvs: {complaint}");
    }
    // Below 0 counts as 0, which leaves the kernel's value.
    let [tcp, tcp_fin, udp] =
        [config.tcp_timeout, config.tcpfin_timeout, config.udp_timeout].map(|seconds| seconds.max(0));
    if [tcp, tcp_fin, udp] != [0; 3] {
        println!("ipvsadm --set {tcp} {tcp_fin} {udp}");
    }
    for virtual_server in &plan.virtual_servers {
        println!("lvs: starting virtual service {} active: {}", virtual_server.name, virtual_server.port);
    }
    let wanted =
        Table { services: plan.services.iter().map(|(key, planned)| (*key, all_up(planned))).collect() };
    for operation in Table::default().diff(&wanted) {
        println!("ipvsadm {operation}");
    }
    let monitors = plan.virtual_servers.iter().flat_map(|virtual_server| &virtual_server.real_servers);
    for monitor in monitors.filter_map(|monitor| plan.monitors.get(monitor)) {
        println!("lvs: create_monitor for {} {}", monitor.name, command(monitor));
    }
    0
}

fn all_up(planned: &PlannedService) -> VirtualServer {
    let destinations =
        planned.servers.iter().map(|(key, server)| (*key, server.destination.clone())).collect();
    VirtualServer { service: planned.service.clone(), destinations }
}

/// As Piranha's older releases traced their commands (specification lvsd.md 3.3).
fn command(monitor: &PlannedMonitor) -> String {
    let arguments = monitor.invocation.arguments();
    let words = std::iter::once(monitor.invocation.program()).chain(&arguments);
    words.map(|word| format!("\"{}\"", word.display())).collect::<Vec<_>>().join(" ")
}
