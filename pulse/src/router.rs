//! The loop: datagrams, time, lvsd and signals go into the machine, and what it wants is carried out.

use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use control::pulse::{Answer, Command};
use control::readiness::FromLvsd;
use heartbeat::trailer::RealServers;
use heartbeat::{Action, Ending, Event, Line, Moment, Progress, Role, Severity, State, SyncMode, Trailer};
use lvs_cf::Service;
use netdev::Interfaces;
use nix::sys::signal::Signal as Number;
use service::clocks::Clocks;
use service::control_socket::Asked;
use service::signals::{Signal, Signals};
use service::systemd::Systemd;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::aside;
use crate::clock::Clock;
use crate::commands::Commands;
use crate::configuration::{self, Configuration};
use crate::control_socket::Control;
use crate::daemon::{Daemon, News, fos_arguments, lvsd_arguments};
use crate::decision::Decision;
use crate::gateway;
use crate::options::Options;
use crate::owner::{Outcome, Owner};
use crate::partner::Partner;
use crate::plan::Plan;
use crate::role;
use crate::sockets::Sockets;
use crate::status::{self, Facts};
use crate::sync::Sync;
use crate::watch::{Report, Watch};

/// At the end commands and the sync daemon are waited for so long; nothing is killed.
const LAST_PATIENCE: Duration = Duration::from_secs(5);
/// With the addresses off, the partner is told the last connections for so long before it may serve.
const LAST_WORDS: Duration = Duration::from_millis(30);
/// Before its addresses are up, the kernel may read for so long what the partner has told of its connections.
const FOR_READING: Duration = Duration::from_millis(200);

/// A router at work.
pub(crate) struct Router {
    options: Options,
    role: Role,
    plan: Plan,
    clock: Clock,
    machine: Decision,
    partner: Partner,
    sockets: Sockets,
    addresses: Owner,
    lvsd: Daemon,
    fos: Daemon,
    gateway: Option<JoinHandle<bool>>,
    commands: Commands,
    sync: Sync,
    /// The addresses are off; the partner is told the last connections until then.
    last_words: Option<Instant>,
    signals: Signals,
    watch: Option<Watch>,
    control: Control,
    /// Who has asked for a hand-over and waits for its end.
    failovers: Vec<oneshot::Sender<Answer>>,
    /// What lvsd has counted, while it runs.
    real_servers: Option<RealServers>,
    /// When the file in force was read.
    loaded: Moment,
    /// Why the last one is not in force.
    refused: Option<String>,
    /// Questions of administrators, while the kernel is asked for the addresses of this machine.
    inquiries: JoinSet<(Asked<Command>, Option<BTreeSet<IpAddr>>)>,
    rereading: Option<JoinHandle<Result<Reread, String>>>,
    /// The file is to be read once more, since it may have changed meanwhile.
    reread_again: bool,
    systemd: Systemd,
    /// The state that systemd was told, and whether that the file is refused.
    told: Option<(Option<State>, bool)>,
    exit: Option<u8>,
}

/// What a changed file is judged by.
struct Reread {
    configuration: Configuration,
    /// The addresses of this machine.
    local: BTreeSet<IpAddr>,
}

impl Reread {
    fn new(file: &Path) -> Result<Self, String> {
        let configuration = configuration::read(file)?;
        let local = role::local_addresses().map_err(|error| error.to_string())?;
        Ok(Self { configuration, local })
    }
}

impl Router {
    /// Everything is bound and opened; nothing is done yet.
    ///
    /// # Errors
    ///
    /// If signals cannot be caught, or no thread or random number can be had.
    pub(crate) fn new(
        options: Options,
        plan: Plan,
        sockets: Sockets,
        interfaces: Interfaces,
        systemd: Systemd,
    ) -> std::io::Result<Self> {
        Ok(Self {
            options,
            role: plan.settings.role,
            clock: Clock::start(),
            machine: Decision::new(plan.service, plan.settings),
            partner: Partner::new(&plan)?,
            sockets,
            addresses: Owner::start(interfaces, plan.floating.clone(), plan.announce_refresh)?,
            lvsd: Daemon::new("lvsd"),
            fos: Daemon::new("fos"),
            gateway: None,
            commands: Commands::default(),
            sync: Sync::start()?,
            last_words: None,
            signals: Signals::catch()?,
            watch: watch(&plan),
            control: Control::open(),
            failovers: Vec::new(),
            real_servers: None,
            loaded: Moment::ZERO,
            refused: None,
            inquiries: JoinSet::new(),
            rereading: None,
            reread_again: false,
            systemd,
            told: None,
            exit: None,
            plan,
        })
    }

