//! pulse on this computer: is it there, and will it read its file again?

use std::path::Path;

use control::transfer::Reload;
use nix::sys::signal::{Signal, kill};
use service::pid_file::{holds_lock, named_process, runs};

/// Where pulse writes its process.
const PID_FILE: &str = "/var/run/pulse.pid";

/// Has pulse read its file again, as `service pulse reload` does. An original is left alone: on the router that stands
/// by, that signal hangs it for ever (specification pulse.md F24).
pub(crate) fn pulse() -> Reload {
    let failed = |reason: String| Reload::Failed { reason };
    let Some(pid) = named_process(PID_FILE.as_ref()).filter(|pid| runs(*pid, Path::new("pulse"))) else {
        return failed(format!(
            "pulse does not run there, says {PID_FILE}: it reads the file when it starts"
        ));
    };
    if !holds_lock(pid) {
        return failed(format!(
            "process {pid} there is Piranha's own pulse, which a reload hangs while it stands by: \
             `service pulse restart` there, when its router stands by"
        ));
    }
    match kill(pid, Signal::SIGHUP) {
        Ok(()) => Reload::Asked { pid: pid.as_raw() },
        Err(reason) => failed(format!("cannot signal pulse there, process {pid}: {reason}; --user root may")),
    }
}
