//! A machine: a process list, a network, a file system view and a system log of its own.

pub(crate) mod init;
pub(crate) mod systemd;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::address::{self, Address};
use crate::command::{self, LIMIT, Outcome};
use crate::log::{self, Line};
use crate::network::Cable;
use crate::process::{self, Process};
use crate::table::{self, Table};
use crate::wait::wait_until;
use crate::world;

/// One machine. Clones are the same machine.
#[derive(Clone)]
pub struct Machine(Arc<Parts>);

struct Parts {
    plan: Plan,
    power: Mutex<Option<Power>>,
    disk: Mutex<BTreeMap<String, Vec<u8>>>,
    started: Mutex<Vec<PathBuf>>,
}

/// What lives while the machine is switched on.
struct Power {
    launcher: Child,
    init: Pid,
}

/// What a machine is made of, before it is switched on.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(crate) name: String,
    pub(crate) cables: Vec<Cable>,
    pub(crate) network: Vec<String>,
    pub(crate) sysctls: Vec<(String, String)>,
}

/// A program that was started on a machine and goes on running.
#[derive(Debug)]
pub struct Running {
    child: Child,
    output: PathBuf,
}

impl Machine {
    /// Switches a machine on for the first time.
    pub(crate) fn boot(plan: Plan) -> Self {
        let machine = Self(Arc::new(Parts {
            plan,
            power: Mutex::default(),
            disk: Mutex::default(),
            started: Mutex::default(),
        }));
        machine.power_on();
        machine
    }

    /// The machine's name, which is also its host name.
    pub fn name(&self) -> &str {
        &self.0.plan.name
    }

    /// Its cables.
    pub(crate) fn cables(&self) -> &[Cable] {
        &self.0.plan.cables
    }

