//! `active_cmd` and `inactive_cmd`: one at a time, in order, each bounded (specification pulse.md 17 and F37).

use std::collections::VecDeque;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::aside;

/// A command that takes longer is killed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Commands that wait at most; a router that changes faster than its commands end runs only the latest.
const WAITING: usize = 8;

/// The commands that run and wait.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    running: Option<JoinHandle<()>>,
    waiting: VecDeque<(&'static str, Vec<OsString>)>,
}

impl Commands {
    /// Runs a command now, or after those before it.
    pub(crate) fn run(&mut self, name: &'static str, command: &[OsString]) {
        if self.waiting.len() >= WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back((name, command.to_vec()));
        self.start_next();
    }

    pub(crate) fn are_done(&self) -> bool {
        self.running.is_none()
    }

    /// Collects the command that ends next; never comes back without one. May be dropped and called again.
    pub(crate) async fn next(&mut self) {
        let Some(running) = &mut self.running else { return std::future::pending().await };
        if let Err(failure) = running.await {
            tracing::error!("a command was lost: {failure}");
        }
        self.running = None;
        self.start_next();
    }

    fn start_next(&mut self) {
        if self.running.is_none()
            && let Some((name, words)) = self.waiting.pop_front()
        {
            self.running = Some(tokio::spawn(run(name, words)));
        }
    }
}

/// Runs a command to its end, whatever that is, and tells of it.
async fn run(name: &'static str, words: Vec<OsString>) {
    let Some((program, arguments)) = words.split_first() else { return };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).process_group(0);
    let mut child = match aside::start(command).await {
        Ok(child) => child,
        Err(reason) => {
            return tracing::error!(
                "{name}: cannot execute {}: {reason}; it needs a full path, and runs without a shell",
                program.display()
            );
        }
    };
    let pid = child.id().unwrap_or_default();
    match timeout(PATIENCE, child.wait()).await {
        Ok(Ok(status)) => {
            let outcome = outcome(status);
            tracing::info!("Skipping death of unknown child {pid} command={name} {outcome}");
        }
        Ok(Err(reason)) => tracing::warn!("cannot wait for {name} pid={pid}: {reason}"),
        Err(_) => {
            tracing::warn!("{name} has not ended within {} s: killing it pid={pid}", PATIENCE.as_secs());
            if let Err(reason) = child.start_kill() {
                tracing::warn!("cannot kill {name} pid={pid}: {reason}");
            }
        }
    }
}

fn outcome(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("status={code}"),
        (None, signal) => format!("signal={}", signal.unwrap_or_default()),
    }
}
