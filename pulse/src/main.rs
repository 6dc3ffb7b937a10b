//! pulse: heartbeats, failover, floating addresses.
//!
//! The decision which router is active is the crate `heartbeat`'s. Here the file becomes a [`plan`], and [`router`] is
//! the loop that tells the machine what happens and does what it wants: [`sockets`] for heartbeats, [`daemon`] and
//! [`commands`] for processes, [`owner`], [`sync`] and [`watch`] for the kernel, [`control_socket`] for administrators. Nothing of
//! it holds the loop up.

mod addresses;
mod announcing;
mod aside;
mod changes;
mod clock;
mod commands;
mod configuration;
mod connections;
mod control_socket;
mod daemon;
mod decision;
mod delay;
mod dry_run;
mod gateway;
mod key_file;
mod left_behind;
mod options;
mod own;
mod owner;
mod partner;
mod plan;
mod role;
mod router;
mod sockets;
mod status;
mod sync;
mod unread;
mod watch;

use std::io;
use std::net::UdpSocket;
use std::path::Path;
use std::process::ExitCode;

use heartbeat::{Line, Role};
use netdev::Interfaces;
use service::detach::{Detached, Waiting, detach};
use service::log::Destination;
use service::options::Exit;
use service::pid_file::{self, PidFile};
use service::systemd::Systemd;

use crate::options::{Options, PROGRAM};
use crate::plan::Plan;
use crate::router::Router;
use crate::sockets::Sockets;

const PID_FILE: &str = "/var/run/pulse.pid";
/// Backup router with `backup_active = 0`: not configured (pulse.md F31).
const NOT_CONFIGURED: u8 = 6;

fn main() -> ExitCode {
    let systemd = Systemd::here();
    let options: Options = match options(&systemd) {
        Ok(options) => options,
        Err(exit) => return exit.print().into(),
    };
    let destination =
        if options.nodaemon || options.clear { Destination::Terminal } else { Destination::Syslog };
    service::log::init("pulse", destination, options.verbose);
    let status = if options.clear { clear(&options) } else { start(options, systemd) };
    match status {
        Ok(status) => status.into(),
        Err(refusal) => {
            eprint!("{}", refusal.message);
            refusal.status.into()
        }
    }
}

fn options(systemd: &Systemd) -> Result<Options, Exit> {
    let words = std::env::args_os();
    if systemd.is_there() {
        service::options::command_line_of(PROGRAM, own::without_comment(words))
    } else {
        service::options::command_line_of(PROGRAM, words)
    }
}

/// Why pulse does not start.
struct Refusal {
    /// For standard error.
    message: String,
    status: u8,
}

impl Refusal {
    fn new(reason: impl std::fmt::Display) -> Self {
        Self { message: format!("pulse: {reason}\n"), status: 1 }
    }
}

/// From the command line to the end. The result is the exit status.
fn start(options: Options, mut systemd: Systemd) -> Result<u8, Refusal> {
    let plan = plan(&options)?;
    if options.dry_run() {
        print!("{}", dry_run::describe(&options, &plan));
        return Ok(0);
    }
    delay::pause(&mut systemd);
    if options.nodaemon {
        return serve(options, plan, &mut None, systemd);
    }
    // It waits for this process, and has no terminal.
    if systemd.is_there() {
        return daemon(options, plan, &mut None, systemd);
    }
    match detach().map_err(|error| Refusal::new(format!("cannot become a daemon: {error}")))? {
        Detached::Caller(status) => Ok(status),
        Detached::Daemon(caller) => {
            let mut caller = Some(caller);
            daemon(options, plan, &mut caller, systemd).or_else(|refusal| tell(caller, refusal))
        }
    }
}

/// For whoever has seen pulse die, as systemd does: the partner has or will have the addresses, and nobody starts the next
/// pulse, which would do the same. The result is the exit status.
fn clear(options: &Options) -> Result<u8, Refusal> {
    let pid_file = PidFile::write(Path::new(PID_FILE)).map_err(Refusal::new)?;
    // One in the foreground has no pid file.
    control_socket::remove_dead().map_err(Refusal::new)?;
    let mut interfaces = Interfaces::open().map_err(Refusal::new)?;
    let done = left_behind::clear(&mut interfaces, options);
    pid_file.remove();
    Ok(u8::from(!done))
}