    /// Runs `program` on the machine to its end, at most [`LIMIT`].
    ///
    /// # Panics
    ///
    /// If the machine is off, or the program cannot be started or does not end.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Outcome {
        self.run_within(LIMIT, program, arguments)
    }

    /// Like [`run`](Self::run) with another limit.
    ///
    /// # Panics
    ///
    /// Like [`run`](Self::run).
    pub fn run_within(&self, limit: Duration, program: &str, arguments: &[&str]) -> Outcome {
        command::run(self.enter().arg(program).args(arguments), limit)
    }

    /// Starts `program` on the machine and lets it run; its output is kept for the report of a failing test.
    ///
    /// # Panics
    ///
    /// If the machine is off.
    pub fn start(&self, program: &str, arguments: &[&str]) -> Running {
        self.launch(self.enter().arg(program).args(arguments), program)
    }

    fn launch(&self, command: &mut Command, program: &str) -> Running {
        let output = self.new_output(program);
        let file = File::create(&output).expect("file for the output of a program");
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("second handle"))
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {program} on {}: {error}", self.name()));
        Running { child, output }
    }

    /// A new file for what a program writes, which a failing test shows.
    pub(crate) fn new_output(&self, program: &str) -> PathBuf {
        let mut started = self.0.started.lock().expect("no panic under the lock");
        let program = Path::new(program).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let output = world::directory().join(format!("{}.{}.{program}", self.name(), started.len()));
        started.push(output.clone());
        output
    }

    /// Starts a role of this program in the machine's network; it sees the world's files and processes, not the machine's.
    pub(crate) fn cast(&self, role: &Command, name: &str) -> Running {
        let mut command = self.enter_network();
        command.arg(role.get_program()).args(role.get_args());
        self.launch(&mut command, name)
    }

    /// Writes a file that survives power failures.
    ///
    /// # Panics
    ///
    /// If the machine is off or its directory does not exist.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(path), content.as_ref())
            .unwrap_or_else(|error| panic!("{self}: {path}: {error}"));
        self.disk().insert(path.to_owned(), content.as_ref().to_vec());
    }

    /// Reads a file of the machine; `None` if it is not there.
    ///
    /// # Panics
    ///
    /// If the machine is off.
    pub fn read(&self, path: &str) -> Option<String> {
        let bytes = fs::read(self.path(path)).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Where a file of the machine is found from outside.
    ///
    /// # Panics
    ///
    /// If the machine is off.
    pub fn path(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.init()))
    }

    /// The system log so far, also of earlier lives.
    pub fn log(&self) -> Vec<Line> {
        log::read(&self.log_file())
    }

    /// Whether a line with this text is in the system log.
    pub fn logged(&self, text: &str) -> bool {
        self.log().iter().any(|line| line.text.contains(text))
    }

    /// Waits for a line with this text in the system log.
    ///
    /// # Panics
    ///
    /// If it has not come after `limit`.
    pub fn wait_for_log(&self, text: &str, limit: Duration) {
        wait_until(&format!("{:?} in the log of {}", text, self.name()), limit, || self.logged(text));
    }

    /// The kernel's IPVS table.
    ///
    /// # Panics
    ///
    /// If the machine is off.
    pub fn table(&self) -> Table {
        table::parse(&fs::read_to_string(format!("/proc/{}/net/ip_vs", self.init())).unwrap_or_default())
    }

    /// How many UDP datagrams have reached a program of the machine.
    ///
    /// # Panics
    ///
    /// If the machine is off.
    pub fn datagrams(&self) -> usize {
        let counters =
            fs::read_to_string(format!("/proc/{}/net/snmp", self.init())).expect("every kernel counts");
        let udp = counters.lines().filter(|line| line.starts_with("Udp:")).nth(1);
        udp.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).expect("the second column")
    }

    /// Every address of every device.
    ///
    /// # Panics
    ///
    /// If the machine is off.
    pub fn addresses(&self) -> Vec<Address> {
        let listing = command::run(self.enter_network().args(["ip", "-oneline", "addr", "show"]), LIMIT);
        address::parse(&listing.expect_success())
    }

    /// Whether the machine has this address.
    ///
    /// # Panics
    ///
    /// If `address` is none, or the machine is off.
    pub fn has_address(&self, address: &str) -> bool {
        let wanted: IpAddr = address.parse().expect("an address");
        self.addresses().iter().any(|other| other.address == wanted)
    }

    /// Every process, sorted by number; empty if the machine is off.
    pub fn processes(&self) -> Vec<Process> {
        self.power().as_ref().map_or_else(Vec::new, |power| process::of(power.init))
    }

    /// The living processes with this name, sorted by number.
    pub fn processes_named(&self, name: &str) -> Vec<Process> {
        self.processes().into_iter().filter(|process| process.name == name && process.state != "Z").collect()
    }

    /// Sends `signal` to every process with this name.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn signal(&self, name: &str, signal: Signal) {
        let processes = self.processes_named(name);
        assert!(!processes.is_empty(), "{self}: no process {name}");
        for process in processes {
            process.signal(signal);
        }
    }

    /// Whether the machine is switched on.
    pub fn is_on(&self) -> bool {
        self.power().is_some()
    }

    /// The shell command that enters the machine from the world.
    ///
    /// # Panics
    ///
    /// If the machine is off.
    pub fn way_in(&self) -> String {
        format!("nsenter -t {} -n -m -p -u", self.init())
    }

    /// Lays a writable layer over all of `/usr`, without the programs of the house: what is installed there from now on is this
    /// machine's alone.
    ///
    /// # Panics
    ///
    /// If the machine is off.
    pub fn without_programs(&self) {
        self.lay_over_usr(&[]);
    }

    /// The same with these folders between the layer and the computer's `/usr`, the first one on top.
    pub(crate) fn lay_over_usr(&self, folders: &[&Path]) {
        let folders: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
        let lower = [folders, vec!["/usr".to_owned()]].concat().join(":");
        let layers = "upperdir=/run/.layers/usr/upper,workdir=/run/.layers/usr/work";
        let options = format!("lowerdir={lower},{layers}");
        self.run("mkdir", &["-p", "/run/.layers/usr/upper", "/run/.layers/usr/work"]).expect_success();
        self.run("mount", &["-t", "overlay", "overlay", "-o", &options, "/usr"]).expect_success();
    }

    pub(crate) fn power_on(&self) {
        let mut power = self.power();
        assert!(power.is_none(), "{} is already on", self.name());
        let mut launcher = init::command(self.name(), &self.log_file(), &world::programs())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program again");
        // The launcher says the number of the first process and that process says `ready`, whoever is faster.
        let lines = BufReader::new(launcher.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let said: Vec<String> = lines.take(2).collect();
        let init = said.iter().find_map(|line| line.parse().ok()).map(Pid::from_raw);
        let init = init.unwrap_or_else(|| panic!("{} has no first process", self.name()));
        assert!(said.iter().any(|line| line == "ready"), "{} could not be furnished", self.name());
        *power = Some(Power { launcher, init });
        drop(power);
        self.connect();
        for (path, content) in self.disk().iter() {
            fs::write(self.path(path), content).unwrap_or_else(|error| panic!("{self}: {path}: {error}"));
        }
    }

    /// Every process dies in the same instant and the network is gone with them.
    pub(crate) fn kill(&self) {
        let mut power = self.power().take().unwrap_or_else(|| panic!("{} is already off", self.name()));
        kill(power.init, Signal::SIGKILL).expect("the first process of a machine");
        assert!(command::wait(&mut power.launcher, LIMIT).is_some(), "{} does not die", self.name());
    }

    /// Lays the cables and sets addresses, routes and switches of the kernel.
    fn connect(&self) {
        let Plan { cables, network, sysctls, .. } = &self.0.plan;
        let init = self.init();
        command::ip(&cables.iter().flat_map(|cable| cable.lay(init)).collect::<Vec<_>>());
        let mut inside = vec!["link set lo up".to_owned()];
        inside.extend(cables.iter().flat_map(Cable::set_up));
        inside.extend(network.iter().cloned());
        let mut script =
            vec!["set -e".to_owned(), format!("ip -batch {}", command::script(&inside).display())];
        let settings =
            sysctls.iter().map(|(key, value)| format!("echo {value} > /proc/sys/{}", key.replace('.', "/")));
        script.extend(settings);
        command::run(self.enter_network().arg("sh").arg(command::script(&script)), LIMIT).expect_success();
    }

    /// A command that enters the machine; what it shall run there follows.
    pub(crate) fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.init().to_string(), "-n", "-m", "-p", "-u", "--"]);
        command
    }

    fn enter_network(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.init().to_string(), "-n", "--"]);
        command
    }

    fn init(&self) -> Pid {
        self.power().as_ref().unwrap_or_else(|| panic!("{} is off", self.name())).init
    }

    fn log_file(&self) -> PathBuf {
        world::directory().join(format!("{}.log", self.name()))
    }

    fn power(&self) -> MutexGuard<'_, Option<Power>> {
        self.0.power.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn disk(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.disk.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// What the started programs wrote, by file.
    pub(crate) fn outputs(&self) -> Vec<PathBuf> {
        self.0.started.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Machine").field(&self.name()).finish()
    }
}

impl Running {
    /// What it has written so far, standard output and standard error together.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.output).unwrap_or_default()).into_owned()
    }

    /// Whether it runs no more.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it at once, if it does not run in a process list of its own.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Where its output goes.
    pub(crate) fn output_file(&self) -> &Path {
        &self.output
    }

    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// If it still runs after `limit`.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        command::wait(&mut self.child, limit)
            .unwrap_or_else(|| panic!("still running after {limit:?}: {}", self.output()))
    }
}