    /// Works until the end, and gives the exit status.
    pub(crate) async fn run(mut self) -> u8 {
        self.handle(Event::Start { force_active: self.options.force_active });
        self.systemd.ready();
        let status = loop {
            self.tell_state();
            if let Some(status) = self.exit {
                break status;
            }
            self.turn().await;
            self.wake_if_due();
            self.answer_failovers();
        };
        self.finish().await;
        status
    }

    async fn turn(&mut self) {
        let wake = self.next_wake();
        tokio::select! {
            signal = self.signals.next() => self.take_signal(signal),
            () = self.sockets.readable() => self.receive(),
            news = self.lvsd.next() => self.take_news(news),
            news = self.fos.next() => self.take_fos_news(news),
            outcome = self.addresses.next() => self.take_outcome(outcome),
            answers = checked(&mut self.gateway) => self.handle(Event::Gateway { answers }),
            () = self.commands.next() => {}
            () = self.sync.told() => self.partner_was_told(),
            (link, up) = next_report(&mut self.watch) => self.handle(Event::LinkState { link, up }),
            reread = reread(&mut self.rereading) => self.take_configuration(reread),
            asked = self.control.next() => self.inquire(asked),
            Some(Ok((asked, held))) = self.inquiries.join_next() => self.answer(asked, held),
            () = self.systemd.beat() => {}
            () = tokio::time::sleep_until(wake.into()) => {}
        }
    }

    /// For `systemctl status`.
    fn tell_state(&mut self) {
        if !self.systemd.is_there() {
            return;
        }
        let state = self.machine.account().standing.map(|standing| standing.state);
        let told = (state, self.refused.is_some());
        if self.told != Some(told) {
            let insight = self.machine.insight(self.clock.now());
            self.systemd.status(&status::line(self.role, &insight, self.refused.is_some()));
            self.told = Some(told);
        }
    }

    fn next_wake(&self) -> Instant {
        let machine = self.machine.next_wake().map(|moment| self.clock.instant(moment));
        let wakes = [machine, self.last_words];
        wakes.into_iter().flatten().min().unwrap_or_else(|| Instant::now() + Duration::from_secs(3600))
    }

    /// The sockets are read first, so that no heartbeat that is here already counts as silence.
    fn wake_if_due(&mut self) {
        let wake = self.next_wake();
        if Instant::now() < wake {
            return;
        }
        if self.last_words.is_some_and(|until| until <= Instant::now()) {
            self.partner_was_told();
        }
        self.receive();
        self.handle(Event::Wake);
    }