/// Lets a caller that still waits go with the truth.
fn tell(caller: Option<Waiting>, refusal: Refusal) -> Result<u8, Refusal> {
    let Some(caller) = caller else { return Err(refusal) };
    eprint!("{}", refusal.message);
    caller.failed(refusal.status);
    Ok(refusal.status)
}

/// Reads the file and finds the role.
fn plan(options: &Options) -> Result<Plan, Refusal> {
    let configuration =
        configuration::read(&options.file).map_err(|message| Refusal { message, status: 1 })?;
    let local = role::local_addresses().map_err(Refusal::new)?;
    let role = role::find(&configuration.config, &local).map_err(Refusal::new)?;
    if role == Role::Backup && !configuration.config.has_backup() {
        let line = Line::MarkedInactive;
        tracing::warn!("{line}");
        return Err(Refusal { status: NOT_CONFIGURED, ..Refusal::new(line) });
    }
    let plan = Plan::new(&configuration, role, options.times());
    for warning in configuration.warnings.iter().chain(&plan.warnings) {
        tracing::warn!("{warning}");
    }
    Ok(plan)
}

/// The pid file comes first: a second pulse is refused at once, not after it has waited for the port.
fn daemon(
    options: Options,
    plan: Plan,
    caller: &mut Option<Waiting>,
    systemd: Systemd,
) -> Result<u8, Refusal> {
    let pid_file = match PidFile::write(Path::new(PID_FILE)) {
        Ok(pid_file) => Some(pid_file),
        Err(held @ pid_file::Error::Held { .. }) => return Err(Refusal::new(held)),
        Err(unusable) => {
            tracing::warn!("{unusable}");
            None
        }
    };
    let status = serve(options, plan, caller, systemd);
    if let Some(pid_file) = pid_file {
        pid_file.remove();
    }
    status
}

/// Binds, puts right what an earlier pulse left behind, lets the caller go, and works until the end.
fn serve(
    options: Options,
    plan: Plan,
    caller: &mut Option<Waiting>,
    systemd: Systemd,
) -> Result<u8, Refusal> {
    let sockets = bind(&plan)?;
    let interfaces = prepare(&options, &plan)?;
    let status = work(options, plan, sockets, interfaces, caller, systemd).map_err(|error| {
        tracing::error!("pulse cannot begin: {error}");
        Refusal::new(error)
    })?;
    if status == 0 {
        left_behind::forget_addresses();
    }
    Ok(status)
}

fn bind(plan: &Plan) -> Result<Vec<UdpSocket>, Refusal> {
    sockets::bind_patiently(plan).map_err(|error| {
        tracing::error!("{}", error.log_line());
        Refusal { message: error.message(), status: 1 }
    })
}

fn prepare(options: &Options, plan: &Plan) -> Result<Interfaces, Refusal> {
    let mut interfaces = Interfaces::open().map_err(Refusal::new)?;
    if !may_change_addresses() {
        return Err(Refusal::new("cannot raise floating addresses: run pulse as root"));
    }
    left_behind::remove_addresses(&mut interfaces, options, plan);
    left_behind::end_daemons(options, plan.settings.services_stop_within);
    // The lvsd of a router that is to be active at once goes on with the table as it is.
    if !options.force_active {
        left_behind::clear_table(options);
    }
    Ok(interfaces)
}

/// Whether this process has the capability `CAP_NET_ADMIN` (proc(5), capability.h).
fn may_change_addresses() -> bool {
    const CAP_NET_ADMIN: u32 = 12;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let effective = effective.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    // Where /proc is not mounted, the attempt itself tells.
    effective.is_none_or(|effective| effective & (1 << CAP_NET_ADMIN) != 0)
}

/// One thread for the loop: everything waits for the same few sockets.
#[tokio::main(flavor = "current_thread")]
async fn work(
    options: Options,
    plan: Plan,
    bound: Vec<UdpSocket>,
    interfaces: Interfaces,
    caller: &mut Option<Waiting>,
    systemd: Systemd,
) -> io::Result<u8> {
    let sockets = Sockets::new(&plan, bound)?;
    let router = Router::new(options, plan, sockets, interfaces, systemd)?;
    if let Some(caller) = caller.take() {
        caller.ready()?;
    }
    Ok(router.run().await)
}
