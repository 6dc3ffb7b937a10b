//! Monitors that are not ours: programs that take Piranha's argument vector and write their entries themselves
//! (specification lvsd.md 5 and 6). One task each, which starts it, listens to it and ends it.

use std::collections::BTreeMap;
use std::env;
use std::fs::OpenOptions;
use std::io;
use std::time::{Duration, Instant};

use control::report::FromNanny;
use control::tokens::{Token, Tokens};
use lvs_cf::VirtualServer;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use service::process::end_with_parent;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::process::end;
use crate::plan::{Mode, MonitorKey, Place, PlannedMonitor};

/// Events that wait for the main loop at most; a monitor that says more has to wait itself.
const WAITING_EVENTS: usize = 1024;
/// A silent monitor's real server counts as down after so many of its `timeout`: its first check has failed by then
/// (specification nanny.md 9), and of that Piranha's nanny says nothing.
const LONGEST_CHECK: u32 = 3;
/// No such program shall take itself for one that lvsd or pulse talks to.
const OUR_VARIABLES: &[u8] = b"PIRANHA_";

/// What a foreign monitor gets as its descriptors 0, 1 and 2 (specification lvsd.md 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Descriptors {
    /// lvsd's own, in the foreground.
    Inherited,
    /// `/dev/null`, in daemon modes.
    Null,
    /// Both ends of a pipe, because lvsd wants to know for the sorry server which real servers are up. One that has said
    /// nothing for so long counts as down.
    Pipe {
        /// Since its start.
        patience: Duration,
    },
}

impl Descriptors {
    /// Those of the monitors of a virtual server.
    pub(crate) fn of(block: &VirtualServer, mode: Mode) -> Self {
        match block.sorry_server {
            Some(_) => Self::Pipe { patience: block.time_between_checks() * LONGEST_CHECK },
            None if mode.nodaemon => Self::Inherited,
            None => Self::Null,
        }
    }
}

/// What happened to a foreign monitor.
#[derive(Debug)]
pub(crate) enum Event {
    /// It said something, or too long nothing.
    Report(MonitorKey, FromNanny),
    /// It ended without having been asked to, for this reason, after it had run for this long.
    Ended(MonitorKey, String, Duration),
    /// It ended as it was asked to. Its entry may be left.
    Stopped(MonitorKey, Place),
}

/// All foreign monitors.
#[derive(Debug)]
pub(crate) struct ForeignMonitors {
    processes: BTreeMap<MonitorKey, Process>,
    sender: mpsc::Sender<(MonitorKey, News)>,
    receiver: mpsc::Receiver<(MonitorKey, News)>,
}

/// A monitor from its start until its end was heard of: until then no other is started in its place.
#[derive(Debug)]
struct Process {
    watches: Place,
    /// Used up when it was asked to end.
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// What the task of a monitor tells; the end comes last.
#[derive(Debug)]
enum News {
    Report(FromNanny),
    Ended(String, Duration),
}

impl ForeignMonitors {
    /// None yet.
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING_EVENTS);
        Self { processes: BTreeMap::new(), sender, receiver }
    }

    /// Starts a monitor and returns its pid. A program that cannot be executed is reported as ended, like one that died
    /// at once.
    pub(crate) fn start(
        &mut self,
        key: &MonitorKey,
        plan: &PlannedMonitor,
        descriptors: Descriptors,
    ) -> Option<u32> {
        let (stop, stopped) = oneshot::channel();
        let monitor = Monitor { key: *key, weight: plan.weight, sender: self.sender.clone() };
        let (pid, task) = match spawn(plan, descriptors) {
            Ok((child, ears)) => (child.id(), tokio::spawn(monitor.run(child, ears, stopped))),
            Err(error) => {
                let why = format!("cannot execute {}: {error}", plan.invocation.program().display());
                (None, tokio::spawn(async move { monitor.tell(News::Ended(why, Duration::ZERO)).await }))
            }
        };
        self.processes.insert(*key, Process { watches: plan.watches, stop: Some(stop), task });
        pid
    }

    /// Whether this monitor runs, or has not yet ended.
    pub(crate) fn is_here(&self, key: &MonitorKey) -> bool {
        self.processes.contains_key(key)
    }

    /// Asks a monitor to end, if there is one.
    pub(crate) fn stop(&mut self, key: &MonitorKey) {
        if let Some(stop) = self.processes.get_mut(key).and_then(|process| process.stop.take()) {
            // A monitor that just ended by itself needs no word.
            let _ = stop.send(());
        }
    }

    /// Ends all monitors at once and waits for them, each with its own limit.
    pub(crate) async fn stop_all(&mut self) {
        // The word to end is given by dropping the other half of `stop`.
        let tasks: Vec<_> =
            std::mem::take(&mut self.processes).into_values().map(|process| process.task).collect();
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
            let (key, news) = self.receiver.recv().await?;
            if let Some(event) = self.judge(key, news) {
                return Some(event);
            }
        }
    }

    fn judge(&mut self, key: MonitorKey, news: News) -> Option<Event> {
        let asked = self.processes.get(&key)?.stop.is_none();
        match news {
            News::Report(report) => (!asked).then_some(Event::Report(key, report)),
            News::Ended(why, ran) => {
                let watches = self.processes.remove(&key)?.watches;
                Some(if asked { Event::Stopped(key, watches) } else { Event::Ended(key, why, ran) })
            }
        }
    }
}

