//! The monitor processes: one task each, which starts it, listens to it and ends it.

use std::collections::BTreeMap;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use control::lines::{Decoder, encode};
use control::report::{DESCRIPTOR, FromNanny, Known, ToNanny};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use service::child::Link;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};

use crate::plan::{MonitorKey, PlannedMonitor};

/// Reports that wait for the main loop at most; a monitor that says more has to wait itself.
const WAITING_REPORTS: usize = 1024;
/// How long a monitor may take to end after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(2);

/// What happened to a monitor.
#[derive(Debug)]
pub(crate) enum Event {
    /// It said something.
    Report(MonitorKey, FromNanny),
    /// It ended without having been asked to, after it had run for this long.
    Ended(MonitorKey, Result<ExitStatus, String>, Duration),
}

/// All running monitors.
#[derive(Debug)]
pub(crate) struct Monitors {
    running: BTreeMap<MonitorKey, Running>,
    next_number: u64,
    sender: mpsc::Sender<(u64, Event)>,
    receiver: mpsc::Receiver<(u64, Event)>,
}

#[derive(Debug)]
struct Running {
    /// Tells a monitor from an earlier one with the same key, whose last words may still be on their way.
    number: u64,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Monitors {
    /// None yet.
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING_REPORTS);
        Self { running: BTreeMap::new(), next_number: 0, sender, receiver }
    }

    /// Starts a monitor and returns its pid. A program that cannot be executed is reported as ended, like one that
    /// died at once.
    pub(crate) fn start(&mut self, key: &MonitorKey, plan: &PlannedMonitor, known: Known) -> Option<u32> {
        let number = self.next_number;
        self.next_number += 1;
        let (stop, stopped) = oneshot::channel();
        let monitor = Monitor { key: *key, number, sender: self.sender.clone() };
        let (pid, task) = match spawn(plan) {
            Ok((child, stream)) => (child.id(), tokio::spawn(monitor.run(child, stream, known, stopped))),
            Err(error) => {
                let why = format!("cannot execute {}: {error}", plan.program.display());
                (None, tokio::spawn(monitor.ended(Err(why), Duration::ZERO)))
            }
        };
        self.running.insert(*key, Running { number, stop, task });
        pid
    }

    /// Whether this monitor runs.
    pub(crate) fn is_running(&self, key: &MonitorKey) -> bool {
        self.running.contains_key(key)
    }

    /// Ends a monitor; its end is not reported.
    pub(crate) fn stop(&mut self, key: &MonitorKey) {
        if let Some(running) = self.running.remove(key) {
            // A monitor that just ended by itself needs no word.
            let _ = running.stop.send(());
        }
    }

    /// Ends all monitors at once and waits for them, each with its own limit.
    pub(crate) async fn stop_all(&mut self) {
        let tasks: Vec<_> = std::mem::take(&mut self.running)
            .into_values()
            .map(|running| {
                let _ = running.stop.send(());
                running.task
            })
            .collect();
        // The tasks must not wait for a main loop that waits for them.
        self.receiver.close();
        while self.receiver.recv().await.is_some() {}
        for task in tasks {
            let _ = task.await;
        }
    }

    /// The next thing that happens. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let (number, event) = self.receiver.recv().await?;
            if let Some(event) = self.current(number, event) {
                return Some(event);
            }
        }
    }

    /// What has happened already.
    pub(crate) fn next_now(&mut self) -> Option<Event> {
        loop {
            let (number, event) = self.receiver.try_recv().ok()?;
            if let Some(event) = self.current(number, event) {
                return Some(event);
            }
        }
    }

    fn current(&mut self, number: u64, event: Event) -> Option<Event> {
        let (Event::Report(key, _) | Event::Ended(key, ..)) = &event;
        if self.running.get(key).is_none_or(|running| running.number != number) {
            return None;
        }
        if let Event::Ended(key, ..) = &event {
            self.running.remove(key);
        }
        Some(event)
    }
}

fn spawn(plan: &PlannedMonitor) -> io::Result<(Child, UnixStream)> {
    let link = Link::new()?;
    let child = Command::new(&plan.program)
        .args(&plan.arguments)
        .env(DESCRIPTOR, link.number())
        .env_remove(control::readiness::DESCRIPTOR)
        .stdin(Stdio::null())
        .spawn()?;
    Ok((child, UnixStream::from_std(link.keep())?))
}

struct Monitor {
    key: MonitorKey,
    number: u64,
    sender: mpsc::Sender<(u64, Event)>,
}

impl Monitor {
    async fn run(self, mut child: Child, mut stream: UnixStream, known: Known, stop: oneshot::Receiver<()>) {
        let started = Instant::now();
        let ended = tokio::select! {
            () = self.listen(&mut stream, known) => None,
            status = child.wait() => Some(status),
            _ = stop => {
                end(&mut child).await;
                return;
            }
        };
        let status = if let Some(status) = ended {
            // What it said last is still in the socket.
            self.read_rest(&mut stream).await;
            status
        } else {
            // It closed its socket, or says what is no report: either way nobody tells lvsd about this server.
            end(&mut child).await;
            child.wait().await
        };
        self.ended(status.map_err(|error| error.to_string()), started.elapsed()).await;
    }

    async fn ended(self, status: Result<ExitStatus, String>, ran: Duration) {
        self.tell(Event::Ended(self.key, status, ran)).await;
    }

    /// Hands the reports on until the stream ends.
    async fn listen(&self, stream: &mut UnixStream, known: Known) {
        let Ok(begin) = encode(&ToNanny::Begin { known }) else { return };
        if stream.write_all(&begin).await.is_err() {
            return;
        }
        self.read_rest(stream).await;
    }

    async fn read_rest(&self, stream: &mut UnixStream) {
        let mut decoder = Decoder::default();
        let mut buffer = [0; 512];
        while let Ok(length @ 1..) = stream.read(&mut buffer).await {
            match decoder.feed::<FromNanny>(&buffer[..length]) {
                Ok(reports) => {
                    for report in reports {
                        self.tell(Event::Report(self.key, report)).await;
                    }
                }
                Err(error) => {
                    tracing::error!(
                        "monitor of {:?} does not speak our protocol: {error}",
                        self.key.real_server
                    );
                    return;
                }
            }
        }
    }

    async fn tell(&self, event: Event) {
        // At the end of lvsd nobody listens any more.
        let _ = self.sender.send((self.number, event)).await;
    }
}

/// SIGTERM, and SIGKILL to what does not heed it.
async fn end(child: &mut Child) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()).filter(|&pid| pid > 1) {
        // It may have ended meanwhile.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
    if tokio::time::timeout(PATIENCE, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}
