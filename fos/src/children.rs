//! The processes of fos: one command at a time, and a nanny for each service that is watched.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};

use control::readiness::DESCRIPTOR;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use service::process::end_with_parent;
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::event::{Event, Force, Id, Outcome};

/// The processes that run, and the channel that their ends come through: none is missed (specification fos.md S2).
#[derive(Debug)]
pub(crate) struct Children {
    command: Option<Running>,
    monitors: BTreeMap<Id, Running>,
    /// Commands are counted, so that the late end of one that was given up is not taken for the next one's.
    commands: u64,
    ended: UnboundedReceiver<(Who, Outcome)>,
    sender: UnboundedSender<(Who, Outcome)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Command(u64),
    Monitor(Id),
}

/// A process that has not been collected: its pid is nobody else's.
#[derive(Debug)]
struct Running {
    pid: Pid,
}

impl Default for Children {
    fn default() -> Self {
        let (sender, ended) = unbounded_channel();
        Self { command: None, monitors: BTreeMap::new(), commands: 0, ended, sender }
    }
}

impl Children {
    /// Runs a command. The answer is there at once if it cannot be executed.
    pub(crate) fn run(&mut self, words: &[OsString]) -> Option<Event> {
        self.commands += 1;
        self.command = None;
        match spawn(&mut command(words)) {
            Ok((pid, child)) => {
                self.command = Some(Running { pid });
                self.collect(Who::Command(self.commands), child);
                None
            }
            Err(reason) => Some(Event::CommandEnded(not_executed(words, &reason))),
        }
    }

    /// Starts a service's nanny.
    pub(crate) fn watch(&mut self, id: Id, words: &[OsString]) -> Event {
        match spawn(&mut command(words)) {
            Ok((pid, child)) => {
                self.monitors.insert(id, Running { pid });
                self.collect(Who::Monitor(id), child);
                Event::MonitorStarted(id, pid.as_raw().unsigned_abs())
            }
            Err(reason) => Event::MonitorEnded(id, not_executed(words, &reason)),
        }
    }

    /// Signals the command and all that it has started and that stayed in its process group.
    pub(crate) fn signal_command(&self, force: Force) {
        if let Some(Running { pid }) = self.command {
            // Gone already is as good.
            let _ = killpg(pid, signal(force));
        }
    }

    /// Signals a service's nanny.
    pub(crate) fn signal_monitor(&self, id: Id, force: Force) {
        if let Some(Running { pid }) = self.monitors.get(&id) {
            // Gone already is as good.
            let _ = kill(*pid, signal(force));
        }
    }

    /// The next end. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            match self.ended.recv().await {
                Some((Who::Command(number), outcome)) if number == self.commands => {
                    self.command = None;
                    return Event::CommandEnded(outcome);
                }
                Some((Who::Monitor(id), outcome)) => {
                    self.monitors.remove(&id);
                    return Event::MonitorEnded(id, outcome);
                }
                Some((Who::Command(_), _)) => {}
                None => return std::future::pending().await,
            }
        }
    }

    fn collect(&self, who: Who, mut child: Child) {
        let sender = self.sender.clone();
        tokio::spawn(async move {
            let outcome = child.wait().await.map_or(Outcome::Stuck, outcome);
            // fos may have given it up and ended.
            let _ = sender.send((who, outcome));
        });
    }
}

/// Executed directly, without a shell; in a process group of its own, since a terminal's Ctrl-C is for fos alone. It ends
/// with fos, however that ends: the next fos runs commands of its own, and a stop that is late would undo a start.
fn command(words: &[OsString]) -> Command {
    let (program, arguments) =
        words.split_first().map_or((None, words), |(program, rest)| (Some(program), rest));
    let mut command = Command::new(program.map_or("".as_ref(), OsString::as_os_str));
    command.args(arguments).stdin(Stdio::null()).process_group(0).env_remove(DESCRIPTOR);
    end_with_parent(command.as_std_mut());
    command
}

fn spawn(command: &mut Command) -> io::Result<(Pid, Child)> {
    let child = command.spawn()?;
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).filter(|pid| *pid > 1);
    let pid = pid.ok_or_else(|| io::Error::other("it has no process id"))?;
    Ok((Pid::from_raw(pid), child))
}

fn not_executed(words: &[OsString], reason: &io::Error) -> Outcome {
    let program = words.first().map(|program| program.display().to_string()).unwrap_or_default();
    Outcome::NotExecuted(format!("cannot execute {program}: {reason}"))
}

fn outcome(status: ExitStatus) -> Outcome {
    status.code().map_or_else(|| Outcome::Signalled(status.signal().unwrap_or_default()), Outcome::Exited)
}

fn signal(force: Force) -> Signal {
    match force {
        Force::Term => Signal::SIGTERM,
        Force::Kill => Signal::SIGKILL,
    }
}
