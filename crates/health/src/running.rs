//! Running a program beside the event loop: bounded in time and output, and never left behind.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use tracing::{debug, info};

use crate::program::Program;

/// Most bytes of output that are kept; the rest is read and dropped, so that no program gets stuck.
const LONGEST_OUTPUT: usize = 64 * 1024;
/// How long the rest of the output is awaited when the program has ended but its descendants hold the pipe.
const REST: Duration = Duration::from_millis(50);
/// How long a program may take to end after SIGTERM.
const GRACE: Duration = Duration::from_millis(200);

/// How a program came to its end.
pub(crate) enum End {
    /// By itself, or by a signal from elsewhere.
    Ended { status: ExitStatus, output: Vec<u8> },
    /// Its time was up.
    Overtime,
}

/// Runs a program to its end, at most this long. Dropping this ends the program, too.
///
/// # Errors
///
/// If it cannot be started.
pub(crate) async fn run(program: &Program, limit: Duration) -> io::Result<End> {
    debug!("Found {} argument(s)", program.arguments.len());
    debug!("Invoking:  {}", program.name.display());
    let mut running = Running::start(program)?;
    let Ok(ended) = timeout(limit, running.end()).await else {
        running.stop().await;
        return Ok(End::Overtime);
    };
    ended.map(|(status, output)| End::Ended { status, output })
}

/// A running program, the leader of a process group of its own. Dropped before its end, the group is killed.
struct Running {
    child: Child,
    /// The group, until its leader was waited for: so long its number cannot be another's.
    group: Option<Pid>,
}

impl Running {
    fn start(program: &Program) -> io::Result<Self> {
        let child = Command::new(&program.name)
            .args(&program.arguments)
            .envs(program.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let group = child.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw);
        Ok(Self { child, group })
    }

    /// Waits for the end and collects the output meanwhile.
    async fn end(&mut self) -> io::Result<(ExitStatus, Vec<u8>)> {
        let mut output = Vec::new();
        let Some(mut stdout) = self.child.stdout.take() else { return Ok((self.wait().await?, output)) };
        let reading = async {
            collect(&mut stdout, &mut output).await;
            pending::<Infallible>().await
        };
        let status = tokio::select! {
            status = self.wait() => status?,
            never = reading => match never {},
        };
        // Only a descendant that still holds the pipe can make this wait.
        let _ = timeout(REST, collect(&mut stdout, &mut output)).await;
        Ok((status, output))
    }

    /// Ends the group, kindly at first.
    async fn stop(&mut self) {
        self.signal(Signal::SIGTERM);
        sleep(GRACE).await;
        self.signal(Signal::SIGKILL);
        // Nothing is left to be done if this fails.
        let _ = self.wait().await;
    }

    async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await;
        self.group = None;
        status
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // The group may have ended meanwhile.
            let _ = killpg(group, signal);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            info!("Killing child {group}");
            self.signal(Signal::SIGKILL);
        }
    }
}

/// Reads to the end, keeping the first [`LONGEST_OUTPUT`] bytes. What was read is kept when this is dropped.
async fn collect(pipe: &mut (impl AsyncRead + Unpin), output: &mut Vec<u8>) {
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = pipe.read(&mut piece).await {
        let room = LONGEST_OUTPUT.saturating_sub(output.len());
        output.extend(piece.iter().take(length.min(room)));
    }
}
