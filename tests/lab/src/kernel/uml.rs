//! Booting user-mode-linux: the root file system is the computer's own.

use std::env;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::statvfs::statvfs;

use super::Console;
use crate::dice::SEED;
use crate::role;

/// Memory of one kernel, in mebibytes. Pages are taken from the computer only when they are touched.
const MEMORY: u64 = 1024;

/// The command that boots a kernel with this program as its first process.
pub(super) fn command(run: &Path, name: &str, console: Console) -> Command {
    let init = run.join("init");
    // The kernel's command line is cut at blanks, so a program in a directory with a blank in its name goes by a link.
    let _ = symlink(env::current_exe().expect("path of this program"), &init);
    let mut command = Command::new("setpriv");
    command
        .args(leash())
        .arg("linux.uml")
        .arg(format!("mem={MEMORY}M"))
        .args(["rootfstype=hostfs", "rootflags=/", "rw"])
        // The kernel's own words go to standard error; the terminal belongs to the program.
        .args(["console=null", "loglevel=1", "con=null"])
        .arg(if console == Console::Piped { "con0=null,fd:1" } else { "con0=fd:0,fd:1" })
        .arg(format!("init={}", init.display()))
        // What the kernel does not know is a variable of its first process.
        .args(env::var(SEED).map(|seed| format!("{SEED}={seed}")))
        .arg("--")
        .arg(role::KERNEL)
        .arg(run)
        .arg(name);
    // The kernel's memory is a file; where /dev/shm is small (containers give 64 MiB), it goes beside the run's files.
    let shm = statvfs("/dev/shm").map_or(0, |shm| shm.blocks_available() * shm.fragment_size());
    if shm < 2 * MEMORY * 1024 * 1024 {
        command.env("TMPDIR", run);
    }
    command
}

/// The kernel leaves our terminal's session and has helpers that outlive it. A process list of its own, where we may make one,
/// ends all of them with us; where not, at least the kernel ends.
fn leash() -> Vec<&'static str> {
    const LIST: [&str; 4] = ["unshare", "--pid", "--fork", "--kill-child"];
    let mut leash = vec!["--pdeathsig", "KILL"];
    let try_it = Command::new(LIST[0]).args(&LIST[1..]).arg("true").stderr(Stdio::null()).status();
    if try_it.is_ok_and(|status| status.success()) {
        leash.extend(LIST);
    }
    leash
}
