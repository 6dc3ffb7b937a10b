//! A check by a program: specification nanny.md 4 and 13, rows 1 to 3.

use std::convert::Infallible;
use std::future::pending;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use tracing::{debug, info};

use super::Probe;
use crate::expect::Expect;
use crate::failure::{Cause, Ran, errno, shown};
use crate::program::Program;

/// Most bytes of output that are kept; the rest is read and dropped, so that no program gets stuck.
const LONGEST_OUTPUT: usize = 64 * 1024;
/// How long the rest of the output is awaited when the program has ended but its descendants hold the pipe.
const REST: Duration = Duration::from_millis(50);
/// How long a program may take to end after SIGTERM.
const GRACE: Duration = Duration::from_millis(200);

pub(super) async fn check(probe: &Probe, program: &Program) -> Result<(), Cause> {
    debug!("Found {} argument(s)", program.arguments.len());
    debug!("Invoking:  {}", program.name.display());
    let name = || program.name.to_string_lossy().into_owned();
    let mut running = Running::start(program)
        .map_err(|error| Cause::NotStarted { program: name(), errno: errno(&error) })?;
    let Ok(ended) = timeout(probe.limit, running.end()).await else {
        running.stop().await;
        return Err(Cause::Overtime { program: name() });
    };
    let (status, output) = ended.map_err(|error| Cause::Read(errno(&error)))?;
    let text = without_line_end(&output);
    debug!("Got result ({}) from command sent to ({})", shown(text), probe.real_server);
    judge(&probe.expect, Ran { program: name(), status, output: text.to_vec() })
}

/// A program that expects an answer is judged by that alone, one that does not by its exit status.
fn judge(expect: &Expect, ran: Ran) -> Result<(), Cause> {
    let good = match expect {
        Expect::Nothing => ran.status.success(),
        Expect::Anything => !ran.output.is_empty(),
        Expect::Prefix(text) => ran.output == *text,
        Expect::Match(expression) => expression.is_match(&ran.output),
        Expect::Impossible(reason) => return Err(Cause::Expression(reason.clone())),
    };
    match (expect, ran.status.code()) {
        (_, None) => Err(Cause::Abnormal(ran)),
        _ if good => Ok(()),
        (Expect::Nothing, _) => Err(Cause::Abnormal(ran)),
        _ if ran.output.is_empty() => Err(Cause::Silent(ran)),
        _ => Err(Cause::Unexpected(ran)),
    }
}

fn without_line_end(output: &[u8]) -> &[u8] {
    let text = output.strip_suffix(b"\n").unwrap_or(output);
    text.strip_suffix(b"\r").filter(|_| text.len() < output.len()).unwrap_or(text)
}

/// A running program, the leader of a process group of its own. Dropped before its end, the group is killed.
struct Running {
    child: Child,
    /// The group, until its leader was waited for: so long its number cannot be another's.
    group: Option<Pid>,
}

impl Running {
    fn start(program: &Program) -> std::io::Result<Self> {
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
    async fn end(&mut self) -> std::io::Result<(ExitStatus, Vec<u8>)> {
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

    async fn wait(&mut self) -> std::io::Result<ExitStatus> {
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
