//! The lvsd process: started with one end of the readiness socket, listened to, signalled, collected.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::ExitStatus;

use std::os::unix::process::ExitStatusExt;

use control::lines::Decoder;
use control::readiness::{DESCRIPTOR, FromLvsd};
use heartbeat::Ending;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use service::child::Link;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use crate::options::Options;

/// lvsd, if it runs. lvsd ends by itself when this end of its readiness socket is closed, so it never outlives pulse.
#[derive(Debug, Default)]
pub(crate) struct Lvsd {
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    pid: u32,
    child: Child,
    readiness: Option<UnixStream>,
    decoder: Decoder,
}

/// What lvsd does.
#[derive(Debug)]
pub(crate) enum News {
    /// It said this.
    Said(FromLvsd),
    /// It ended.
    Ended(Ending),
}

impl Lvsd {
    /// Starts it. One that was left behind because it does not end is forgotten.
    ///
    /// # Errors
    ///
    /// Why it could not be executed.
    pub(crate) fn start(&mut self, options: &Options) -> io::Result<()> {
        let link = Link::new()?;
        let child = Command::new(&options.lvsd)
            .args(arguments(options))
            .env(DESCRIPTOR, link.number())
            // A terminal's Ctrl-C is for pulse, which takes the addresses off before it ends lvsd.
            .process_group(0)
            .spawn()?;
        self.running = Some(Running {
            pid: child.id().unwrap_or_default(),
            child,
            readiness: Some(UnixStream::from_std(link.keep())?),
            decoder: Decoder::default(),
        });
        Ok(())
    }

    /// Sends it a signal, if it runs.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.running.as_ref().and_then(|running| running.child.id());
        let Some(pid) = pid.and_then(|pid| i32::try_from(pid).ok()).filter(|pid| *pid > 1) else { return };
        if let Err(reason) = kill(Pid::from_raw(pid), signal) {
            tracing::warn!("cannot send {signal} to lvsd pid={pid}: {reason}");
        }
    }

    /// The next news; never comes back without a process. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> News {
        let Some(running) = &mut self.running else { return std::future::pending().await };
        loop {
            tokio::select! {
                // What it said before it ended comes first.
                biased;
                said = listen(&mut running.readiness, &mut running.decoder) => {
                    if let Some(said) = said {
                        return News::Said(said);
                    }
                    running.readiness = None;
                }
                status = running.child.wait() => {
                    let ending = ending(running.pid, status);
                    self.running = None;
                    return News::Ended(ending);
                }
            }
        }
    }
}

/// `--nofork` keeps lvsd a child of a daemon (specification pulse.md 13).
pub(crate) fn arguments(options: &Options) -> Vec<&OsStr> {
    let mode = if options.nodaemon { "--nodaemon" } else { "--nofork" };
    let mut words = vec![mode.as_ref(), "-c".as_ref(), Path::as_os_str(&options.file)];
    if options.verbose {
        words.push("-v".as_ref());
    }
    words
}

/// The next message; nothing when lvsd has closed its end or says what nobody understands.
async fn listen(readiness: &mut Option<UnixStream>, decoder: &mut Decoder) -> Option<FromLvsd> {
    let Some(stream) = readiness else { return std::future::pending().await };
    let mut bytes = [0; 4096];
    loop {
        let length = stream.read(&mut bytes).await.ok().filter(|length| *length > 0)?;
        match decoder.feed::<FromLvsd>(bytes.get(..length)?) {
            Ok(messages) => {
                if let Some(message) = messages.into_iter().next_back() {
                    return Some(message);
                }
            }
            Err(error) => {
                tracing::warn!("lvsd's report is not understood: {error}");
                return None;
            }
        }
    }
}

fn ending(pid: u32, status: io::Result<ExitStatus>) -> Ending {
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(status), _) => Ending::Exited { pid, status },
            (None, signal) => Ending::Signalled { pid, signal: signal.unwrap_or_default() },
        },
        Err(reason) => {
            tracing::warn!("cannot wait for lvsd pid={pid}: {reason}");
            Ending::NotStarted
        }
    }
}
