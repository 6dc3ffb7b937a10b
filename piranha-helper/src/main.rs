//! piranha-helper does for the web page what needs root, and nothing else: it saves lvs.cf, has pulse reload it, starts and
//! stops pulse, and copies the file to the backup. The page runs as user piranha.
//!
//! Whoever has taken over the page can ask all of this, so nothing of it may lead to root: [`saving`] lets nothing through
//! that the daemons would refuse or that names a program which the administrator has not allowed, [`trusted`] looks at that
//! program, [`run`] executes what stands in this program and no word of the page's.

mod daemon;
mod options;
mod pulse;
mod run;
mod saving;
mod settings;
mod trusted;

use std::io::{self, Read as _};
use std::os::unix::net::UnixListener;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use control::helper::Command;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Group, User, geteuid};
use service::control_socket::{ControlSocket, Peers};
use service::detach::{Detached, Waiting, detach};
use service::log::Destination;
use service::signals::Signals;
use service::systemd::{self, Systemd};
use tokio::sync::oneshot;

use crate::options::Options;

/// Exit status of a program that cannot do its work.
const FAILED: u8 = 1;
/// Not started as root (specification layout.md 6.4).
const NOT_ROOT: u8 = 4;

fn main() -> ExitCode {
    let options = Options::parse();
    // A page that runs as somebody else starts one that may do no more than itself.
    if !geteuid().is_root() && !options.until_stdin_closes {
        eprintln!("piranha-helper: must be started as root, since it writes what only root may write");
        return NOT_ROOT.into();
    }
    start(options).unwrap_or_else(|error| complain(&error)).into()
}

/// Says why it does not work. Gives the exit status.
fn complain(error: &anyhow::Error) -> u8 {
    eprintln!("piranha-helper: {error:#}");
    tracing::error!("{error:#}");
    FAILED
}

/// Goes where it shall live, and works there. Gives the exit status.
fn start(options: Options) -> Result<u8> {
    umask(Mode::from_bits_truncate(0o022));
    // Before anything else is opened.
    let listener = systemd::listener().context("cannot listen where systemd does")?;
    let mut systemd = Systemd::here();
    let mut caller = if options.nodaemon || systemd.is_there() {
        None
    } else {
        match detach().context("cannot become a daemon")? {
            Detached::Caller(status) => return Ok(status),
            Detached::Daemon(caller) => Some(caller),
        }
    };
    let destination = if options.nodaemon { Destination::Both } else { Destination::Syslog };
    service::log::init("piranha-helper", destination, false);
    let status =
        work(options, listener, &mut caller, &mut systemd).map_or_else(|error| complain(&error), |()| 0);
    // Only who does not listen yet still has a caller.
    if let Some(caller) = caller {
        caller.failed(status);
    }
    Ok(status)
}

#[tokio::main(flavor = "current_thread")]
async fn work(
    options: Options,
    listener: Option<UnixListener>,
    caller: &mut Option<Waiting>,
    systemd: &mut Systemd,
) -> Result<()> {
    let signals = Signals::catch().context("cannot catch signals")?;
    let socket = match listener {
        Some(listener) => ControlSocket::<Command>::handed_on(page(&options), listener)?,
        None => ControlSocket::open_to(page(&options), &options.socket).await?,
    };
    let mut remarks = Vec::new();
    settings::read(&options.gui_conf, &mut remarks);
    for remark in remarks {
        tracing::warn!("{remark}");
    }
    let end = if options.until_stdin_closes { end_of_input() } else { never() };
    if let Some(caller) = caller.take() {
        caller.ready().context("cannot open /dev/null")?;
    }
    systemd.ready();
    tracing::info!("saves {} for the web page", options.lvs_cf.display());
    daemon::serve(options, socket, signals, end.0).await;
    systemd.stopping();
    Ok(())
}

/// Those who may ask: the web page's user and group, where they are.
fn page(options: &Options) -> Peers {
    let user = || User::from_name("piranha").ok().flatten().map(|user| user.uid.as_raw());
    let group = || Group::from_name("piranha").ok().flatten().map(|group| group.gid.as_raw());
    Peers::Only {
        users: options.user.or_else(user).into_iter().collect(),
        groups: options.group.or_else(group).into_iter().collect(),
    }
}

type End = (oneshot::Receiver<()>, Option<oneshot::Sender<()>>);

/// Heard when standard input ends, also because whoever held its other end was killed.
fn end_of_input() -> End {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        let mut buffer = [0; 64];
        while let Ok(1..) = input.read(&mut buffer) {}
        let _it_may_have_ended = sender.send(());
    });
    (receiver, None)
}

fn never() -> End {
    let (sender, receiver) = oneshot::channel();
    (receiver, Some(sender))
}
