//! The main loop: signals, reports, commands and time in; the kernel's table and the monitors follow.

mod commands;
mod foreign;
mod inquiries;
mod repair;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CStr;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use control::command::SOCKET;
use control::decisions::FILE;
use control::readiness::FromLvsd;
use control::report::{FromNanny, Known};
use ipvs::ServiceKey;
use lvs_cf::Config;
use service::process::post_semaphore;
use service::signals::Signals;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::clocks::Clocks;
use crate::configuration;
use crate::control_socket::{Asked, ControlSocket};
use crate::daemon::commands::Changes;
use crate::daemon::repair::log_operations;
use crate::drift::{Rounds, Strangers};
use crate::first_checks::FirstChecks;
use crate::history::History;
use crate::inquiry::Inquiry;
use crate::kernel::{Kernel, Outcome, Refused, Wishes, timeouts};
use crate::monitors::foreign::ForeignMonitors;
use crate::monitors::{Event, Monitors, Watcher};
use crate::operator_file::{self, OperatorFile};
use crate::options::Options;
use crate::plan::{MonitorKey, Plan};
use crate::restarts::{Decision, Restarts};
use crate::state::{MonitorChange, State};
use crate::sysctls::{self, Sysctls};

/// What Piranha's pulse waits for; it lies in `/dev/shm/sem.lvs`.
const SEMAPHORE: &CStr = c"lvs";
/// How often refused operations are tried again and drains are looked at.
const TURN: Duration = Duration::from_secs(1);

/// Why the main loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Asked to: status 0.
    Asked,
    /// A monitor that cannot be kept alive, with `hard_shutdown = 1`: status 1.
    MonitorDied,
}

/// lvsd at work.
pub(crate) struct Daemon {
    options: Options,
    hard_shutdown: bool,
    started: Instant,
    kernel: Kernel,
    state: State,
    operator_file: OperatorFile,
    monitors: Monitors,
    foreign: ForeignMonitors,
    restarts: Restarts,
    signals: Signals,
    pulse: Option<UnixStream>,
    control: Option<ControlSocket>,
    inquiry: Option<Inquiry>,
    file: File,
    history: History,
    /// Services with operations that the kernel refused, and what it said.
    refused: BTreeMap<ServiceKey, Vec<String>>,
    sysctls: Sysctls,
    rounds: Rounds,
    strangers: Strangers,
    /// Operations that put right what somebody else had done to the table.
    repairs: u64,
}

/// What is known of the file.
#[derive(Debug, Default)]
struct File {
    serial_no: i32,
    /// When the one in force was read.
    loaded: Duration,
    /// Why the last one is not in force.
    refused: Option<String>,
}

impl Daemon {
    /// Takes over the kernel's table as it is; nothing is changed yet. `pulse` is the readiness socket, if lvsd was
    /// started by our pulse.
    ///
    /// # Errors
    ///
    /// If signals cannot be caught.
    pub(crate) fn new(options: Options, kernel: Kernel, pulse: Option<UnixStream>) -> io::Result<Self> {
        let (started, file) = (Instant::now(), Path::new(FILE));
        let monitors = Monitors::new(options.mode());
        Ok(Self {
            options,
            hard_shutdown: true,
            started,
            kernel,
            state: State::new(operator_file::load(file, Clocks::read(started))),
            operator_file: OperatorFile::new(file),
            monitors,
            foreign: ForeignMonitors::new(),
            restarts: Restarts::default(),
            signals: Signals::catch()?,
            pulse,
            control: None,
            inquiry: None,
            file: File::default(),
            history: History::default(),
            refused: BTreeMap::new(),
            sysctls: Sysctls::default(),
            rounds: Rounds::default(),
            strangers: Strangers::default(),
            repairs: 0,
        })
    }

