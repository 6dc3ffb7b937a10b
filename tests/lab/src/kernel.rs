//! A kernel with IPVS: the computer's own if it has one, else user-mode-linux.

pub(crate) mod init;
mod uml;

use std::env;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::time::{ClockId, clock_gettime, clock_settime};
use nix::unistd::{Pid, getpid, getuid};

use crate::command;

/// Modules that the machines need.
const MODULES: [&str; 24] = [
    "ip_vs",
    "ip_vs_rr",
    "ip_vs_wrr",
    "ip_vs_lc",
    "ip_vs_wlc",
    "ip_vs_lblc",
    "ip_vs_lblcr",
    "ip_vs_dh",
    "ip_vs_sh",
    "ip_vs_sed",
    "ip_vs_nq",
    "ip_vs_fo",
    "ip_vs_ovf",
    "ip_vs_mh",
    "veth",
    "bridge",
    "bonding",
    "8021q",
    "macvlan",
    "tun",
    "dummy",
    "ipip",
    "nf_conntrack",
    "overlay",
];

/// Names the directory of the run to a process on the right kernel.
const RUN: &str = "LAB_RUN";

/// Which kernel the machines get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The one this computer runs.
    Own,
    /// A second one, as a process of this computer.
    UserMode,
}

/// Whether this process already runs on a kernel with IPVS that was prepared for it.
pub fn inside() -> bool {
    env::var_os(RUN).is_some()
}

/// The directory that a run shares with the processes that it started, on either side of the kernel.
pub fn run_directory() -> PathBuf {
    PathBuf::from(env::var_os(RUN).expect("started by the lab"))
}

/// A directory for a new run. Removed by [`forget`].
///
/// # Errors
///
/// When the directory for temporary files is full or not writable.
pub fn new_run() -> io::Result<PathBuf> {
    let directory = env::temp_dir().join(format!("lab.{}", getpid()));
    fs::create_dir_all(&directory)?;
    directory.canonicalize()
}

/// Removes what a run kept.
pub fn forget(run: &Path) {
    let _ = fs::remove_dir_all(run);
}

/// Which kernel this computer offers. The variable `LAB_KERNEL` (`own` or `uml`) decides otherwise.
pub fn choose() -> Kind {
    match env::var("LAB_KERNEL").as_deref() {
        Ok("own") => Kind::Own,
        Ok("uml") => Kind::UserMode,
        _ if getuid().is_root() && load_modules(&mut Command::new("modprobe")) => Kind::Own,
        _ => Kind::UserMode,
    }
}

/// This program, running again on a kernel with IPVS.
#[derive(Debug)]
pub struct Session {
    kind: Kind,
    process: Child,
    status: PathBuf,
    /// What the program or its kernel says of trouble.
    complaints: [PathBuf; 2],
}

/// How a [`Session`] meets the person who started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Console {
    /// Standard output comes through a pipe, nothing can be typed.
    Piped,
    /// Standard input and output are those of this process.
    Shared,
}

impl Session {
    /// Starts this program with `arguments` on a kernel of this kind. `name` tells several sessions of one run apart.
    ///
    /// # Errors
    ///
    /// When user-mode-linux is not installed, or the run's directory cannot be written.
    pub fn start(
        kind: Kind,
        run: &Path,
        name: &str,
        arguments: &[String],
        console: Console,
    ) -> io::Result<Self> {
        let status = run.join(format!("{name}.status"));
        let console_log = run.join(format!("{name}.kernel"));
        let mut command = match kind {
            Kind::Own => own(run, arguments),
            Kind::UserMode => {
                init::write_order(run, name, arguments, &status)?;
                uml::command(run, name, console)
            }
        };
        if console == Console::Piped {
            command.stdin(Stdio::null()).stdout(Stdio::piped());
        }
        if kind == Kind::UserMode {
            command.stderr(File::create(&console_log)?);
        }
        let process = command.spawn().map_err(|error| {
            let program = command.get_program().to_string_lossy();
            io::Error::new(
                error.kind(),
                format!("cannot start {program}: {error}; apt-get install user-mode-linux"),
            )
        })?;
        Ok(Self { kind, process, status, complaints: [console_log, init::complaint(run, name)] })
    }

    /// The session's standard output, once, if it is [`Console::Piped`].
    pub fn output(&mut self) -> Option<impl io::Read + Send + use<>> {
        self.process.stdout.take()
    }