/// Piranha's monitors start with SIGINT, SIGCHLD, SIGTERM and SIGHUP blocked; these do not, since a program that does
/// not know of that could not be ended.
fn spawn(plan: &PlannedMonitor, descriptors: Descriptors) -> io::Result<(Child, Option<Ears>)> {
    let mut command = Command::new(plan.invocation.program());
    command.args(plan.invocation.arguments());
    for (name, _) in env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(OUR_VARIABLES)) {
        command.env_remove(name);
    }
    let ears = match descriptors {
        Descriptors::Inherited => None,
        Descriptors::Null => {
            let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
            command.stdin(null.try_clone()?).stdout(null.try_clone()?).stderr(null);
            None
        }
        Descriptors::Pipe { patience } => Some(Ears { pipe: pipe(&mut command)?, patience }),
    };
    // The main thread starts it, which lives as long as lvsd.
    end_with_parent(command.as_std_mut());
    Ok((command.spawn()?, ears))
}

/// Gives the child both ends of a pipe and keeps the one to read from.
fn pipe(command: &mut Command) -> io::Result<Receiver> {
    let (reader, writer) = io::pipe()?;
    fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    command.stdin(reader.try_clone()?).stdout(writer.try_clone()?).stderr(writer);
    Receiver::from_owned_fd(reader.into())
}

/// How lvsd hears of the real server.
struct Ears {
    pipe: Receiver,
    patience: Duration,
}

struct Monitor {
    key: MonitorKey,
    weight: u32,
    sender: mpsc::Sender<(MonitorKey, News)>,
}

impl Monitor {
    async fn run(self, mut child: Child, ears: Option<Ears>, stop: oneshot::Receiver<()>) {
        let started = Instant::now();
        tokio::select! {
            () = self.listen(ears) => {}
            _ = child.wait() => {}
            _ = stop => end(&mut child).await,
        }
        let why = match child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        self.tell(News::Ended(why, started.elapsed())).await;
    }

    /// Hands on what is heard, for ever: the end of the pipe is not the end of the monitor.
    async fn listen(&self, ears: Option<Ears>) {
        if let Some(Ears { mut pipe, patience }) = ears {
            let mut tokens = Tokens::default();
            let mut buffer = [0; 4096];
            let mut silent = true;
            let over = tokio::time::sleep(patience);
            tokio::pin!(over);
            loop {
                tokio::select! {
                    read = pipe.read(&mut buffer) => {
                        let Ok(length @ 1..) = read else { break };
                        for token in tokens.feed(&buffer[..length]) {
                            silent = false;
                            self.tell(News::Report(self.report(token))).await;
                        }
                    }
                    () = &mut over, if silent => {
                        silent = false;
                        self.tell(News::Report(down("its monitor says nothing"))).await;
                    }
                }
            }
        }
        std::future::pending::<()>().await;
    }

    fn report(&self, token: Token) -> FromNanny {
        match token {
            Token::Active => FromNanny::Up { weight: self.weight },
            Token::Inactive => down("its monitor says so"),
        }
    }

    async fn tell(&self, news: News) {
        // At the end of lvsd nobody listens any more.
        let _ = self.sender.send((self.key, news)).await;
    }
}

fn down(reason: &str) -> FromNanny {
    FromNanny::Down { reason: reason.to_owned(), forced: false }
}
