//! A machine of its own for each test: one router, and a partner that the test plays over a cable between two networks.

use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use heartbeat::{ByteOrder, Message};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// This router, and its partner.
pub(crate) const ROUTER: &str = "192.0.2.1";
pub(crate) const PARTNER: &str = "192.0.2.2";
pub(crate) const STRANGER: &str = "192.0.2.99";
pub(crate) const FLOATING: &str = "192.0.2.10";

pub(crate) const KEEPALIVE: Duration = Duration::from_millis(200);
pub(crate) const DEADTIME: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(20);

/// Notes what it is told, and ends when pulse is gone, as lvsd does. (sh knows no descriptors above 9.)
const LVSD: &str = r#"#!/bin/bash
echo "start $*" >>"$NOTES"
trap 'echo term >>"$NOTES"; exit 0' TERM
trap 'echo hup >>"$NOTES"' HUP
echo '{"ready":{"services":1,"failed":[]}}' >&"$PIRANHA_READY_FD"
cat <&"$PIRANHA_READY_FD" >/dev/null &
while kill -0 $! 2>/dev/null; do wait $!; done
echo gone >>"$NOTES"
"#;

/// The same for fos: with the floating addresses that were there when it started, and ended by a file named `fail`.
const FOS: &str = r#"#!/bin/bash
echo "start $* with $(ip -4 address | grep -o '192.0.2.1[0-9]' | tr '\n' ' ')" >>"$NOTES"
trap 'echo "term $1" >>"$NOTES"; exit 0' TERM
trap 'echo hup >>"$NOTES"' HUP
cat <&"$PIRANHA_READY_FD" >/dev/null &
pulse=$!
while kill -0 $pulse 2>/dev/null; do
    sleep 0.05
    if [ -e "$NOTES.fail" ]; then rm "$NOTES.fail"; exit 10; fi
done
echo gone >>"$NOTES"
"#;

/// The variable that names the test which runs on a machine of its own.
const ALONE: &str = "PULSE_TEST_ALONE";

