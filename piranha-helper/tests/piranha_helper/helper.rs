//! A piranha-helper in a folder of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use control::helper::{self, Answer, Bytes, Fingerprint, OneLine};
use nix::unistd::geteuid;
use versions::Versions;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_piranha-helper");
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const CLIENT: &str = "192.0.2.7";

/// A file that the daemons take.
pub(crate) const FILE: &str = "\
serial_no = 41
# ours
primary = 192.0.2.9
keepalive = 6
virtual web {
     active = 1
     address = 192.0.2.10 eth0:1
     port = 80
     server one {
         address = 192.0.2.1
         active = 1
         weight = 1
     }
}
";

/// Whether these tests can be made.
pub(crate) fn am_root() -> bool {
    let root = geteuid().is_root();
    if !root {
        eprintln!("not tested: piranha-helper works as root only");
    }
    root
}

/// Waits for something that takes a moment.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        sleep(Duration::from_millis(5));
    }
}

pub(crate) struct Helper {
    pub(crate) folder: PathBuf,
    pub(crate) child: Child,
}

impl Helper {
    pub(crate) fn new(test: &str) -> Self {
        Self::with(test, &[])
    }

    pub(crate) fn with(test: &str, words: &[&str]) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("piranha-helper").join(test);
        let _there_may_be_none = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("scripts")).unwrap();
        fs::write(folder.join("lvs.cf"), FILE).unwrap();
        fs::write(folder.join("gui.conf"), format!("program_directories = {}/scripts\n", folder.display()))
            .unwrap();
        let child = start(&folder, words);
        let helper = Self { folder, child };
        helper.is_ready();
        helper
    }

    /// Once more, after its end.
    pub(crate) fn again(&mut self) {
        fs::remove_file(self.socket()).unwrap();
        self.child = start(&self.folder, &[]);
        self.is_ready();
    }

    fn is_ready(&self) {
        // The mode comes last.
        let mode = || fs::metadata(self.socket()).map(|socket| socket.permissions().mode() & 0o777);
        until("it listens", || matches!(mode(), Ok(0o660)));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("run/helper.sock")
    }

    pub(crate) fn file(&self) -> String {
        fs::read_to_string(self.path("lvs.cf")).unwrap()
    }

    pub(crate) fn versions(&self) -> Versions {
        Versions::new(&self.path("versions"), &self.path("lvs.cf"))
    }

    /// An executable of root's.
    pub(crate) fn program(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(crate) fn ask(&self, command: helper::Command) -> Answer {
        ask(&self.socket(), command)
    }

    /// Saves an edit of what is there now.
    pub(crate) fn save(&self, file: &str) -> Answer {
        let present = fs::read(self.path("lvs.cf")).unwrap_or_default();
        self.ask(save(file.as_bytes(), &present))
    }

    /// Saves `FILE` with another line in its first section.
    pub(crate) fn save_line(&self, line: &str) -> Answer {
        self.save(&FILE.replace("     port = 80\n", &format!("     port = 80\n     {line}\n")))
    }

    /// The reason without what differs from run to run.
    pub(crate) fn refused(&self, answer: Answer) -> String {
        match answer {
            Answer::Refused { reason } => reason.replace(self.folder.to_str().unwrap(), ""),
            other => panic!("not refused: {other:?}"),
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _it_may_have_ended = self.child.kill();
        let _nothing_to_be_done = self.child.wait();
    }
}

fn start(folder: &Path, words: &[&str]) -> Child {
    command(folder, words).spawn().unwrap()
}

/// How one is started that has everything in this folder.
pub(crate) fn command(folder: &Path, words: &[&str]) -> Command {
    let within = |name: &str| folder.join(name);
    let mut command = Command::new(PROGRAM);
    command
        .args(["--nodaemon", "-c"])
        .arg(within("lvs.cf"))
        .arg("-g")
        .arg(within("gui.conf"))
        .arg("--socket")
        .arg(within("run/helper.sock"))
        .arg("--state")
        .arg(within("versions"))
        .arg("--pid-file")
        .arg(within("pulse.pid"))
        .arg("--service")
        .arg(within("service"))
        .arg("--piranhactl")
        .arg(within("piranhactl"))
        .args(words)
        .stdin(Stdio::piped())
        .stdout(fs::File::options().create(true).append(true).open(within("log")).unwrap());
    command
}

pub(crate) fn save(file: &[u8], made_from: &[u8]) -> helper::Command {
    helper::Command::Save {
        file: Bytes(file.to_vec()),
        expected: Fingerprint::of(made_from),
        client: CLIENT.parse().unwrap(),
        what: OneLine::of("GLOBAL SETTINGS"),
    }
}

pub(crate) fn ask(socket: &Path, command: helper::Command) -> Answer {
    try_ask(socket, command).unwrap()
}

/// As the page asks.
pub(crate) fn try_ask(socket: &Path, command: helper::Command) -> Result<Answer, service::inquiry::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(service::inquiry::ask(socket, command, PATIENCE))
}
