//! fos: starts failover services on the active router, and watches them from the other.
//!
//! It never raises an address and never sends a heartbeat. Its end is its message: pulse sees that it has ended, and
//! acts. [`configuration`] reads the file, [`plan`] says what it means, [`machine`] what is run when; [`daemon`] is the
//! loop around them.

mod children;
mod configuration;
mod daemon;
mod event;
mod line;
mod machine;
mod monitor_command;
mod options;
mod patience;
mod plan;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use control::readiness;
use service::detach::{Detached, Waiting, detach, leave_terminal};
use service::log::Destination;
use service::pid_file::{self, PidFile};
use tokio::net::UnixStream;

use crate::daemon::Daemon;
use crate::options::{Options, PROGRAM};
use crate::plan::{FailoverService, Mode};

const PID_FILE: &str = "/var/run/fos.pid";

fn main() -> ExitCode {
    let options = service::options::command_line::<Options>(PROGRAM);
    let (options, mode) = match options.and_then(|options| options.mode().map(|mode| (options, mode))) {
        Ok(asked) => asked,
        Err(exit) => return exit.print().into(),
    };
    let services = match configuration::read(&options, mode) {
        Ok(services) => services,
        Err(refusal) => {
            complain(options.nofork, &refusal);
            return ExitCode::from(1);
        }
    };
    let nofork = options.nofork;
    match serve(options, mode, services) {
        Ok(status) => status.into(),
        Err(error) => {
            complain(nofork, &format!("fos: {error:#}\n"));
            ExitCode::from(1)
        }
    }
}

/// Says why fos does not start. With `--nofork` its parent is a daemon, whose standard error nobody reads.
fn complain(nofork: bool, reason: &str) {
    eprint!("{reason}");
    if nofork {
        service::log::init("fos", Destination::Syslog, false);
        for line in reason.lines() {
            tracing::error!("{line}");
        }
    }
}

/// Becomes a daemon and works until the end; the result is the exit status.
fn serve(options: Options, mode: Mode, services: Vec<FailoverService>) -> Result<u8> {
    let pulse = service::child::shared_socket(readiness::DESCRIPTOR)?;
    if options.nodaemon {
        service::log::init("fos", Destination::Terminal, options.verbose);
        return work(options, mode, services, pulse, None);
    }
    let caller = if options.nofork {
        leave_terminal()
    } else {
        match detach().context("cannot become a daemon")? {
            Detached::Caller(status) => return Ok(status),
            Detached::Daemon(caller) => caller,
        }
    };
    service::log::init("fos", Destination::Syslog, options.verbose);
    let pid_file = match PidFile::write(Path::new(PID_FILE)) {
        Ok(pid_file) => Some(pid_file),
        Err(held @ pid_file::Error::Held { .. }) => {
            // Said before the caller is let go, or it would come too late for its terminal.
            complain(options.nofork, &format!("fos: {held}\n"));
            caller.failed(1);
            return Ok(1);
        }
        Err(unusable) => {
            tracing::warn!("{unusable}");
            None
        }
    };
    let status = work(options, mode, services, pulse, Some(caller));
    if let Some(pid_file) = pid_file {
        pid_file.remove();
    }
    status
}

/// The event loop. One thread: nothing here takes long. The caller does not wait for the commands.
#[tokio::main(flavor = "current_thread")]
async fn work(
    options: Options,
    mode: Mode,
    services: Vec<FailoverService>,
    pulse: Option<std::os::unix::net::UnixStream>,
    caller: Option<Waiting>,
) -> Result<u8> {
    let pulse = pulse.map(UnixStream::from_std).transpose()?;
    let daemon = Daemon::new(options, mode, pulse).context("cannot catch signals")?;
    if let Some(caller) = caller {
        caller.ready().context("cannot open /dev/null")?;
    }
    Ok(daemon.run(services).await)
}
