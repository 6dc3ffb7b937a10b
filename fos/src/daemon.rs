//! The loop: signals, ends of processes and time go into the machine, and what it wants is carried out.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use service::signals::{Signal, Signals};
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

use crate::children::Children;
use crate::configuration;
use crate::event::{Action, Event, Outcome};
use crate::line::Line;
use crate::machine::Machine;
use crate::options::Options;
use crate::plan::{FailoverService, Mode};

/// fos at work.
pub(crate) struct Daemon {
    options: Options,
    mode: Mode,
    started: Instant,
    machine: Machine,
    children: Children,
    signals: Signals,
    /// Open as long as the pulse lives that started fos, if it is ours.
    pulse: Option<UnixStream>,
    rereading: Option<JoinHandle<Result<Vec<FailoverService>, String>>>,
    exit: Option<u8>,
}

impl Daemon {
    /// Signals are caught from here on; nothing is done yet.
    ///
    /// # Errors
    ///
    /// If signals cannot be caught.
    pub(crate) fn new(options: Options, mode: Mode, pulse: Option<UnixStream>) -> io::Result<Self> {
        Ok(Self {
            options,
            mode,
            started: Instant::now(),
            machine: Machine::new(mode, pulse.is_some()),
            children: Children::default(),
            signals: Signals::catch()?,
            pulse,
            rereading: None,
            exit: None,
        })
    }

    /// Works until the end, and gives the exit status.
    pub(crate) async fn run(mut self, services: Vec<FailoverService>) -> u8 {
        self.handle(Event::Begin(services));
        loop {
            if let Some(status) = self.exit {
                return status;
            }
            self.turn().await;
        }
    }

    async fn turn(&mut self) {
        let wake = self.machine.next_wake().unwrap_or(Duration::from_secs(86_400) + self.started.elapsed());
        tokio::select! {
            signal = self.signals.next() => self.take_signal(signal),
            event = self.children.next() => self.handle(event),
            () = end_of(&mut self.pulse) => self.handle(Event::Orphaned),
            services = reread(&mut self.rereading) => self.take_services(services),
            () = tokio::time::sleep_until((self.started + wake).into()) => self.handle(Event::Wake),
        }
    }

    /// SIGHUP rereads where Piranha's fos ended, which moved or restarted every service (specification fos.md S3).
    fn take_signal(&mut self, signal: Signal) {
        match signal {
            Signal::Hangup => self.reread(),
            Signal::Terminate | Signal::Interrupt | Signal::Quit => {
                self.handle(Event::Terminate(signal.number()));
            }
            Signal::User1 | Signal::User2 | Signal::Alarm => {}
        }
    }

    /// Looking up names may take long: another thread does it.
    fn reread(&mut self) {
        tracing::info!("rereading configuration file");
        let (options, mode) = (self.options.clone(), self.mode);
        self.rereading = Some(tokio::task::spawn_blocking(move || configuration::read(&options, mode)));
    }

    fn take_services(&mut self, services: Result<Vec<FailoverService>, String>) {
        match services {
            Ok(services) => self.handle(Event::Reread(services)),
            Err(refusal) => {
                for line in refusal.lines() {
                    tracing::error!("{line}");
                }
                let file = self.options.file.display();
                tracing::error!("{file} changes nothing: the old configuration stays in force");
            }
        }
    }

    /// Hands an event to the machine and carries out what it wants; what comes of that goes in again.
    fn handle(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for action in self.machine.on(event, self.started.elapsed()) {
                events.extend(self.carry_out(action));
            }
        }
    }

    fn carry_out(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::RunCommand(_) if self.options.test_start => {
                return Some(Event::CommandEnded(Outcome::Exited(0)));
            }
            Action::RunCommand(words) => return self.children.run(&words),
            Action::SignalCommand(force) => self.children.signal_command(force),
            Action::StartMonitor(id, words) => return Some(self.children.watch(id, &words)),
            Action::SignalMonitor(id, force) => self.children.signal_monitor(id, force),
            Action::Log(line) => log(&line),
            Action::Exit(status) => self.exit = Some(status),
        }
        None
    }
}

fn log(line: &Line) {
    if line.is_warning() { tracing::warn!("{line}") } else { tracing::info!("{line}") }
}

/// Waits until the other end is closed; for ever if there is none. Nothing is ever said.
async fn end_of(pulse: &mut Option<UnixStream>) {
    let Some(stream) = pulse else { return std::future::pending().await };
    while stream.read(&mut [0; 64]).await.is_ok_and(|length| length > 0) {}
    *pulse = None;
}

/// Waits for the file that is being read; for ever if none is.
async fn reread(
    reading: &mut Option<JoinHandle<Result<Vec<FailoverService>, String>>>,
) -> Result<Vec<FailoverService>, String> {
    let Some(task) = reading else { return std::future::pending().await };
    let result = task.await;
    *reading = None;
    result.unwrap_or_else(|error| Err(format!("fos: cannot read the file again: {error}")))
}
