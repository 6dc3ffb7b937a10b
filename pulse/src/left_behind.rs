//! What a pulse that died without order left behind (specification pulse.md F20).

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use control::record::{self, ADDRESSES, Address, SERVICES};
use lvs_cf::Config;
use lvs_cf::system::System;
use netdev::{FloatingAddress, Interfaces, Label, Lowered};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use service::pid_file::{named_process, runs};
use service::state_file::StateFile;

use crate::options::Options;
use crate::own;
use crate::plan::Plan;

/// lvsd's pid file.
const LVSD_PID_FILE: &str = "/var/run/lvs.pid";
/// That of fos.
const FOS_PID_FILE: &str = "/var/run/fos.pid";
/// There as long as the kernel's module is loaded.
const IPVS: &str = "/proc/net/ip_vs";
/// How long a daemon may take to end before it is killed; fos runs the stop commands meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause between two looks at a process.
const LOOK: Duration = Duration::from_millis(10);

/// Removes the floating addresses: until the decision to be active they are the partner's. Those that an earlier pulse had
/// by another file go, too, and of a router that is to be active at once only those.
pub(crate) fn remove_addresses(interfaces: &mut Interfaces, options: &Options, plan: &Plan) {
    let mut floating = earlier_addresses(plan);
    if !options.force_active {
        floating.extend_from_slice(&plan.floating);
    }
    remove(interfaces, &floating);
    record_addresses(&plan.floating);
}

/// Removes all that a pulse left behind, whatever the file says now. Tells whether nothing is left.
pub(crate) fn clear(interfaces: &mut Interfaces, options: &Options) -> bool {
    let removed = match recorded_addresses() {
        Ok(floating) => remove(interfaces, &floating),
        Err(error) => {
            tracing::error!(
                "cannot tell what an earlier pulse left: {error}; remove floating addresses by hand, then this file"
            );
            false
        }
    };
    if removed {
        forget_addresses();
    }
    end_daemons(options, Duration::ZERO);
    let stopped = stop_sync_daemons(&options.file);
    if let Err(error) = &stopped {
        tracing::warn!("connection synchronisation: {error}");
    }
    clear_table(options) && removed && stopped.is_ok()
}

/// The kernel has no record of who started them: they are pulse's if the file says so.
fn stop_sync_daemons(file: &Path) -> Result<(), ipvs::Error> {
    // Asking would load the module.
    if !Path::new(IPVS).exists() {
        return Ok(());
    }
    let mut client = ipvs::Client::connect()?;
    let daemons = client.sync_daemons()?;
    if daemons.is_empty() || !synchronises(file) {
        return Ok(());
    }
    for daemon in daemons {
        client.stop_sync_daemon(daemon.role)?;
        tracing::warn!("stopped the sync daemon on {}: it was left behind", daemon.interface);
    }
    Ok(())
}

fn synchronises(file: &Path) -> bool {
    let Ok(bytes) = lvs_cf::file::read(file) else { return false };
    Config::parse(&bytes, &System::default()).is_ok_and(|parsed| parsed.config.syncdaemon)
}

/// Those that are not in the present file. What has become an address of the router itself since stays.
fn earlier_addresses(plan: &Plan) -> Vec<FloatingAddress> {
    let mut earlier = recorded_addresses().unwrap_or_else(|error| {
        tracing::warn!("{error}; floating addresses that a killed pulse left behind may stay");
        Vec::new()
    });
    let own = |address| plan.endpoints().any(|(_, endpoint)| endpoint.own.ip() == address);
    earlier.retain(|earlier| {
        let (address, device) = (earlier.address, earlier.label.device());
        let still =
            |floating: &FloatingAddress| floating.address == address && floating.label.device() == device;
        !own(address) && !plan.floating.iter().any(still)
    });
    earlier
}

fn recorded_addresses() -> io::Result<Vec<FloatingAddress>> {
    let Some(bytes) = addresses_file().read()? else { return Ok(Vec::new()) };
    let torn = |error: &dyn std::fmt::Display| io::Error::other(format!("cannot read {ADDRESSES}: {error}"));
    let entries: Vec<Address> = record::read(&bytes).map_err(|error| torn(&error))?;
    let floating = entries.into_iter().map(|Address { address, label }| {
        let label = Label::new(&label).map_err(|error| torn(&error))?;
        Ok(FloatingAddress { address, label, prefix: None })
    });
    floating.collect()
}

