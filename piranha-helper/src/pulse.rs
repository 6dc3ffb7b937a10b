//! pulse on this router: signalled, or started and stopped by whoever does that here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use service::pid_file::{holds_lock, named_process, runs};

/// There while systemd is the first process (`sd_booted(3)`).
const SYSTEMD: &str = "/run/systemd/system";
/// The init script of pulse (specification layout.md 6).
const INIT_SCRIPTS: [&str; 2] = ["/etc/rc.d/init.d/pulse", "/etc/init.d/pulse"];

/// pulse's process, if it can be asked to read the file again; else why not.
pub(crate) fn running(pid_file: &Path) -> Result<Pid, String> {
    let Some(pid) = named_process(pid_file).filter(|pid| runs(*pid, Path::new("pulse"))) else {
        return Err(format!(
            "pulse does not run, says {}: it reads the file when it starts",
            pid_file.display()
        ));
    };
    if !holds_lock(pid) {
        return Err(format!(
            "process {pid} is Piranha's own pulse, which a reload hangs while it stands by: restart it, when this router \
             stands by"
        ));
    }
    Ok(pid)
}

/// Has pulse read its file again, as `service pulse reload` does.
pub(crate) fn reload(pid_file: &Path) -> Result<String, String> {
    let pid = running(pid_file)?;
    kill(pid, Signal::SIGHUP).map_err(|error| format!("cannot signal pulse, process {pid}: {error}"))?;
    Ok(format!("pulse reads the file again, process {pid}"))
}

/// What is executed to `verb` pulse: systemctl where systemd runs, else the init script, or `instead`.
pub(crate) fn command(verb: &str, instead: Option<&PathBuf>) -> Result<Vec<OsString>, String> {
    if let Some(program) = instead {
        return Ok(vec![program.into(), verb.into()]);
    }
    if Path::new(SYSTEMD).is_dir() {
        return Ok(["systemctl", verb, "pulse.service"].map(OsString::from).to_vec());
    }
    let script = INIT_SCRIPTS.into_iter().find(|script| Path::new(script).exists());
    let script = script.ok_or_else(|| {
        format!(
            "systemd does not run here, and there is no {}: start and stop pulse by hand",
            INIT_SCRIPTS.join(" or ")
        )
    })?;
    Ok([script, verb].map(OsString::from).to_vec())
}