/// Plays the test on a machine of its own: this program again, as root in a network and with a `/run` that nobody else
/// has.
pub(crate) fn on_stage(test: &str, play: fn(&Stage)) {
    if std::env::var(ALONE).is_ok_and(|alone| alone == test) {
        return play(&Stage::new(test));
    }
    let mut command = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let output = command
        .args(["--net", "--mount"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(ALONE, test)
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

pub(crate) struct Stage {
    folder: PathBuf,
    pub(crate) partner: Partner,
    pub(crate) stranger: Partner,
}

/// The other end of the cable.
pub(crate) struct Partner(UdpSocket);

impl Stage {
    fn new(test: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("router").join(test);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        shell("mount -t tmpfs tmpfs /run && ip link set lo up");
        let [partner, stranger] = std::thread::spawn(other_network).join().unwrap();
        shell(&format!("ip link set e0 up && ip address add {ROUTER}/24 dev e0"));
        for (name, script) in [("lvsd", LVSD), ("fos", FOS)] {
            fs::write(folder.join(name), script).unwrap();
            let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(folder.join(name), executable).unwrap();
        }
        Self { folder, partner: Partner(partner), stranger: Partner(stranger) }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.join("lvs.cf")
    }

    /// Writes `lvs.cf` for the primary router, with these lines in front and these floating addresses.
    pub(crate) fn configure(&self, primary: &str, lines: &str, floating: &[&str]) {
        let backup = if primary == ROUTER { PARTNER } else { ROUTER };
        let blocks: Vec<_> = floating
            .iter()
            .map(|address| {
                format!("virtual v{address} {{\nactive = 1\naddress = {address} e0:1\nvip_nmask = 255.255.255.0\n}}\n")
            })
            .collect();
        let text = format!(
            "primary = {primary}\nbackup = {backup}\nbackup_active = 1\nnetwork = direct\n{lines}\n{}",
            blocks.concat()
        );
        fs::write(self.file(), text).unwrap();
    }

    /// Turns the virtual servers of the file into failover services.
    pub(crate) fn configure_fos(&self, primary: &str) {
        self.configure(primary, "service = fos", &[FLOATING]);
        let text = fs::read_to_string(self.file()).unwrap();
        fs::write(self.file(), text.replace("virtual", "failover")).unwrap();
    }

    pub(crate) fn write_file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Lines of a file of this test; none if there is no such file.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        fs::read_to_string(self.folder.join(name)).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What the stand-in for lvsd, or for fos, has noted.
    pub(crate) fn lvsd_notes(&self) -> Vec<String> {
        self.lines("notes")
    }

    /// `pulse` with the options that every test needs.
    pub(crate) fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pulse"));
        command
            .args(["--keepalive", "200ms", "--deadtime", "1s"])
            .arg("-c")
            .arg(self.file())
            .arg("--lvsd")
            .arg(self.folder.join("lvsd"))
            .arg("--fos")
            .arg(self.folder.join("fos"))
            .args(options)
            .env("NOTES", self.folder.join("notes"))
            .stdin(Stdio::null());
        command
    }

    /// pulse in the foreground.
    pub(crate) fn pulse(&self, options: &[&str]) -> Pulse {
        self.start(&mut self.in_foreground(options))
    }

    /// How pulse is started in the foreground.
    pub(crate) fn in_foreground(&self, options: &[&str]) -> Command {
        let output = fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut command = self.command(options);
        command.arg("-n").stdout(output);
        command
    }

    /// pulse, started like this.
    pub(crate) fn start(&self, command: &mut Command) -> Pulse {
        Pulse { child: command.spawn().unwrap(), log: self.folder.join("log") }
    }

    /// An active pulse, whose partner is silent.
    pub(crate) fn active_pulse(&self) -> Pulse {
        let pulse = self.pulse(&["--forceactive"]);
        wait_until("the floating address", || has(FLOATING));
        pulse
    }
}

/// Whether this machine has the address.
pub(crate) fn has(address: &str) -> bool {
    addresses().contains(&format!("inet {address}/"))
}

/// What `ip` says about this machine's addresses.
pub(crate) fn addresses() -> String {
    let output = Command::new("ip").args(["-4", "address"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Makes another network with a cable to this one, and sockets in it.
fn other_network() -> [UdpSocket; 2] {
    unshare(CloneFlags::CLONE_NEWNET).unwrap();
    shell(&format!(
        "ip link add e0 type veth peer name e0 netns {} && ip link set e0 up && \
         ip address add {PARTNER}/24 dev e0 && ip address add {STRANGER}/24 dev e0",
        std::process::id()
    ));
    [PARTNER, STRANGER].map(|address| {
        let socket = UdpSocket::bind((address, 539)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        socket
    })
}

pub(crate) fn shell(script: &str) {
    assert!(Command::new("sh").args(["-ec", script]).status().unwrap().success(), "{script}");
}

impl Partner {
    pub(crate) fn says(&self, message: Message) {
        self.sends(&message.encode(ByteOrder::HOST));
    }

    pub(crate) fn sends(&self, bytes: &[u8]) {
        self.0.send_to(bytes, (ROUTER, 539)).unwrap();
    }

    /// The next datagram, if one comes within this time: its bytes and where it came from.
    pub(crate) fn receives(&self, patience: Duration) -> Option<(Vec<u8>, String)> {
        let deadline = Instant::now() + patience;
        let mut bytes = [0; 2048];
        while Instant::now() < deadline {
            if let Ok((length, source)) = self.0.recv_from(&mut bytes) {
                return Some((bytes[..length].to_vec(), source.to_string()));
            }
        }
        None
    }

    /// What the router says next.
    pub(crate) fn hears(&self, patience: Duration) -> Option<Message> {
        let (bytes, _) = self.receives(patience)?;
        Some(Message::decode(&bytes).unwrap().0)
    }

    /// Everything that the router says until this message comes, that one included.
    pub(crate) fn hears_until(&self, wanted: Message) -> Vec<Message> {
        let mut heard = Vec::new();
        while heard.last() != Some(&wanted) {
            heard.push(self.hears(PATIENCE).expect("another heartbeat"));
        }
        heard
    }

    /// Forgets what has arrived already.
    pub(crate) fn forget(&self) {
        while self.receives(Duration::from_millis(1)).is_some() {}
    }

    /// Says this every keepalive for so long.
    pub(crate) fn keeps_saying(&self, bytes: &[u8], time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.sends(bytes);
            std::thread::sleep(KEEPALIVE / 2);
        }
    }
}

/// A running pulse; killed if the test fails.
pub(crate) struct Pulse {
    child: std::process::Child,
    log: PathBuf,
}

impl Pulse {
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    pub(crate) fn log(&self) -> Vec<String> {
        fs::read_to_string(&self.log).unwrap().lines().map(str::to_owned).collect()
    }

    pub(crate) fn logged(&self, text: &str) -> usize {
        self.log().iter().filter(|line| line.contains(text)).count()
    }

    pub(crate) fn wait_for(&self, text: &str) {
        wait_until(&format!("log line {text:?} in {:?}", self.log()), || self.logged(text) > 0);
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end and gives the exit status.
    pub(crate) fn ends(&mut self) -> i32 {
        self.ends_as().code().unwrap()
    }

    /// Waits for the end, whatever it is.
    pub(crate) fn ends_as(&mut self) -> ExitStatus {
        wait_until("the end of pulse", || self.child.try_wait().unwrap().is_some());
        self.child.wait().unwrap()
    }

    pub(crate) fn is_killed(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process lives that `pid_file` names.
pub(crate) fn named_by(pid_file: &Path) -> Option<Pid> {
    let pid: i32 = fs::read_to_string(pid_file).ok()?.trim().parse().ok()?;
    Some(Pid::from_raw(pid)).filter(|pid| kill(*pid, None).is_ok())
}
