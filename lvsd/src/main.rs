//! lvsd: keeps the kernel's IPVS table as `lvs.cf` and the checks of the real servers want it.
//!
//! A line of the file becomes a kernel entry here: [`configuration`] reads it, [`plan`] says what it asks for,
//! [`state`] adds what the monitors have found, [`kernel`] makes the table so. [`daemon`] is the loop around them.

mod arguments;
mod check;
mod clear;
mod configuration;
mod daemon;
mod drains;
mod drift;
mod families;
mod first_checks;
mod history;
mod inquiry;
mod kernel;
mod marks;
mod monitors;
mod naming;
mod operator;
mod operator_file;
mod options;
mod plan;
mod readings;
mod record;
mod restarts;
mod state;
mod status;
mod sysctls;
mod test_start;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use control::readiness;
use lvs_cf::Config;
use service::detach::{Detached, Waiting, detach, leave_terminal};
use service::log::Destination;
use service::pid_file::PidFile;
use tokio::net::UnixStream;

use crate::daemon::Daemon;
use crate::kernel::Kernel;
use crate::options::{Options, PROGRAM};

/// The name stayed `lvs.pid` in every release of Piranha.
const PID_FILE: &str = "/var/run/lvs.pid";

fn main() -> ExitCode {
    let options: Options = match service::options::command_line(PROGRAM) {
        Ok(options) => options,
        Err(exit) => return exit.print().into(),
    };
    if options.check {
        return check::run(&options).into();
    }
    if options.clear {
        return clear::run()
            .unwrap_or_else(|error| {
                eprintln!("lvs: {error:#}");
                1
            })
            .into();
    }
    let config = match configuration::read(&options.file) {
        Ok((config, _)) => config,
        Err(refusal) => {
            complain(options.nofork, &refusal);
            return ExitCode::from(1);
        }
    };
    if options.test_start {
        return test_start::run(&options, &config).into();
    }
    let nofork = options.nofork;
    match serve(options, &config) {
        Ok(status) => status.into(),
        Err(error) => {
            complain(nofork, &format!("lvs: {error:#}\n"));
            ExitCode::from(1)
        }
    }
}

/// Says why lvsd does not start. With `--nofork` its parent is a daemon, whose standard error nobody reads.
fn complain(nofork: bool, reason: &str) {
    eprint!("{reason}");
    if nofork {
        service::log::init("lvsd", Destination::Syslog, false);
        for line in reason.lines() {
            tracing::error!("{line}");
        }
    }
}

/// Becomes a daemon and works until the end; the result is the exit status.
fn serve(options: Options, config: &Config) -> Result<u8> {
    let pulse = service::child::shared_socket(readiness::DESCRIPTOR)?;
    // Before detaching, so that a missing module or right is said on the terminal.
    let kernel = Kernel::connect()?;
    if options.nodaemon {
        service::log::init("lvs", Destination::Terminal, options.verbose);
        return work(options, config, kernel, pulse, None);
    }
    let caller = if options.nofork {
        leave_terminal()
    } else {
        match detach().context("cannot become a daemon")? {
            Detached::Caller(status) => return Ok(status),
            Detached::Daemon(caller) => caller,
        }
    };
    let pid_file = match PidFile::write(Path::new(PID_FILE)) {
        Ok(pid_file) => pid_file,
        Err(error) => {
            // Said before the caller is let go, or it would come too late for its terminal.
            complain(options.nofork, &format!("lvs: {error}\n"));
            caller.failed(1);
            return Ok(1);
        }
    };
    service::log::init("lvsd", Destination::Syslog, options.verbose);
    let status = work(options, config, kernel, pulse, Some(caller));
    pid_file.remove();
    status
}

/// The event loop. One thread: everything waits for the same few sockets.
#[tokio::main(flavor = "current_thread")]
async fn work(
    options: Options,
    config: &Config,
    kernel: Kernel,
    pulse: Option<std::os::unix::net::UnixStream>,
    caller: Option<Waiting>,
) -> Result<u8> {
    let pulse = pulse.map(UnixStream::from_std).transpose()?;
    let mut daemon = Daemon::new(options, kernel, pulse).context("cannot catch signals")?;
    daemon.start(config).await;
    if let Some(caller) = caller {
        caller.ready().context("cannot open /dev/null")?;
    }
    Ok(daemon.run().await)
}