    /// Programs the table for the first time, starts the monitors and tells pulse.
    pub(crate) async fn start(&mut self, config: &Config) {
        self.open_control().await;
        if let Err(error) = self.kernel.set_timeouts(&timeouts(config)) {
            tracing::warn!(
                "ipvsadm failed to set timeouts ({} {} {}): {error}",
                config.tcp_timeout,
                config.tcpfin_timeout,
                config.udp_timeout
            );
        }
        let plan = self.plan(config);
        for virtual_server in &plan.virtual_servers {
            tracing::info!(
                "starting virtual service {} active: {}",
                virtual_server.name,
                virtual_server.port
            );
        }
        self.name_clashes(&plan);
        self.sysctls.bring_about(&sysctls::wanted(config, &plan));
        let found: BTreeSet<ServiceKey> = self.kernel.table().services.keys().copied().collect();
        let changes = self.state.replace(plan, self.kernel.table(), Duration::ZERO);
        self.loaded(config);
        let services = self.state.plan().services.keys().copied().collect();
        let outcome = self.settle(services);
        log_operations(
            "changed",
            outcome.done.iter().filter(|operation| found.contains(operation.service())),
        );
        self.name_strangers(found);
        let checks = self.first_checks(&changes);
        self.check_first(checks, &outcome).await;
        self.change_monitors(changes);
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

    /// Runs until it is asked to end, and leaves the kernel's table without lvsd's services.
    ///
    /// Returns the exit status.
    pub(crate) async fn run(&mut self) -> u8 {
        let end = self.watch().await;
        self.shut_down().await;
        match end {
            End::Asked => 0,
            End::MonitorDied => 1,
        }
    }

    /// From now on administrators may ask; they are answered by the main loop. Without its control socket lvsd works all
    /// the same.
    async fn open_control(&mut self) {
        match ControlSocket::open(Path::new(SOCKET)).await {
            Ok(control) => self.control = Some(control),
            Err(error) => tracing::error!("no control socket, piranhactl cannot reach this lvsd: {error:#}"),
        }
    }

    async fn watch(&mut self) -> End {
        let mut turn = tokio::time::interval(TURN);
        turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let restart = self.restarts.next().unwrap_or(Duration::MAX);
            let restart =
                tokio::time::Instant::from_std(self.started) + restart.min(Duration::from_secs(86_400 * 365));
            tokio::select! {
                signal = self.signals.next() => {
                    if signal.ends() {
                        tracing::info!("shutting down due to signal {signal}");
                        return End::Asked;
                    }
                    if signal == service::signals::Signal::Hangup {
                        let _what_changed_is_logged = self.reload();
                    }
                }
                () = gone(&mut self.pulse) => {
                    tracing::warn!("pulse is gone: shutting down");
                    return End::Asked;
                }
                Some(event) = self.monitors.next() => {
                    if let Some(end) = self.take(event) {
                        return end;
                    }
                }
                asked = asked(&mut self.control) => self.obey(asked),
                () = ended(&mut self.inquiry) => self.tell_status(),
                Some(event) = self.foreign.next() => {
                    if let Some(end) = self.take_foreign(event) {
                        return end;
                    }
                }
                () = tokio::time::sleep_until(restart) => self.restart_due(),
                _ = turn.tick() => self.look_again(),
            }
        }
    }

    /// Time since the start.
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn plan(&mut self, config: &Config) -> Plan {
        self.hard_shutdown = config.hard_shutdown;
        let plan = Plan::new(config, self.options.mode());
        for complaint in &plan.complaints {
            tracing::warn!("{complaint}");
        }
        for note in &plan.notes {
            tracing::info!("{note}");
        }
        plan
    }

    /// Takes this event and all that have happened since, then changes the table once.
    fn take(&mut self, first: Event) -> Option<End> {
        let mut services = BTreeSet::new();
        let mut next = Some(first);
        while let Some(event) = next {
            match event {
                Event::Report(monitor, FromNanny::Checks(checks)) => {
                    if let Some(inquiry) = &mut self.inquiry {
                        inquiry.take(monitor, checks);
                    }
                }
                Event::Report(monitor, report) => services.extend(self.take_report(&monitor, &report)),
                Event::Ended(watcher, status, ran) => {
                    let why = status.map_or_else(|error| error, |status| status.to_string());
                    if self.watcher_ended(&watcher, &why, ran) {
                        return Some(End::MonitorDied);
                    }
                    let monitors = self.watched_by(&watcher);
                    services.extend(monitors.iter().filter_map(|monitor| self.state.service_of(monitor)));
                }
            }
            next = self.monitors.next_now();
        }
        self.settle(services);
        None
    }

    fn take_report(&mut self, monitor: &MonitorKey, report: &FromNanny) -> Option<ServiceKey> {
        if !self.state.report(monitor, report) {
            return None;
        }
        self.history.report(monitor, report, self.now());
        if let (FromNanny::Down { reason, .. }, Some(plan)) =
            (report, self.state.plan().monitors.get(monitor))
        {
            tracing::info!(reason, "{} is down", plan.name);
        }
        self.state.service_of(monitor)
    }

