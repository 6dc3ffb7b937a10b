//! A machine on which systemd is the first process, as it is on most machines of today.
//!
//! A machine begins with the lab's own first process, and a test installs and enables what it wants; then that process
//! becomes systemd, which finds a machine as after a power failure. Its journal hands every line on to the machine's log.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::mount::umount;
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};

use super::Machine;
use super::init::{LONGEST_LINE, fresh};
use crate::traffic::Moment;
use crate::wait::wait_until;
use crate::{log, role};

/// The program.
const SYSTEMD: &str = "/lib/systemd/systemd";

/// Tells the first process to become systemd.
pub(super) const BECOME: Signal = Signal::SIGUSR1;

/// Where the journal hands lines on to.
const FORWARDED: &str = "/run/systemd/journal/syslog";

/// What machines of a lab do not have: devices to be found, terminals, people who log in.
const WITHOUT: [&str; 5] = [
    "console-getty.service",
    "getty.target",
    "systemd-logind.service",
    "systemd-udev-trigger.service",
    "systemd-udevd.service",
];

/// How long a boot may take.
const BOOT: Duration = Duration::from_secs(60);

impl Machine {
    /// Makes systemd the first process, and comes back when it has reached `multi-user.target` and nothing has failed on the
    /// way. Of what may be started at boot only `enabled` is.
    ///
    /// # Panics
    ///
    /// If the machine is off, a unit cannot be enabled, or the boot fails or takes longer than a minute.
    pub fn boot_systemd(&self, enabled: &[&str]) {
        self.forget_services().unwrap_or_else(|error| panic!("{self}: services of the computer: {error}"));
        if !enabled.is_empty() {
            self.run("systemctl", &[&["--quiet", "enable"], enabled].concat()).expect_success();
        }
        kill(self.init(), BECOME).expect("the first process of a machine");
        let listens = || self.path("/run/systemd/private").exists();
        wait_until(&format!("systemd on {self}"), BOOT, listens);
        let state = self.run_within(BOOT, "systemctl", &["is-system-running", "--wait"]);
        if state.stdout.trim() != "running" {
            let failed = self.run("systemctl", &["--no-pager", "--full", "status", "--state=failed"]);
            panic!("{self} is {}:\n{}", state.stdout.trim(), failed.stdout);
        }
    }

    /// The services that the computer starts are none of this machine's.
    fn forget_services(&self) -> io::Result<()> {
        let units = self.path("/etc/systemd/system");
        let _ = fs::remove_dir_all(&units);
        fs::create_dir_all(&units)?;
        for level in ["rcS.d", "rc2.d", "rc3.d", "rc4.d", "rc5.d"] {
            let _ = fs::remove_dir_all(self.path("/etc").join(level));
        }
        for unit in WITHOUT {
            symlink("/dev/null", units.join(unit))?;
        }
        let journal = self.path("/etc/systemd/journald.conf.d");
        fs::create_dir_all(&journal)?;
        fs::write(journal.join("lab.conf"), "[Journal]\nForwardToSyslog=yes\nRateLimitBurst=0\n")
    }
}

/// Makes this process systemd. What the journal hands on goes to `log`.
pub(super) fn take_over(log: File) -> ! {
    let error = prepare(log).err().unwrap_or_else(|| {
        Command::new(SYSTEMD)
            .args(["--system", "--unit=multi-user.target"])
            .env_clear()
            // What systemd asks for in namespaces of somebody else's kernel.
            .env("container", "lab")
            .exec()
    });
    panic!("cannot become systemd: {error}")
}

fn prepare(log: File) -> io::Result<()> {
    // It would clean up the directory of the computer.
    fresh("tmpfs", "/tmp")?;
    fs::remove_file("/dev/log")?;
    fs::write("/etc/machine-id", "")?;
    own_control_groups()?;
    fs::create_dir_all(Path::new(FORWARDED).parent().unwrap_or(Path::new("/")))?;
    let socket = UnixDatagram::bind(FORWARDED)?;
    Command::new("/proc/self/exe")
        .arg(role::LOG)
        .stdin(Stdio::from(OwnedFd::from(socket)))
        .stdout(log)
        .spawn()
        .map(drop)
}

/// A subtree of control groups that looks like all of it.
fn own_control_groups() -> io::Result<()> {
    const ALL: &str = "/sys/fs/cgroup";
    fresh("cgroup2", ALL)?;
    let own = Path::new(ALL).join(format!("lab-{}", Moment::now().microseconds()));
    fs::create_dir(&own)?;
    fs::write(own.join("cgroup.procs"), "0")?;
    unshare(CloneFlags::CLONE_NEWCGROUP)?;
    umount(ALL)?;
    fresh("cgroup2", ALL)
}

/// Writes what comes over the socket at standard input to standard output.
pub(crate) fn write_log() -> ! {
    let socket = io::stdin().as_fd().try_clone_to_owned().map(UnixDatagram::from).expect("socket of the log");
    let log = io::stdout().as_fd().try_clone_to_owned().expect("file of the log");
    let mut log = File::from(log);
    let mut buffer = vec![0; LONGEST_LINE];
    loop {
        if let Ok(length) = socket.recv(&mut buffer) {
            log::write(&mut log, &buffer[..length]);
        }
    }
}
