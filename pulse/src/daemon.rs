//! The process of lvsd or fos: started with one end of the readiness socket, listened to, signalled, collected.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::ExitStatus;

use std::os::unix::process::ExitStatusExt;

use control::lines::Decoder;
use control::readiness::{DESCRIPTOR, FromLvsd, Heard};
use heartbeat::{Ending, FosMode};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use service::child::Link;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::aside;
use crate::options::Options;

/// lvsd or fos, if it runs. It ends by itself when this end of its readiness socket is closed, so it never outlives
/// pulse.
#[derive(Debug)]
pub(crate) struct Daemon {
    name: &'static str,
    starting: Option<JoinHandle<io::Result<Running>>>,
    running: Option<Running>,
    /// For a daemon that is still being started.
    pending: Option<Signal>,
}

#[derive(Debug)]
struct Running {
    pid: u32,
    child: Child,
    readiness: Option<UnixStream>,
    decoder: Decoder,
    /// What it has said and nobody has taken yet.
    said: VecDeque<FromLvsd>,
}

/// What the daemon does.
#[derive(Debug)]
pub(crate) enum News {
    /// It could not be executed.
    NotStarted(io::Error),
    /// It said this. fos says nothing.
    Said(FromLvsd),
    /// It ended.
    Ended(Ending),
}

impl Daemon {
    /// One that does not run yet. The name is for log lines.
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, starting: None, running: None, pending: None }
    }

    /// Starts it; [`Daemon::next`] tells if that fails. One that was left behind because it does not end is forgotten.
    pub(crate) fn start(&mut self, program: &Path, arguments: &[&OsStr]) {
        let mut command = Command::new(program);
        // A terminal's Ctrl-C is for pulse, which takes the addresses off before it ends the daemon.
        command.args(arguments).process_group(0);
        self.running = None;
        self.pending = None;
        self.starting = Some(tokio::spawn(start(command)));
    }

    /// Sends it a signal, if it runs or is about to.
    pub(crate) fn signal(&mut self, signal: Signal) {
        if self.starting.is_some() {
            self.pending = Some(signal);
            return;
        }
        let pid = self.running.as_ref().and_then(|running| running.child.id());
        let Some(pid) = pid.and_then(|pid| i32::try_from(pid).ok()).filter(|pid| *pid > 1) else { return };
        if let Err(reason) = kill(Pid::from_raw(pid), signal) {
            tracing::warn!("cannot send {signal} to {} pid={pid}: {reason}", self.name);
        }
    }

    /// The next news; never comes back without a process. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> News {
        if let Some(starting) = &mut self.starting {
            let started = starting.await.unwrap_or_else(|failure| Err(io::Error::other(failure)));
            self.starting = None;
            match started {
                Ok(running) => self.running = Some(running),
                Err(reason) => return News::NotStarted(reason),
            }
            if let Some(signal) = self.pending.take() {
                self.signal(signal);
            }
        }
        let Some(running) = &mut self.running else { return std::future::pending().await };
        loop {
            if let Some(said) = running.said.pop_front() {
                return News::Said(said);
            }
            tokio::select! {
                // What it said before it ended comes first.
                biased;
                said = listen(self.name, &mut running.readiness, &mut running.decoder) => match said {
                    Some(said) => running.said.extend(said),
                    None => running.readiness = None,
                },
                status = running.child.wait() => {
                    let ending = ending(self.name, running.pid, status);
                    self.running = None;
                    return News::Ended(ending);
                }
            }
        }
    }
}

/// A command that is started at the same time may get the daemon's end of the socket, too: the end of the process tells
/// more than that of the socket.
async fn start(mut command: Command) -> io::Result<Running> {
    let link = Link::new()?;
    command.env(DESCRIPTOR, link.number());
    let child = aside::start(command).await?;
    Ok(Running {
        pid: child.id().unwrap_or_default(),
        child,
        readiness: Some(UnixStream::from_std(link.keep())?),
        decoder: Decoder::default(),
        said: VecDeque::new(),
    })
}

/// How lvsd is started: `--nofork` keeps it a child of a daemon (specification pulse.md 13).
pub(crate) fn lvsd_arguments(options: &Options) -> Vec<&OsStr> {
    let mode = if options.nodaemon { "--nodaemon" } else { "--nofork" };
    let mut words = vec![mode.as_ref(), "-c".as_ref(), Path::as_os_str(&options.file)];
    if options.verbose {
        words.push("-v".as_ref());
    }
    words
}

/// How fos is started (specification pulse.md 20.1).
pub(crate) fn fos_arguments(options: &Options, mode: FosMode) -> Vec<&OsStr> {
    let mode = match mode {
        FosMode::Active => "--active",
        FosMode::Monitor => "--monitor",
    };
    let place = if options.nodaemon { "--nodaemon" } else { "--nofork" };
    let mut words = vec![mode.as_ref(), "-c".as_ref(), Path::as_os_str(&options.file), place.as_ref()];
    if options.verbose {
        words.push("-v".as_ref());
    }
    words
}

/// The next messages; nothing when the daemon has closed its end or says what nobody understands.
async fn listen(
    name: &str,
    readiness: &mut Option<UnixStream>,
    decoder: &mut Decoder,
) -> Option<Vec<FromLvsd>> {
    let Some(stream) = readiness else { return std::future::pending().await };
    let mut bytes = [0; 4096];
    let length = stream.read(&mut bytes).await.ok().filter(|length| *length > 0)?;
    match decoder.feed::<Heard>(bytes.get(..length)?) {
        Ok(messages) => Some(messages.into_iter().filter_map(Heard::known).collect()),
        Err(error) => {
            tracing::warn!("{name}'s report is not understood: {error}");
            None
        }
    }
}

fn ending(name: &str, pid: u32, status: io::Result<ExitStatus>) -> Ending {
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(status), _) => Ending::Exited { pid, status },
            (None, signal) => Ending::Signalled { pid, signal: signal.unwrap_or_default() },
        },
        Err(reason) => {
            tracing::warn!("cannot wait for {name} pid={pid}: {reason}");
            Ending::NotStarted
        }
    }
}