    /// Whether the program, or its kernel, has ended.
    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().map_or(true, |status| status.is_some())
    }

    /// Ends it at once, with the helpers that a dead user-mode-linux leaves behind holding our pipe.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        if let (Kind::UserMode, Ok(id)) = (self.kind, i32::try_from(self.process.id())) {
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
    }

    /// Waits for the end; the exit status of the program, or what the kernel said last.
    ///
    /// # Errors
    ///
    /// When the program or its kernel did not end in order within `limit`.
    pub fn wait(mut self, limit: Duration) -> Result<u8, String> {
        let Some(ended) = command::wait(&mut self.process, limit) else {
            self.kill();
            return Err(format!("the kernel still ran after {limit:?}\n{}", self.last_words()));
        };
        let status = match self.kind {
            Kind::Own => ended.code().and_then(|code| u8::try_from(code).ok()),
            Kind::UserMode => fs::read_to_string(&self.status).ok().and_then(|status| status.parse().ok()),
        };
        status.ok_or_else(|| format!("the kernel ended early ({ended})\n{}", self.last_words()))
    }

    /// Shows what comes through the pipe, if there is one, until the end.
    fn show(mut self) -> Result<u8, String> {
        for line in self.output().into_iter().flat_map(|output| BufReader::new(output).lines()) {
            // A terminal ends its lines with two characters.
            println!("{}", line.unwrap_or_default().trim_end_matches('\r'));
        }
        self.wait(Duration::MAX)
    }

    fn last_words(&self) -> String {
        let complaints: Vec<u8> = self.complaints.iter().flat_map(fs::read).flatten().collect();
        let complaints = String::from_utf8_lossy(&complaints);
        let lines: Vec<&str> = complaints.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

/// Runs this program again with `arguments` on a kernel with IPVS and hands back its exit status.
pub fn run_again(arguments: &[String], console: Console) -> ExitCode {
    let status =
        new_run().map_err(|error| format!("cannot make a directory for the run: {error}")).and_then(|run| {
            let status = Session::start(choose(), &run, "lab", arguments, console)
                .map_err(|error| error.to_string())
                .and_then(Session::show);
            forget(&run);
            status
        });
    status.map_or_else(
        |complaint| {
            eprintln!("{complaint}");
            ExitCode::FAILURE
        },
        ExitCode::from,
    )
}

fn own(run: &Path, arguments: &[String]) -> Command {
    let mut command = Command::new(env::current_exe().expect("path of this program"));
    command.args(arguments).env(RUN, run);
    command
}

/// A kernel whose IPVS is taken out until this value is dropped.
#[derive(Debug)]
pub struct WithoutIpvs {
    loader: String,
}

/// Takes IPVS out of the kernel, which cannot load it again by itself. `None` on the computer's own kernel, where others may need it.
///
/// # Panics
///
/// If the kernel does not let go of it.
pub fn without_ipvs() -> Option<WithoutIpvs> {
    if !is_user_mode() {
        return None;
    }
    let modules = MODULES.iter().filter(|module| module.starts_with("ip_vs_")).chain([&"ip_vs"]);
    let outcome = command::run(Command::new("rmmod").args(modules), command::LIMIT);
    assert!(!ipvs_is_here(), "{}", outcome.stderr);
    let loader = fs::read_to_string(init::LOADER).expect("the kernel's loader");
    fs::write(init::LOADER, "\n").expect("the kernel's loader");
    Some(WithoutIpvs { loader: loader.trim().to_owned() })
}

impl Drop for WithoutIpvs {
    fn drop(&mut self) {
        let _ = fs::write(init::LOADER, &self.loader);
        load_modules(&mut Command::new(&self.loader));
    }
}

/// Whether this process runs on a kernel that is the lab's alone.
fn is_user_mode() -> bool {
    fs::read_to_string("/proc/cpuinfo").unwrap_or_default().contains("User Mode Linux")
}

/// The kernel's wall clock, set to another time until this value is dropped.
#[derive(Debug)]
pub struct WallClock {
    /// How far it is ahead.
    ahead: Duration,
}

/// The wall clock, to be set. `None` on the computer's own kernel, where others need it.
pub fn wall_clock() -> Option<WallClock> {
    is_user_mode().then_some(WallClock { ahead: Duration::ZERO })
}

impl WallClock {
    /// Sets it forward.
    ///
    /// # Panics
    ///
    /// If the kernel does not let it be set, as in [`put_back`](Self::put_back).
    pub fn put_forward(&mut self, by: Duration) {
        Self::set(|now| now + by);
        self.ahead += by;
    }

    /// Sets it back to where it would be.
    pub fn put_back(&mut self) {
        let ahead = std::mem::take(&mut self.ahead);
        Self::set(|now| now.saturating_sub(ahead));
    }

    fn set(time: impl FnOnce(Duration) -> Duration) {
        let now = clock_gettime(ClockId::CLOCK_REALTIME).expect("every kernel has this clock");
        clock_settime(ClockId::CLOCK_REALTIME, time(now.into()).into()).expect("root may set the clock");
    }
}

impl Drop for WallClock {
    fn drop(&mut self) {
        self.put_back();
    }
}

/// Loads what can be loaded and says whether the kernel has IPVS now.
fn load_modules(modprobe: &mut Command) -> bool {
    let _ = modprobe.args(["--quiet", "--all"]).args(MODULES).stderr(Stdio::null()).status();
    ipvs_is_here()
}

fn ipvs_is_here() -> bool {
    Path::new("/proc/net/ip_vs").exists()
}