    fn take_outcome(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Raised { missing } => self.handle(Event::AddressesRaised { missing }),
            Outcome::Dropped { remaining } => self.addresses_dropped(remaining),
            Outcome::Announced => log(match self.plan.service {
                Service::Lvs => &Line::ArpsFinished,
                Service::Fos => &Line::FosArpsFinished,
            }),
        }
    }

    fn receive(&mut self) {
        let datagrams = self.partner.admit(&self.sockets.drain(), self.clock.now());
        if !datagrams.is_empty() {
            self.handle(Event::Received(datagrams));
        }
        if self.partner.was_introduced() {
            self.handle(Event::Introduced);
        }
    }

    /// Of all connections, or it is not waited for any more.
    fn partner_was_told(&mut self) {
        let told = match self.last_words.take() {
            Some(_) => Event::AddressesDropped { remaining: 0 },
            None => Event::ConnectionsTold,
        };
        self.handle(told);
    }

    fn take_signal(&mut self, signal: Signal) {
        match signal {
            Signal::Hangup => self.reread(),
            signal if signal.ends() => {
                self.systemd.stopping();
                self.handle(Event::Terminate { signal: signal.number() });
            }
            _ => {}
        }
    }

    fn take_news(&mut self, news: News) {
        match news {
            News::Said(FromLvsd::Ready { services, failed }) => {
                if !failed.is_empty() {
                    tracing::warn!("lvsd could not program {}: it tries again", failed.join(", "));
                }
                tracing::debug!("DEBUG -- lvsd is ready services={services}");
                self.handle(Event::LvsdReady);
            }
            News::Said(FromLvsd::RealServers { up, configured }) => {
                self.real_servers = Some(RealServers { up, configured });
            }
            News::Ended(ending) => {
                self.real_servers = None;
                self.handle(Event::LvsdEnded(ending));
            }
            News::NotStarted(reason) => {
                let program = self.options.lvsd.display();
                tracing::error!("cannot execute {program}: {reason}; name lvsd with --lvsd");
                self.handle(Event::LvsdEnded(Ending::NotStarted));
            }
        }
    }

    fn take_fos_news(&mut self, news: News) {
        match news {
            News::Said(_) => {}
            News::Ended(ending) => self.handle(Event::FosEnded(ending)),
            News::NotStarted(reason) => {
                let program = self.options.fos.display();
                tracing::error!("cannot execute {program}: {reason}; name fos with --fos");
                self.handle(Event::FosEnded(Ending::NotStarted));
            }
        }
    }

    /// Asks the kernel what an administrator wants to know.
    fn inquire(&mut self, asked: Asked<Command>) {
        self.inquiries.spawn(async {
            let held = aside::aside(role::local_addresses).await;
            (asked, held.ok().and_then(Result::ok))
        });
    }

    /// Does what an administrator asks. `held`: those addresses that this machine has now, if the kernel has said.
    fn answer(&mut self, asked: Asked<Command>, held: Option<BTreeSet<IpAddr>>) {
        let answer = match asked.command {
            Command::Status => {
                let clocks = Clocks::at(self.clock.now());
                let facts = Facts {
                    file: &self.options.file,
                    plan: &self.plan,
                    loaded: self.loaded,
                    refused: self.refused.as_deref(),
                    clocks,
                    insight: self.machine.insight(clocks.now),
                    report: self.partner.report(),
                    held,
                    real_servers: self.real_servers,
                };
                Answer::Status(Box::new(facts.status()))
            }
            Command::Failover => {
                self.handle(Event::HandOver);
                self.failovers.push(asked.answer);
                return self.answer_failovers();
            }
        };
        // Whoever asked may be gone.
        let _ = asked.answer.send(answer);
    }

    /// Once it is known what became of it.
    fn answer_failovers(&mut self) {
        if self.failovers.is_empty() {
            return;
        }
        let answer = match self.machine.progress() {
            Progress::UnderWay => return,
            Progress::Failed(obstacle) => Answer::Refused { reason: obstacle.to_string() },
            Progress::None | Progress::Done => {
                let who = if self.machine.is_active() { "this router" } else { "the partner" };
                Answer::Done { message: format!("{who} serves now") }
            }
        };
        for asker in self.failovers.drain(..) {
            let _ = asker.send(answer.clone());
        }
    }

    /// Looking up names may take long, as may asking for the addresses of this machine.
    fn reread(&mut self) {
        self.reread_again = self.rereading.is_some();
        if self.reread_again {
            return;
        }
        tracing::info!("rereading configuration file");
        self.systemd.reloading();
        let file = self.options.file.clone();
        self.rereading = Some(tokio::spawn(async move {
            let read = aside::aside(move || Reread::new(&file)).await;
            read.unwrap_or_else(|error| Err(format!("pulse: cannot read the file again: {error}")))
        }));
    }

    fn take_configuration(&mut self, reread: Result<Reread, String>) {
        if let Err(refusal) = reread.and_then(|reread| self.follow(&reread)) {
            for line in refusal.lines() {
                tracing::error!("{line}");
            }
            tracing::error!(
                "{} changes nothing: the old configuration stays in force",
                self.options.file.display()
            );
            self.refused = Some(refusal);
        }
        self.systemd.ready();
        if self.reread_again {
            self.reread();
        }
    }

    /// Works by a changed file from now on.
    fn follow(&mut self, Reread { configuration, local }: &Reread) -> Result<(), String> {
        let role = role::find(&configuration.config, local)?;
        if role != self.role {
            return Err("the roles of the two routers are changed: restart pulse on both".into());
        }
        let plan = Plan::new(configuration, role, self.options.times());
        if role == Role::Backup && !plan.settings.backup_active {
            self.handle(Event::MarkedInactive);
            return Ok(());
        }
        if plan.service != self.plan.service {
            return Err("service is changed: restart pulse on both routers".into());
        }
        self.sockets.follow(&plan).map_err(|error| error.log_line())?;
        for warning in configuration.warnings.iter().chain(&plan.warnings) {
            tracing::warn!("{warning}");
        }
        self.partner.follow(&plan);
        self.addresses.follow(plan.floating.clone(), plan.announce_refresh);
        if let (Some(before), None) = (&self.plan.sync, &plan.sync) {
            self.sync.set(SyncMode::Off, before);
        }
        self.watch = watch(&plan);
        self.plan = plan;
        (self.loaded, self.refused) = (self.clock.now(), None);
        self.handle(Event::Reconfigured(self.plan.settings));
        Ok(())
    }

    /// Hands an event to the machine and begins what it wants. What takes time is done elsewhere, and its end is another
    /// event.
    fn handle(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for action in self.machine.on(event, self.clock.now()) {
                events.extend(self.carry_out(action));
            }
        }
    }

    fn carry_out(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Send { message, order } => {
                let said = Trailer { real_servers: self.real_servers, ..self.machine.account() };
                let heartbeat = self.partner.heartbeat(message.encode(order), said);
                self.sockets.send(|path| heartbeat.on(path));
            }
            Action::StartLvsd => self.lvsd.start(&self.options.lvsd, &lvsd_arguments(&self.options)),
            Action::ReloadLvsd => self.lvsd.signal(Number::SIGHUP),
            Action::StopLvsd => self.lvsd.signal(Number::SIGTERM),
            Action::KillLvsd => self.lvsd.signal(Number::SIGKILL),
            Action::RunActiveCommand => {
                if let Some(command) = &self.plan.active_cmd {
                    self.commands.run("active_cmd", command);
                }
            }
            Action::RunInactiveCommand => {
                if let Some(command) = &self.plan.inactive_cmd {
                    self.commands.run("inactive_cmd", command);
                }
            }
            Action::Sync(mode) => {
                if let Some(settings) = &self.plan.sync {
                    self.sync.set(mode, settings);
                }
            }
            Action::RaiseAddresses => {
                let synchronises = self.plan.sync.is_some();
                self.addresses.raise(if synchronises { FOR_READING } else { Duration::ZERO });
            }
            Action::DropAddresses => self.addresses.drop(),
            Action::TellConnections => match &self.plan.sync {
                Some(settings) => self.sync.tell(settings),
                None => return Some(Event::ConnectionsTold),
            },
            Action::Announce => self.addresses.announce(),
            Action::StopAnnouncing => self.addresses.stop_announcing(),
            Action::Log(line) => log(&line),
            Action::Exit(status) => self.exit = Some(status),
            Action::StartFos(mode) => self.fos.start(&self.options.fos, &fos_arguments(&self.options, mode)),
            Action::ReloadFos => self.fos.signal(Number::SIGHUP),
            Action::StopFos => self.fos.signal(Number::SIGTERM),
            Action::KillFos => self.fos.signal(Number::SIGKILL),
            Action::CheckGateway => {
                self.gateway = Some(tokio::spawn(gateway::answers(self.plan.public.own.ip())));
            }
        }
        None
    }

    /// What came in to the last moment is told to the partner before it hears STOPPED.
    fn addresses_dropped(&mut self, remaining: usize) {
        if let Some(settings) = self.plan.sync.as_ref().filter(|_| remaining == 0) {
            self.sync.tell_last(settings);
            self.last_words = Some(Instant::now() + LAST_WORDS);
        } else {
            self.handle(Event::AddressesDropped { remaining });
        }
    }

    async fn finish(mut self) {
        let deadline = tokio::time::Instant::now() + LAST_PATIENCE;
        while !self.commands.are_done() {
            if tokio::time::timeout_at(deadline, self.commands.next()).await.is_err() {
                break;
            }
        }
        self.sync.finish(deadline.saturating_duration_since(tokio::time::Instant::now()));
    }
}

