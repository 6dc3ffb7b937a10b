//! The main loop: signals, reports, commands and time in; the kernel's table and the monitors follow.

mod commands;
mod counts;
mod foreign;
mod inquiries;
mod monitoring;
mod reload;
mod repair;
mod settle;
mod start;
mod switches;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use control::command::Command;
use control::decisions::FILE;
use ipvs::ServiceKey;
use service::clocks::Clocks;
use service::control_socket::{Asked, ControlSocket};
use service::signals::Signals;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use self::counts::Counts;
use self::reload::File;
use crate::drift::Drift;
use crate::history::History;
use crate::inquiry::Inquiry;
use crate::kernel::Kernel;
use crate::monitors::Monitors;
use crate::monitors::foreign::ForeignMonitors;
use crate::operator_file::{self, OperatorFile};
use crate::options::Options;
use crate::readings::Readings;
use crate::record::Record;
use crate::restarts::Restarts;
use crate::state::State;
use crate::sysctls::{Switch, Sysctls};

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
    started: Instant,
    kernel: Kernel,
    record: Record,
    state: State,
    operator_file: OperatorFile,
    monitors: Monitors,
    foreign: ForeignMonitors,
    restarts: Restarts,
    signals: Signals,
    pulse: Option<UnixStream>,
    control: Option<ControlSocket<Command>>,
    inquiry: Option<Inquiry>,
    readings: Readings,
    file: File,
    history: History,
    /// Services with operations that the kernel refused, and what it said.
    refused: BTreeMap<ServiceKey, Vec<String>>,
    sysctls: Sysctls,
    /// Those that are still to be put on.
    switches: Vec<(Switch, bool)>,
    drift: Drift,
    counts: Counts,
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
            started,
            kernel,
            record: Record::load(),
            state: State::new(operator_file::load(file, Clocks::read(started))),
            operator_file: OperatorFile::new(file),
            monitors,
            foreign: ForeignMonitors::new(),
            restarts: Restarts::default(),
            signals: Signals::catch()?,
            pulse,
            control: None,
            inquiry: None,
            readings: Readings::default(),
            file: File::default(),
            history: History::default(),
            refused: BTreeMap::new(),
            sysctls: Sysctls::default(),
            switches: Vec::new(),
            drift: Drift::default(),
            counts: Counts::default(),
        })
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
                Some(read) = self.readings.next() => self.tell(read),
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

    /// Monitors first, so that none reports into a table that is being taken down.
    async fn shut_down(&mut self) {
        for virtual_server in &self.state.plan().virtual_servers {
            tracing::info!("shutting down virtual service {}", virtual_server.name);
        }
        tokio::join!(self.monitors.stop_all(), self.foreign.stop_all());
        // First of all: a connection that the partner goes on with must not be reset here.
        self.sysctls.restore();
        let gone = self.state.plan().services.keys().map(|key| (*key, None)).collect();
        let outcome = self.kernel.bring_about(&gone);
        for refused in &outcome.refused {
            tracing::error!("ipvsadm failed for virtual server! {}", refused.reason);
        }
        if outcome.refused.is_empty() {
            self.record.remove();
        }
    }
}

/// Waits for the next command; for ever without a control socket.
async fn asked(control: &mut Option<ControlSocket<Command>>) -> Asked<Command> {
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
