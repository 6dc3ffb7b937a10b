//! The first process of a user-mode-linux kernel: mounts, modules, one program, power off.

use std::collections::HashMap;
use std::env;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::termios::tcdrain;
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::{Pid, sync};

use super::{RUN, load_modules};

/// What separates the fields of an order.
const SEPARATOR: char = '\0';

/// Names the program that loads modules, of the kernel itself and of ours.
pub(super) const LOADER: &str = "/proc/sys/kernel/modprobe";

/// Leaves for [`main`] what to run: working directory, where the exit status goes, arguments.
pub(super) fn write_order(run: &Path, name: &str, arguments: &[String], status: &Path) -> io::Result<()> {
    let directory = env::current_dir()?;
    let mut fields = vec![directory.display().to_string(), status.display().to_string()];
    fields.extend_from_slice(arguments);
    fs::write(order(run, name), fields.join(&SEPARATOR.to_string()))
}

/// Where [`main`] says why it could not do what it was told.
pub(super) fn complaint(run: &Path, name: &str) -> PathBuf {
    run.join(format!("{name}.complaint"))
}

fn order(run: &Path, name: &str) -> PathBuf {
    run.join(format!("{name}.order"))
}

/// Does what [`write_order`] wrote down and switches the kernel off.
pub(crate) fn main(arguments: &[String]) -> ! {
    // User-mode-linux adds words of its own at the end of its command line.
    if let [run, name, ..] = arguments {
        let run = Path::new(run);
        let outcome = prepare(run, name).and_then(|()| obey(run, name));
        if let Err(error) = outcome {
            // The console does not live long enough to say it.
            let _ = fs::write(complaint(run, name), format!("{error}\n"));
        }
    }
    sync();
    let error = reboot(RebootMode::RB_POWER_OFF);
    panic!("cannot switch the kernel off: {error:?}");
}

fn prepare(run: &Path, name: &str) -> io::Result<()> {
    let mounts = [
        ("proc", "/proc", ""),
        ("sysfs", "/sys", ""),
        ("tmpfs", "/run", "mode=755"),
        ("tmpfs", "/dev/shm", "mode=1777"),
    ];
    fs::create_dir_all("/dev/shm")?;
    fs::create_dir_all("/dev/pts")?;
    for (kind, target, options) in mounts {
        mount(Some(kind), target, Some(kind), MsFlags::empty(), Some(options))?;
    }
    let _ = mount(Some("devpts"), "/dev/pts", Some("devpts"), MsFlags::empty(), Some("ptmxmode=666"));
    let _ = symlink("/proc/self/fd", "/dev/fd");
    find_modules(run, name)
}

/// Debian keeps the modules of this kernel where only `modprobe -d` finds them, and so must the kernel itself.
fn find_modules(run: &Path, name: &str) -> io::Result<()> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let release = release.trim();
    let root = run.join(format!("{name}.modules"));
    fs::create_dir_all(root.join("lib/modules"))?;
    symlink(Path::new("/usr/lib/uml/modules").join(release), root.join("lib/modules").join(release))?;
    let loader = root.join("modprobe");
    fs::write(&loader, format!("#!/bin/sh\nexec /sbin/modprobe -d {} \"$@\"\n", root.display()))?;
    fs::set_permissions(&loader, fs::Permissions::from_mode(0o755))?;
    fs::write(LOADER, loader.display().to_string())?;
    if load_modules(&mut Command::new(loader)) {
        Ok(())
    } else {
        Err(io::Error::other(format!("no IPVS modules for kernel {release} in /usr/lib/uml/modules")))
    }
}

fn obey(run: &Path, name: &str) -> io::Result<()> {
    let order = fs::read_to_string(order(run, name))?;
    let mut fields = order.split(SEPARATOR);
    let (Some(directory), Some(status)) = (fields.next(), fields.next()) else {
        return Err(io::Error::other("an order without a directory and a place for the status"));
    };
    let console = OpenOptions::new().read(true).write(true).open("/dev/tty0")?;
    let child = Command::new(run.join("init").canonicalize()?)
        .args(fields.filter(|argument| !argument.is_empty()))
        .current_dir(directory)
        .envs(environment(run))
        .stdin(console.try_clone()?)
        .stdout(console.try_clone()?)
        .stderr(console.try_clone()?)
        .spawn()?;
    let code = wait_for(Pid::from_raw(i32::try_from(child.id()).unwrap_or_default()))?;
    // A terminal that was closed has nothing more to show.
    let _ = tcdrain(&console);
    let mut file = File::create(status)?;
    io::Write::write_all(&mut file, code.to_string().as_bytes())?;
    file.sync_all()
}

fn environment(run: &Path) -> HashMap<&'static str, String> {
    HashMap::from([
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
        ("HOME", "/root".to_owned()),
        ("TERM", env::var("TERM").unwrap_or_else(|_| "linux".to_owned())),
        (RUN, run.display().to_string()),
    ])
}

/// Collects every orphan until `child` has ended.
fn wait_for(child: Pid) -> io::Result<i32> {
    loop {
        match wait()? {
            WaitStatus::Exited(pid, code) if pid == child => return Ok(code),
            WaitStatus::Signaled(pid, signal, _) if pid == child => return Ok(128 + signal as i32),
            _ => {}
        }
    }
}
