//! What a pulse that died without order left behind (specification pulse.md F20).

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use netdev::{FloatingAddress, Interfaces, Lowered};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use service::pid_file::{named_process, runs};

use crate::options::Options;

/// lvsd's pid file.
const LVSD_PID_FILE: &str = "/var/run/lvs.pid";
/// That of fos.
const FOS_PID_FILE: &str = "/var/run/fos.pid";
/// How long a daemon may take to end before it is killed; fos runs the stop commands meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);

/// Removes the floating addresses: until the decision to be active they are the partner's.
pub(crate) fn remove_addresses(interfaces: &mut Interfaces, floating: &[FloatingAddress]) {
    match interfaces.lower(floating) {
        Ok(results) => {
            for (floating, result) in floating.iter().zip(results) {
                match result {
                    Ok(Lowered::Removed) => {
                        let (address, label) = (floating.address, &floating.label);
                        tracing::warn!("removed {address} from {label}: it was left behind");
                    }
                    Ok(Lowered::Absent) => {}
                    Err(error) => tracing::error!("{error}"),
                }
            }
        }
        Err(error) => tracing::error!("{error}"),
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
        thread::sleep(Duration::from_millis(20));
    }
    true
}