/// Notes which addresses this pulse may raise. Call it before it raises any, and after it has removed others.
pub(crate) fn record_addresses<'a>(floating: impl IntoIterator<Item = &'a FloatingAddress>) {
    let entry = |floating: &FloatingAddress| Address {
        address: floating.address,
        label: floating.label.as_str().to_owned(),
    };
    let bytes = record::write(&floating.into_iter().map(entry).collect::<Vec<_>>()).map_err(io::Error::other);
    if let Err(error) = bytes.and_then(|bytes| addresses_file().replace(&bytes)) {
        tracing::warn!("{error}; if pulse is killed and the file changed, floating addresses may stay");
    }
}

/// At an orderly end there is nothing left behind.
pub(crate) fn forget_addresses() {
    if let Err(error) = addresses_file().remove() {
        tracing::warn!("{error}");
    }
}

fn addresses_file() -> StateFile {
    StateFile::new(Path::new(ADDRESSES), record::LONGEST)
}

/// Tells whether they are gone.
fn remove(interfaces: &mut Interfaces, floating: &[FloatingAddress]) -> bool {
    let results = match interfaces.lower(floating) {
        Ok(results) => results,
        Err(error) => {
            tracing::error!("{error}");
            return false;
        }
    };
    let mut gone = true;
    for (FloatingAddress { address, label, .. }, result) in floating.iter().zip(results) {
        match result {
            Ok(Lowered::Removed) => tracing::warn!("removed {address} from {label}: it was left behind"),
            Ok(Lowered::Absent) => {}
            Err(error) => {
                tracing::error!("{error}");
                gone = false;
            }
        }
    }
    gone
}

/// Has lvsd take out of the kernel's table what one that was killed left there: pulse does not write to it. Tells whether
/// nothing is left.
pub(crate) fn clear_table(options: &Options) -> bool {
    // The one is there as long as an lvsd that detached, the other as long as services.
    if ![LVSD_PID_FILE, SERVICES].iter().any(|file| Path::new(file).exists()) {
        return true;
    }
    let cleared = run_to_end(Command::new(&options.lvsd).arg("--clear"));
    if let Err(reason) = &cleared {
        let program = options.lvsd.display();
        tracing::error!(
            "services of a killed lvsd may be left in the IPVS table: {program} --clear: {reason}; run it by hand"
        );
    }
    cleared.is_ok()
}

fn run_to_end(command: &mut Command) -> io::Result<()> {
    own::keep_from(command);
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = quiet.spawn()?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(io::Error::other(status.to_string())),
            None if Instant::now() < deadline => thread::sleep(LOOK),
            None => {
                child.kill()?;
                return Err(io::Error::other(format!("not done within {} s", PATIENCE.as_secs())));
            }
        }
    }
}

/// Ends an lvsd and a fos that nobody watches any more, known by their pid files and programs.
pub(crate) fn end_daemons(options: &Options, services_stop_within: Duration) {
    end("lvsd", Path::new(LVSD_PID_FILE), &options.lvsd, PATIENCE);
    end("fos", Path::new(FOS_PID_FILE), &options.fos, PATIENCE + services_stop_within);
}

fn end(name: &str, pid_file: &Path, program: &Path, patience: Duration) {
    let Some(pid) = named_process(pid_file).filter(|pid| runs(*pid, program)) else { return };
    tracing::warn!("ending {name}, which was left behind pid={pid}");
    if kill(pid, Signal::SIGTERM).is_err() || wait_for_end(pid, program, patience) {
        return;
    }
    tracing::warn!("{name} has not ended within {} s: killing it pid={pid}", patience.as_secs());
    if kill(pid, Signal::SIGKILL).is_ok() {
        wait_for_end(pid, program, Duration::from_secs(1));
    }
}

fn wait_for_end(pid: Pid, program: &Path, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while runs(pid, program) {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(LOOK);
    }
    true
}