/// Links are watched only where a partner can take over.
fn watch(plan: &Plan) -> Option<Watch> {
    if !plan.settings.monitor_links || !plan.settings.backup_active {
        return None;
    }
    Watch::start(plan).map_err(|error| tracing::error!("links are not watched: {error}")).ok()
}

/// Waits for a report about a link; for ever if none is watched.
async fn next_report(watch: &mut Option<Watch>) -> Report {
    match watch {
        Some(watch) => watch.next().await,
        None => std::future::pending().await,
    }
}

/// Waits for the check of the gateway; for ever if there is none.
async fn checked(check: &mut Option<JoinHandle<bool>>) -> bool {
    let Some(task) = check else { return std::future::pending().await };
    let result = task.await;
    *check = None;
    result.unwrap_or(false)
}

/// Waits for the file that is being read; for ever if none is.
async fn reread(reading: &mut Option<JoinHandle<Result<Reread, String>>>) -> Result<Reread, String> {
    let Some(task) = reading else { return std::future::pending().await };
    let result = task.await;
    *reading = None;
    result.unwrap_or_else(|error| Err(format!("pulse: cannot read the file again: {error}")))
}

fn log(line: &Line) {
    match line.severity() {
        Severity::Debug => tracing::debug!("{line}"),
        Severity::Info => tracing::info!("{line}"),
        Severity::Warning => tracing::warn!("{line}"),
        Severity::Error => tracing::error!("{line}"),
    }
}
