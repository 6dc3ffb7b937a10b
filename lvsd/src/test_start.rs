//! `--test-start`: what would be done to the table, in the notation that administrators know. Nothing is touched.

use ipvs::{Table, VirtualServer};
use lvs_cf::Config;

use crate::options::Options;
use crate::plan::{Mode, Plan, PlannedService};

/// Prints the operations that would fill an empty table, every real server counting as up. Returns the exit status.
pub(crate) fn run(options: &Options, config: &Config) -> u8 {
    let plan = Plan::new(config, Mode { nodaemon: options.nodaemon, verbose: options.verbose });
    for complaint in &plan.complaints {
        eprintln!("lvs: {complaint}");
    }
    for virtual_server in &plan.virtual_servers {
        println!("lvs: starting virtual service {} active: {}", virtual_server.name, virtual_server.port);
    }
    let wanted =
        Table { services: plan.services.iter().map(|(key, planned)| (*key, all_up(planned))).collect() };
    for operation in Table::default().diff(&wanted) {
        println!("ipvsadm {operation}");
    }
    0
}

fn all_up(planned: &PlannedService) -> VirtualServer {
    let destinations =
        planned.servers.iter().map(|(key, server)| (*key, server.destination.clone())).collect();
    VirtualServer { service: planned.service.clone(), destinations }
}
