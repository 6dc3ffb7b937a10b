//! From the first look at the table until pulse hears that it is ready.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::path::Path;

use control::command::SOCKET;
use control::readiness::FromLvsd;
use control::report::{FromNanny, Known};
use ipvs::ServiceKey;
use lvs_cf::Config;
use service::control_socket::ControlSocket;
use service::process::post_semaphore;
use tokio::io::AsyncWriteExt;

use super::Daemon;
use super::repair::log_operations;
use crate::clear;
use crate::first_checks::FirstChecks;
use crate::kernel::Outcome;
use crate::plan::{MonitorKey, Plan};
use crate::state::MonitorChange;

/// What Piranha's pulse waits for; it lies in `/dev/shm/sem.lvs`.
const SEMAPHORE: &CStr = c"lvs";

impl Daemon {
    /// Programs the table for the first time, starts the monitors and tells pulse.
    pub(crate) async fn start(&mut self, config: &Config) {
        self.open_control().await;
        let plan = self.plan(config);
        self.remove_left_behind(&plan);
        let found: BTreeSet<ServiceKey> = self.kernel.table().services.keys().copied().collect();
        let (changes, outcome) = self.put_in_force(config, plan);
        log_operations(
            "changed",
            outcome.done.iter().filter(|operation| found.contains(operation.service())),
        );
        self.name_strangers(found);
        let checks = self.first_checks(&changes);
        self.check_first(checks, &outcome).await;
        self.change_monitors(changes);
    }

    /// The services of an lvsd that was killed, as far as the file no longer has them.
    fn remove_left_behind(&mut self, plan: &Plan) {
        let unwanted = |key: &&ServiceKey| !plan.services.contains_key(key);
        let services = self.record.services().iter().filter(unwanted).copied().collect();
        clear::remove(&mut self.kernel, services);
    }

    /// From now on administrators may ask; they are answered by the main loop. Without its control socket lvsd works all
    /// the same.
    async fn open_control(&mut self) {
        match ControlSocket::open(Path::new(SOCKET)).await {
            Ok(control) => self.control = Some(control),
            Err(error) => tracing::error!("no control socket, piranhactl cannot reach this lvsd: {error}"),
        }
    }

    /// Looks at every real server that nothing is known of, before the monitors begin. pulse hears that the table is
    /// ready as soon as every virtual server has a real server to answer, or has been looked at in vain: with the
    /// addresses up before that, clients would be refused.
    async fn check_first(&mut self, mut checks: FirstChecks, outcome: &Outcome) {
        let mut silent: BTreeSet<_> = self.state.plan().services.keys().copied().collect();
        silent.retain(|key| !self.answers(key));
        while !silent.is_empty() {
            let Some(reports) = checks.next().await else { break };
            for service in self.take_first(&reports).iter().filter(|service| self.answers(service)) {
                silent.remove(service);
            }
        }
        self.tell_pulse(outcome).await;
        while let Some(reports) = checks.next().await {
            self.take_first(&reports);
        }
    }

    /// Returns the services concerned.
    fn take_first(&mut self, reports: &[(MonitorKey, FromNanny)]) -> BTreeSet<ServiceKey> {
        let services: BTreeSet<_> =
            reports.iter().filter_map(|(monitor, report)| self.take_report(monitor, report)).collect();
        self.settle(services.clone());
        self.switch_on();
        services
    }

    fn answers(&self, service: &ServiceKey) -> bool {
        let present = self.kernel.table().services.get(service);
        present.is_some_and(|service| service.destinations.values().any(ipvs::Destination::is_active))
    }

    fn first_checks(&self, changes: &[MonitorChange]) -> FirstChecks {
        let checks = &self.state.plan().first_checks;
        let unknown = changes.iter().filter_map(|change| match change {
            MonitorChange::Start(monitor, Known::Nothing) => Some((*monitor, checks.get(monitor)?.clone())),
            MonitorChange::Start(..) | MonitorChange::Stop(_) => None,
        });
        FirstChecks::begin(unknown)
    }

    async fn tell_pulse(&mut self, outcome: &Outcome) {
        let Some(pulse) = &mut self.pulse else { return tell_original_pulse() };
        let plan = self.state.plan();
        let failed: BTreeSet<_> = outcome.refused.iter().map(|refused| &refused.service).collect();
        let ready = FromLvsd::Ready {
            services: plan.services.len() - failed.len(),
            failed: failed.into_iter().filter_map(|key| Some(plan.services.get(key)?.name.clone())).collect(),
        };
        if let Ok(line) = control::lines::encode(&ready) {
            // If pulse is gone the main loop notices at once.
            let _ = pulse.write_all(&line).await;
        }
    }
}

/// Piranha's pulse, from 0.8.6-4 on, waits for a semaphore (specification lvsd.md 12). Whether it is the parent is not
/// to be seen, so it is posted whenever our own pulse is not.
fn tell_original_pulse() {
    if let Err(error) = post_semaphore(SEMAPHORE) {
        // Piranha's lvsd shuts down. This one has its table right and goes on: only such a pulse is in trouble.
        tracing::error!("Error creating semaphore: {error}");
    }
}
