//! `nanny` watches one real server of one virtual server, or a service of the partner (`--fos`), or all real servers that
//! lvsd tells it (`--pool`).
//!
//! Started by lvsd it reports over an inherited socket and never writes to the kernel's table; started by hand it
//! writes its own entry.

mod admission;
mod entry;
mod events;
mod lateness;
mod load;
mod lvsd;
mod mailbox;
mod monitor;
mod one;
mod options;
mod outlet;
mod partner;
mod policy;
mod pool;
mod reports;
mod settings;

use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use control::report::DESCRIPTOR;
use service::child::shared_socket;
use service::detach::{Detached, Waiting, detach, leave_terminal};
use service::log::{self, Destination};
use service::options::{Exit, Program, command_line};
use service::process::close_on_exec;
use service::signals::Signals;
use tracing::{debug, error, info, warn};

use crate::entry::Entry;
use crate::events::Events;
use crate::options::Options;
use crate::outlet::Outlet;
use crate::pool::Pool;
use crate::reports::Reports;
use crate::settings::{Mode, Place, Settings};

const NANNY: Program = Program { name: "nanny", version: env!("CARGO_PKG_VERSION") };
/// Exit status if nanny cannot begin.
const CANNOT_BEGIN: u8 = 1;

fn main() -> ExitCode {
    match command_line::<Options>(NANNY).and_then(Task::try_from) {
        Ok(task) => start(&task).unwrap_or_else(|reason| complain(&reason)).into(),
        Err(exit) => exit.print().into(),
    }
}

/// What this process is for.
enum Task {
    One(Box<Settings>),
    Pool { place: Place, verbose: bool },
}

impl TryFrom<Options> for Task {
    type Error = Exit;

    fn try_from(options: Options) -> Result<Self, Exit> {
        if options.pool {
            return Ok(Self::Pool { place: options.place(), verbose: options.verbose });
        }
        Ok(Self::One(Box::new(options.try_into()?)))
    }
}

/// Goes where nanny shall live, and begins there. Gives the exit status.
fn start(task: &Task) -> anyhow::Result<u8> {
    let (place, verbose) = match task {
        Task::One(settings) => (settings.place, settings.verbose),
        Task::Pool { place, verbose } => (*place, *verbose),
    };
    let parent = shared_socket(DESCRIPTOR).context("the report socket is unusable")?;
    close_on_exec().context("cannot keep descriptors from the programs that check")?;
    let waiting = match place {
        Place::Foreground => None,
        Place::Detached => Some(leave_terminal()),
        Place::Background => match detach().context("cannot detach from the terminal")? {
            Detached::Caller(status) => return Ok(status),
            Detached::Daemon(waiting) => Some(waiting),
        },
    };
    let foreground = place == Place::Foreground;
    log::init(NANNY.name, if foreground { Destination::Both } else { Destination::Syslog }, verbose);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the event loop")?;
    Ok(runtime.block_on(run(task, parent, waiting)))
}

/// Tells the caller why nanny cannot begin. Gives the exit status.
fn complain(reason: &anyhow::Error) -> u8 {
    eprintln!("nanny: {reason:#}");
    CANNOT_BEGIN
}

/// The first lines of the log: what is watched, and how.
fn announce(settings: &Settings) {
    for warning in &settings.warnings {
        warn!("{warning}");
    }
    for remark in &settings.remarks {
        info!("{remark}");
    }
    for detail in &settings.details {
        debug!("{detail}");
    }
    debug!("Service_type value={}", if settings.mode == Mode::Fos { 1 } else { 2 });
    let (virtual_server, real_server) = (&settings.virtual_server, settings.real_server());
    match settings.mode {
        Mode::Lvs => info!("starting LVS client monitor for {virtual_server} -> {real_server}"),
        Mode::Fos => info!("Failover service monitor for {virtual_server} started"),
    }
}

/// Watches until the end. Gives the exit status.
async fn run(task: &Task, parent: Option<UnixStream>, waiting: Option<Waiting>) -> u8 {
    let watch = match open(task, parent) {
        Ok(watch) => watch,
        Err(reason) => {
            error!("{reason:#}");
            // In the foreground the log is read already.
            if let Some(waiting) = waiting {
                waiting.failed(complain(&reason));
            }
            return CANNOT_BEGIN;
        }
    };
    if let Some(waiting) = waiting
        && let Err(reason) = waiting.ready()
    {
        error!("cannot let go of the terminal: {reason}");
        return CANNOT_BEGIN;
    }
    match watch {
        Watch::RealServer(settings, events, outlet) => one::watch(settings, events, outlet).await,
        Watch::Partner(settings, events) => partner::watch(settings, events).await,
        Watch::Pool(pool) => pool.watch().await,
    }
}

/// A task that can begin.
enum Watch<'a> {
    RealServer(&'a Settings, Events, Outlet),
    Partner(&'a Settings, Events),
    Pool(Box<Pool>),
}

/// Opens what nanny hears from, and what it changes, and says what it watches.
fn open(task: &Task, parent: Option<UnixStream>) -> anyhow::Result<Watch<'_>> {
    let settings = match task {
        Task::One(settings) => settings,
        Task::Pool { .. } => return Ok(Watch::Pool(Box::new(Pool::open(parent)?))),
    };
    // Caught before the first line says that there is something to end.
    let signals = Signals::catch().context("cannot catch signals")?;
    announce(settings);
    if settings.mode == Mode::Fos {
        return Ok(Watch::Partner(settings, Events::new(signals, None)));
    }
    let (lvsd, outlet) = match parent {
        Some(parent) => {
            let (hearing, speaking) = lvsd::join(parent).context("the report socket is unusable")?;
            let reports = Arc::new(Reports::default());
            tokio::spawn(speaking.tell(Arc::clone(&reports), lvsd::line_of_one));
            (Some(hearing), Outlet::Lvsd(reports, 0))
        }
        None if settings.rehearsal => (None, Outlet::Nowhere),
        None => (None, Outlet::Table(Box::new(Entry::open(settings)?))),
    };
    Ok(Watch::RealServer(settings, Events::new(signals, lvsd), outlet))
}
