//! The first process of a machine: its namespaces, its own view of the file system, its system log, its orphans.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::mount::{MsFlags, mount};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::sethostname;

use super::systemd;
use crate::log;
use crate::role;

/// Programs of the house, found at `/usr/sbin` of every machine once they are built.
const PROGRAMS: [&str; 10] = [
    "pulse",
    "lvsd",
    "fos",
    "nanny",
    "piranha-gui",
    "piranha_gui",
    "piranha-helper",
    "piranha-passwd",
    "piranhactl",
    "send_arp",
];

/// Longest line of the system log that is kept whole, in bytes.
pub(super) const LONGEST_LINE: usize = 64 * 1024;

/// Goes into new namespaces and starts [`main`] there; says its process id on standard output.
pub(crate) fn make_namespaces(arguments: &[String]) -> i32 {
    let flags = CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWUTS;
    unshare(flags).expect("namespaces need root");
    let mut init = role::cast(role::INIT).args(arguments).spawn().expect("this program again");
    println!("{}", init.id());
    init.wait().ok().and_then(|status| status.code()).unwrap_or(1)
}

/// Furnishes the machine, says `ready`, and then writes its system log and collects its orphans for ever.
pub(crate) fn main(arguments: &[String]) -> ! {
    let [name, log, programs] = arguments else { panic!("a machine has a name, a log and programs") };
    // Opened first: the mounts below hide the world's directory.
    let log = OpenOptions::new().create(true).append(true).open(log).expect("log file of the machine");
    furnish(name, Path::new(programs)).unwrap_or_else(|error| panic!("machine {name}: {error}"));
    let socket = UnixDatagram::bind("/run/devlog").expect("socket of the system log");
    fs::set_permissions("/run/devlog", fs::Permissions::from_mode(0o666)).expect("mode of the log socket");
    let signals = block_signals();
    println!("ready");
    serve(&socket, log, &signals)
}

fn furnish(name: &str, programs: &Path) -> io::Result<()> {
    sethostname(name)?;
    let programs = open_programs(programs);
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
    fresh("proc", "/proc")?;
    fresh("sysfs", "/sys")?;
    fresh("tmpfs", "/run")?;
    fs::set_permissions("/run", fs::Permissions::from_mode(0o755))?;
    fs::create_dir_all("/run/lock/subsys")?;
    for directory in ["/etc", "/usr/sbin", "/var"] {
        private_copy(directory)?;
    }
    fresh("tmpfs", "/var/log")?;
    fs::create_dir_all("/var/log/nginx")?;
    fs::create_dir_all("/etc/sysconfig/ha")?;
    install(&programs)?;
    own_devices()?;
    // As systemd sets it: the kernel's own ten are too few for a burst of log lines.
    fs::write("/proc/sys/net/unix/max_dgram_qlen", "512")?;
    // Addresses of tests are never in doubt; waiting for duplicate detection would only cost time.
    for interface in ["all", "default"] {
        let _ = fs::write(format!("/proc/sys/net/ipv6/conf/{interface}/accept_dad"), "0");
    }
    Ok(())
}

pub(super) fn fresh(kind: &str, target: &str) -> io::Result<()> {
    let done = mount(Some(kind), target, Some(kind), MsFlags::empty(), None::<&str>);
    done.map_err(|error| io::Error::other(format!("cannot mount {kind} on {target}: {error}")))
}

/// What is written below `directory` from now on is seen by this machine alone.
fn private_copy(directory: &str) -> io::Result<()> {
    let layers = Path::new("/run/.layers").join(directory.trim_start_matches('/').replace('/', "-"));
    let (upper, work) = (layers.join("upper"), layers.join("work"));
    fs::create_dir_all(&upper)?;
    fs::create_dir_all(&work)?;
    let options = format!("lowerdir={directory},upperdir={},workdir={}", upper.display(), work.display());
    let done = mount(Some("overlay"), directory, Some("overlay"), MsFlags::empty(), Some(options.as_str()));
    done.map_err(|error| io::Error::other(format!("cannot lay a writable layer over {directory}: {error}")))
}

/// The programs that were built, by their path on the computer.
fn open_programs(directory: &Path) -> Vec<(&'static str, PathBuf)> {
    let built = PROGRAMS.iter().map(|&name| (name, directory.join(as_built(name))));
    built.filter(|(_, path)| path.exists()).collect()
}

/// The web page has an underscore where it is installed, as Piranha's has, and a hyphen where it was built.
fn as_built(name: &str) -> &str {
    if name == "piranha_gui" { "piranha-gui" } else { name }
}

/// Bound rather than linked, so that the processes are seen as `/usr/sbin/pulse` and so on.
fn install(programs: &[(&str, PathBuf)]) -> io::Result<()> {
    for (name, path) in programs {
        let target = Path::new("/usr/sbin").join(name);
        File::create(&target)?;
        mount(Some(path), &target, None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
    }
    Ok(())
}

/// A `/dev` with a system log and shared memory of its own.
fn own_devices() -> io::Result<()> {
    let new = Path::new("/run/.dev");
    fs::create_dir_all(new)?;
    mount(Some("tmpfs"), new, Some("tmpfs"), MsFlags::empty(), Some("mode=755"))?;
    for device in ["null", "zero", "full", "random", "urandom", "tty", "console"] {
        let (from, to) = (Path::new("/dev").join(device), new.join(device));
        if from.exists() {
            File::create(&to)?;
            mount(Some(&from), &to, None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
        }
    }
    for directory in ["pts", "shm"] {
        fs::create_dir(new.join(directory))?;
    }
    mount(Some("/dev/pts"), &new.join("pts"), None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
    mount(Some("tmpfs"), &new.join("shm"), Some("tmpfs"), MsFlags::empty(), Some("mode=1777"))?;
    symlink("pts/ptmx", new.join("ptmx"))?;
    symlink("/proc/self/fd", new.join("fd"))?;
    for (number, name) in ["stdin", "stdout", "stderr"].iter().enumerate() {
        symlink(format!("/proc/self/fd/{number}"), new.join(name))?;
    }
    symlink("/run/devlog", new.join("log"))?;
    mount(Some(new), "/dev", None::<&str>, MsFlags::MS_MOVE, None::<&str>)?;
    env::set_current_dir("/")
}

fn block_signals() -> SignalFd {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGCHLD);
    signals.add(systemd::BECOME);
    signals.thread_block().expect("mask of the first process");
    SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC).expect("signal descriptor")
}

fn serve(socket: &UnixDatagram, mut log: File, signals: &SignalFd) -> ! {
    let mut buffer = vec![0; LONGEST_LINE];
    loop {
        let mut ready =
            [PollFd::new(socket.as_fd(), PollFlags::POLLIN), PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        if poll(&mut ready, PollTimeout::NONE).is_err() {
            continue;
        }
        let [lines, signalled] = ready.map(|descriptor| descriptor.any().unwrap_or(false));
        if signalled {
            let signal = signals.read_signal().ok().flatten();
            if signal.is_some_and(|signal| signal.ssi_signo == systemd::BECOME as u32) {
                systemd::take_over(log);
            }
            while matches!(waitpid(None, Some(WaitPidFlag::WNOHANG)), Ok(status) if status != WaitStatus::StillAlive)
            {
            }
        }
        if lines && let Ok(length) = socket.recv(&mut buffer) {
            log::write(&mut log, &buffer[..length]);
        }
    }
}

/// The command that starts [`make_namespaces`].
pub(super) fn command(name: &str, log: &Path, programs: &Path) -> Command {
    let mut command = role::cast(role::MACHINE);
    command.arg(name).arg(log).arg(programs);
    command
}