    /// Returns whether lvsd has to end.
    fn watcher_ended(&mut self, watcher: &Watcher, why: &str, ran: Duration) -> bool {
        let monitors = self.watched_by(watcher);
        let name = self.names_of(&monitors);
        match self.restarts.ended(watcher, ran, self.now()) {
            Decision::Again(pause) => {
                tracing::warn!("nanny for {name} ended ({why}): starting it again in {pause:?}");
                false
            }
            Decision::GiveUp if self.hard_shutdown => {
                tracing::error!("nanny for child {name} died! shutting down lvs");
                true
            }
            Decision::GiveUp => {
                for monitor in &monitors {
                    let name = self.name_of(monitor);
                    tracing::error!("nanny for child {name} died! manual action needed!");
                    self.state.give_up(monitor);
                    self.history.failed(monitor, "its nanny ends again and again", self.now());
                }
                false
            }
        }
    }

    fn watched_by(&self, watcher: &Watcher) -> Vec<MonitorKey> {
        match watcher {
            Watcher::Nanny(monitor) => vec![*monitor],
            Watcher::Pool(program) => self.state.plan().pooled(program),
        }
    }

    fn name_of(&self, monitor: &MonitorKey) -> String {
        self.state.plan().monitors.get(monitor).map(|plan| plan.name.clone()).unwrap_or_default()
    }

    /// For a line on all of them.
    fn names_of(&self, monitors: &[MonitorKey]) -> String {
        match monitors {
            [] => String::new(),
            [one] => self.name_of(one),
            [first, others @ ..] => format!("{} and {} others", self.name_of(first), others.len()),
        }
    }

    fn restart_due(&mut self) {
        for watcher in self.restarts.take_due(self.now()) {
            for monitor in self.watched_by(&watcher) {
                let known = self.state.known(&monitor);
                self.start_monitor(&monitor, known);
            }
        }
    }

    fn start_monitor(&mut self, monitor: &MonitorKey, known: Known) {
        // One that is not ours and still here has its successor started by its end: two would write to one entry.
        if self.monitors.is_running(monitor) || self.foreign.is_here(monitor) {
            return;
        }
        let Some(plan) = self.state.plan().monitors.get(monitor).cloned() else { return };
        let pid = match plan.foreign {
            None => self.monitors.start(monitor, &plan, known),
            Some(descriptors) => self.start_foreign(monitor, &plan, descriptors),
        };
        if let Some(pid) = pid {
            tracing::info!("create_monitor for {} running as pid {pid}", plan.name);
        }
    }

    /// Reads the file again. A bad one changes nothing, and the error says why it is refused.
    fn reload(&mut self) -> Result<Changes, String> {
        tracing::info!("rereading configuration file");
        let (config, mut remarks) = configuration::read(&self.options.file).inspect_err(|refusal| {
            for line in refusal.lines() {
                tracing::error!("{line}");
            }
            self.file.refused = Some(refusal.clone());
        })?;
        let mut operations = self.repair();
        if let Err(error) = self.kernel.set_timeouts(&timeouts(&config)) {
            tracing::warn!("ipvsadm failed to set timeouts: {error}");
        }
        let plan = self.plan(&config);
        remarks.extend(plan.complaints.iter().cloned());
        self.log_changes(&plan);
        self.read_new_services(&plan);
        self.name_clashes(&plan);
        self.sysctls.bring_about(&sysctls::wanted(&config, &plan));
        let services = self.services_with(&plan);
        let now = self.now();
        let changes = self.state.replace(plan, self.kernel.table(), now);
        self.loaded(&config);
        let outcome = self.settle(services);
        log_operations("changed", &outcome.done);
        self.change_monitors(changes);
        self.revive_given_up();
        tracing::info!(changes = outcome.done.len(), "configuration file is in force");
        operations.extend(outcome.done);
        remarks.extend(outcome.refused.into_iter().map(|refused| refused.reason));
        Ok(Changes { operations, remarks })
    }

    /// This configuration is in force.
    fn loaded(&mut self, config: &Config) {
        let now = self.now();
        self.file = File { serial_no: config.serial_no, loaded: now, refused: None };
        self.history.follow(&self.state, now);
    }

