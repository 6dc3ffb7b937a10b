//! Another file comes into force.

use std::collections::BTreeSet;
use std::time::Duration;

use ipvs::ServiceKey;
use lvs_cf::Config;

use super::Daemon;
use super::commands::Changes;
use super::repair::log_operations;
use crate::configuration;
use crate::kernel::{Outcome, timeouts};
use crate::plan::Plan;
use crate::state::MonitorChange;

/// What is known of the file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) serial_no: i32,
    /// A monitor that cannot be kept alive ends lvsd.
    pub(super) hard_shutdown: bool,
    /// When the one in force was read.
    pub(super) loaded: Duration,
    /// Why the last one is not in force.
    pub(super) refused: Option<String>,
}

impl Daemon {
    /// Reads the file again. A bad one changes nothing, and the error says why it is refused.
    pub(super) fn reload(&mut self) -> Result<Changes, String> {
        tracing::info!("rereading configuration file");
        let (config, mut remarks) = configuration::read(&self.options.file).inspect_err(|refusal| {
            for line in refusal.lines() {
                tracing::error!("{line}");
            }
            self.file.refused = Some(refusal.clone());
        })?;
        let mut operations = self.repair();
        let plan = self.plan(&config);
        remarks.extend(plan.complaints.iter().cloned());
        self.read_new_services(&plan);
        let (changes, outcome) = self.put_in_force(&config, plan);
        log_operations("changed", &outcome.done);
        self.change_monitors(changes);
        self.revive_given_up();
        tracing::info!(changes = outcome.done.len(), "configuration file is in force");
        operations.extend(outcome.done);
        remarks.extend(outcome.refused.into_iter().map(|refused| refused.reason));
        Ok(Changes { operations, remarks })
    }

    /// What a configuration asks for, and a line for all that is worth one.
    pub(super) fn plan(&self, config: &Config) -> Plan {
        let plan = Plan::new(config, self.options.mode());
        for complaint in &plan.complaints {
            tracing::warn!("{complaint}");
        }
        for note in &plan.notes {
            tracing::info!("{note}");
        }
        plan
    }

    /// Makes the kernel as a configuration wants it. The monitors have yet to follow.
    pub(super) fn put_in_force(&mut self, config: &Config, plan: Plan) -> (Vec<MonitorChange>, Outcome) {
        self.set_timeouts(config);
        self.log_changes(&plan);
        self.name_clashes(&plan);
        self.want_switches(config, &plan);
        let (services, now) = (self.services_with(&plan), self.now());
        self.record.keep(services.clone());
        let changes = self.state.replace(plan, self.kernel.table(), now);
        self.file = File {
            serial_no: config.serial_no,
            hard_shutdown: config.hard_shutdown,
            loaded: now,
            refused: None,
        };
        self.history.follow(&self.state, now);
        let outcome = self.settle(services);
        self.switch_on();
        self.record.keep(self.recordable());
        (changes, outcome)
    }

    /// The services of the plan in force, and those that the kernel has not let go.
    fn recordable(&self) -> BTreeSet<ServiceKey> {
        self.state.plan().services.keys().chain(self.refused.keys()).copied().collect()
    }

    fn set_timeouts(&mut self, config: &Config) {
        if let Err(error) = self.kernel.set_timeouts(&timeouts(config)) {
            let Config { tcp_timeout, tcpfin_timeout, udp_timeout, .. } = config;
            tracing::warn!(
                "ipvsadm failed to set timeouts ({tcp_timeout} {tcpfin_timeout} {udp_timeout}): {error}"
            );
        }
    }

    /// The services of the plan in force and of another one.
    pub(super) fn services_with(&self, plan: &Plan) -> BTreeSet<ServiceKey> {
        self.state.plan().services.keys().chain(plan.services.keys()).copied().collect()
    }

    fn log_changes(&self, plan: &Plan) {
        let old = self.state.plan();
        for gone in old.virtual_servers.iter().filter(|old| !plan.services.contains_key(&old.service)) {
            tracing::info!("shutting down virtual service {}", gone.name);
        }
        for new in plan.virtual_servers.iter().filter(|new| !old.services.contains_key(&new.service)) {
            tracing::info!("starting virtual service {} active: {}", new.name, new.port);
        }
    }
}