    /// The services of the plan in force and of another one.
    fn services_with(&self, plan: &Plan) -> BTreeSet<ServiceKey> {
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

    fn change_monitors(&mut self, changes: Vec<MonitorChange>) {
        for change in changes {
            match change {
                MonitorChange::Stop(monitor) => {
                    self.monitors.stop(&monitor);
                    self.foreign.stop(&monitor);
                }
                MonitorChange::Start(monitor, known) => self.start_monitor(&monitor, known),
            }
        }
        let planned = &self.state.plan().monitors;
        self.monitors.clear_up(|monitor| planned.contains_key(monitor));
    }

    /// A reload gives monitors that were given up another chance.
    fn revive_given_up(&mut self) {
        let idle: Vec<_> =
            self.state.plan().monitors.keys().filter(|key| !self.monitors.is_running(key)).copied().collect();
        self.restarts = Restarts::default();
        for monitor in idle {
            let known = self.state.known(&monitor);
            self.start_monitor(&monitor, known);
        }
    }

    /// Makes these services as they are wanted now.
    fn settle(&mut self, services: BTreeSet<ServiceKey>) -> Outcome {
        for change in self.state.sorry_changes(&services) {
            let (name, address, up) = (change.name, change.address, change.up);
            if up == 0 {
                tracing::warn!("Virtual Server {name}: No real servers; activate sorry_server {address}");
            } else {
                tracing::info!("Virtual Server {name}: {up} real servers; deactivate sorry_server {address}");
            }
        }
        let wish = |key| (key, self.state.wanted(&key, self.kernel.table()));
        let wishes: Wishes = services.into_iter().map(wish).collect();
        let outcome = self.kernel.bring_about(&wishes);
        self.note_refused(&wishes, &outcome);
        outcome
    }

    /// Remembers what the kernel refused: it is tried again each turn, but not complained of again.
    fn note_refused(&mut self, wishes: &Wishes, outcome: &Outcome) {
        let before: BTreeMap<_, _> = wishes.keys().filter_map(|key| self.refused.remove_entry(key)).collect();
        for Refused { service, reason } in &outcome.refused {
            if before.get(service).is_none_or(|reasons| !reasons.contains(reason)) {
                let name = self.state.plan().services.get(service).map_or("(removed)", |plan| &plan.name);
                tracing::error!("ipvsadm failed for virtual server {name}! {reason}; trying again");
            }
            self.refused.entry(*service).or_default().push(reason.clone());
        }
    }

    /// Once a turn: what was refused is tried again, and drains may be over.
    fn look_again(&mut self) {
        let mut services: BTreeSet<_> = self.refused.keys().copied().collect();
        services.extend(self.end_asked_drains());
        let draining = self.state.draining_services();
        if !draining.is_empty() {
            match self.kernel.active_connections(&draining) {
                Ok(active) => {
                    let now = self.now();
                    services.extend(self.state.end_drains(now, |service, destination| {
                        active.get(&(*service, *destination)).copied().unwrap_or(0)
                    }));
                }
                Err(error) => tracing::warn!("cannot read the IPVS table: {error}"),
            }
        }
        if !services.is_empty() {
            self.settle(services);
        }
        self.repair_some();
    }

    /// The deadlines that administrators have set.
    fn end_asked_drains(&mut self) -> BTreeSet<ServiceKey> {
        let ended = self.state.end_asked_drains(self.now());
        for decision in ended.iter().filter_map(|place| self.state.operator().of(place)) {
            tracing::info!("the drain of {} is at its deadline: what is left is cut off", decision.name);
        }
        ended.into_iter().map(|(service, _)| service).collect()
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

    /// Monitors first, so that none reports into a table that is being taken down.
    async fn shut_down(&mut self) {
        for virtual_server in &self.state.plan().virtual_servers {
            tracing::info!("shutting down virtual service {}", virtual_server.name);
        }
        tokio::join!(self.monitors.stop_all(), self.foreign.stop_all());
        // First of all: a connection that the partner goes on with must not be reset here.
        self.sysctls.restore();
        let gone = self.state.plan().services.keys().map(|key| (*key, None)).collect();
        for refused in self.kernel.bring_about(&gone).refused {
            tracing::error!("ipvsadm failed for virtual server! {}", refused.reason);
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

/// Waits for the next command; for ever without a control socket.
async fn asked(control: &mut Option<ControlSocket>) -> Asked {
    if let Some(control) = control
        && let Some(asked) = control.next().await
    {
        return asked;
    }
    std::future::pending().await
}

/// Waits until an inquiry ends; for ever without one.
async fn ended(inquiry: &mut Option<Inquiry>) {
    match inquiry {
        Some(inquiry) => inquiry.end().await,
        None => std::future::pending().await,
    }
}

/// Waits until pulse closes its end of the readiness socket; for ever if there is none.
async fn gone(pulse: &mut Option<UnixStream>) {
    let Some(stream) = pulse else { return std::future::pending().await };
    let mut byte = [0; 16];
    // pulse never says anything here.
    while let Ok(1..) = stream.read(&mut byte).await {}
}
