//! What systemd is told, where it has started pulse, and what it hands on of `/etc/sysconfig/pulse`.

use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use heartbeat::Message;
use nix::sys::signal::{Signal, kill};

use crate::stage::{
    DEADTIME, FLOATING, KEEPALIVE, PARTNER, ROUTER, Stage, has, named_by, on_stage, wait_until,
};

const SOCKET: &str = "/run/systemd/notify";

/// systemd, which listens at its socket.
struct Systemd(UnixDatagram);

impl Systemd {
    fn new() -> Self {
        std::fs::create_dir("/run/systemd").unwrap();
        let socket = UnixDatagram::bind(SOCKET).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(socket)
    }

    /// pulse as a unit starts it, with these words behind its options.
    fn starts(stage: &Stage, options: &[&str]) -> Command {
        let mut command = stage.command(options);
        command.env("NOTIFY_SOCKET", SOCKET).stderr(Stdio::piped());
        command
    }

    fn hears(&self) -> String {
        let mut bytes = [0; 4096];
        let length = self.0.recv(&mut bytes).expect("a message of pulse");
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    /// All up to the message that begins with this, that one included.
    fn hears_until(&self, beginning: &str) -> Vec<String> {
        let mut heard = vec![self.hears()];
        while !heard.last().is_some_and(|last| last.starts_with(beginning)) {
            heard.push(self.hears());
        }
        heard
    }

    /// Whether anything comes within this time.
    fn hears_nothing(&self, time: Duration) -> bool {
        self.0.set_read_timeout(Some(time)).unwrap();
        let silent = self.0.recv(&mut [0; 4096]).is_err();
        self.0.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        silent
    }
}

#[test]
fn systemd_is_told_when_pulse_is_ready_what_it_does_and_when_it_ends() {
    on_stage("systemd::systemd_is_told_when_pulse_is_ready_what_it_does_and_when_it_ends", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let systemd = Systemd::new();
        let mut pulse = stage.start(&mut Systemd::starts(stage, &[]));
        assert_eq!(systemd.hears(), "READY=1");
        UdpSocket::bind((ROUTER, 539)).expect_err("the port of the heartbeat is bound when pulse is ready");
        let pid = std::fs::read_to_string("/var/run/pulse.pid").unwrap();
        assert_eq!(pid.trim(), pulse.id().to_string(), "it stays the process that systemd knows");
        assert_eq!(systemd.hears(), "STATUS=primary, ready: pulse was started");
        assert_eq!(systemd.hears(), "STATUS=primary, active: partner dead");
        wait_until("the floating address", || has(FLOATING));

        pulse.signal(Signal::SIGHUP);
        assert!(systemd.hears().starts_with("RELOADING=1\nMONOTONIC_USEC="));
        assert_eq!(systemd.hears(), "READY=1");

        std::fs::write(stage.file(), "nonsense").unwrap();
        pulse.signal(Signal::SIGHUP);
        let heard = systemd.hears_until("STATUS=");
        assert_eq!(heard[1], "READY=1", "a bad file changes nothing: {heard:?}");
        assert!(heard[2].ends_with("; pulse refused the changed file, the log says why"), "{heard:?}");

        pulse.signal(Signal::SIGTERM);
        let heard = systemd.hears_until("STATUS=");
        assert_eq!(heard[0], "STOPPING=1");
        assert!(heard[1].starts_with("STATUS=primary, leaving: pulse was told to end"), "{heard:?}");
        assert_eq!(pulse.ends(), 0);
        assert!(!has(FLOATING));
    });
}

#[test]
fn systemd_hears_why_pulse_does_not_start() {
    on_stage("systemd::systemd_hears_why_pulse_does_not_start", |stage| {
        let systemd = Systemd::new();
        let refused = |lines: &str, status: i32| {
            std::fs::write(stage.file(), lines).unwrap();
            let output = Systemd::starts(stage, &[]).output().unwrap();
            assert_eq!(output.status.code(), Some(status));
            String::from_utf8(output.stderr).unwrap()
        };
        let file = stage.file().display().to_string();
        let empty = refused("", 1);
        assert_eq!(
            empty.lines().next(),
            Some(&*format!("pulse: error parsing {file} at line 0: Empty configuration"))
        );
        stage.configure(PARTNER, "", &[FLOATING]);
        let inactive =
            std::fs::read_to_string(stage.file()).unwrap().replace("backup_active = 1", "backup_active = 0");
        refused(&inactive, 6);
        assert!(systemd.hears_nothing(KEEPALIVE), "it was never ready");
    });
}

#[test]
fn systemd_hears_signs_of_life_as_long_as_the_loop_turns() {
    on_stage("systemd::systemd_hears_signs_of_life_as_long_as_the_loop_turns", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let systemd = Systemd::new();
        let every = Duration::from_millis(100);
        let start = Instant::now();
        let mut command = Systemd::starts(stage, &["--forceactive"]);
        let pulse = stage.start(command.env("WATCHDOG_USEC", "200000"));
        for _ in 0..5 {
            systemd.hears_until("WATCHDOG=1");
        }
        assert!(start.elapsed() >= every * 5);
        pulse.signal(Signal::SIGSTOP);
        // What it had said before.
        while !systemd.hears_nothing(every * 5) {}
        pulse.signal(Signal::SIGCONT);
        systemd.hears_until("WATCHDOG=1");
    });
}

#[test]
fn what_is_meant_for_pulse_is_not_inherited() {
    on_stage("systemd::what_is_meant_for_pulse_is_not_inherited", |stage| {
        let lvsd = std::fs::read_to_string(stage.path("lvsd")).unwrap();
        stage.write_file("lvsd", &lvsd.replacen("echo ", "env >\"$NOTES.lvsd\"\necho ", 1));
        let script = stage.write_file("active.sh", "env >\"$NOTES.active\"\n");
        stage.configure(ROUTER, &format!("active_cmd = \"/bin/sh {}\"", script.display()), &[FLOATING]);
        let systemd = Systemd::new();
        let mut command = Systemd::starts(stage, &["--forceactive"]);
        let meant = [("WATCHDOG_USEC", "30000000"), ("DELAY", "0.1"), ("OPTIONS", "--forceactive")];
        let _pulse = stage.start(command.envs(meant));
        systemd.hears_until("READY=1");
        for file in ["notes.lvsd", "notes.active"] {
            wait_until(file, || stage.lines(file).iter().any(|line| line.starts_with("_=")));
            let environment = stage.lines(file);
            assert!(environment.iter().any(|line| line.starts_with("NOTES=")), "{environment:?}");
            for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "DELAY", "OPTIONS"] {
                assert!(!environment.iter().any(|line| line.starts_with(name)), "{file}: {environment:?}");
            }
        }
    });
}

#[test]
fn pulse_waits_before_it_starts_as_delay_says() {
    on_stage("systemd::pulse_waits_before_it_starts_as_delay_says", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let systemd = Systemd::new();
        let start = Instant::now();
        let mut pulse = stage.start(Systemd::starts(stage, &[]).env("DELAY", "0.5  # slow switch"));
        assert_eq!(systemd.hears(), "STATUS=starting in 0.5 s (DELAY)");
        assert_eq!(systemd.hears(), "READY=1");
        assert!(start.elapsed() >= Duration::from_millis(500));
        pulse.signal(Signal::SIGTERM);
        assert_eq!(pulse.ends(), 0);

        // Told to end, it does not wait first.
        systemd.hears_until("STATUS=primary, ending");
        let mut pulse = stage.start(Systemd::starts(stage, &[]).env("DELAY", "60"));
        assert_eq!(systemd.hears(), "STATUS=starting in 60.0 s (DELAY)");
        pulse.signal(Signal::SIGTERM);
        assert_eq!(pulse.ends_as().signal(), Some(Signal::SIGTERM as i32));

        // As the init script starts it: whoever called waits, too, and not for ever because of a mistake.
        let start = Instant::now();
        assert!(stage.command(&[]).env("DELAY", "0.5").status().unwrap().success());
        assert!(start.elapsed() >= Duration::from_millis(500));
        let daemon = named_by(Path::new("/run/pulse.pid")).unwrap();
        kill(daemon, Signal::SIGTERM).unwrap();
        wait_until("the end of the daemon", || named_by(Path::new("/run/pulse.pid")).is_none());
        let pulse = stage.start(stage.in_foreground(&[]).env("DELAY", "soon"));
        stage.partner.hears_until(Message::Running);
        let reason = "it is neither a number of seconds nor `random`";
        assert_eq!(pulse.logged(&format!("pulse: DELAY=\"soon\" is ignored: {reason}")), 1);
    });
}

#[test]
fn a_comment_behind_the_options_is_none_of_them() {
    on_stage("systemd::a_comment_behind_the_options_is_none_of_them", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        // What systemd makes of `OPTIONS="--forceactive"  # for the --nonsense`.
        let options = ["--forceactive#", "for", "the", "--nonsense"];
        let output = stage.command(&options).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "a shell would not hand it on");

        let systemd = Systemd::new();
        let start = Instant::now();
        let _pulse = stage.start(&mut Systemd::starts(stage, &options));
        systemd.hears_until("STATUS=primary, active");
        assert!(start.elapsed() < DEADTIME, "it was forced to be active");
    });
}

#[test]
fn what_a_killed_pulse_leaves_behind_is_cleared_and_what_a_living_one_has_is_not() {
    on_stage(
        "systemd::what_a_killed_pulse_leaves_behind_is_cleared_and_what_a_living_one_has_is_not",
        |stage| {
            stage.configure(ROUTER, "", &[FLOATING, "192.0.2.11"]);
            let clear = || {
                let output = stage.command(&["--clear"]).output().unwrap();
                let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
                format!("{said}status {}", output.status.code().unwrap())
            };
            assert_eq!(clear(), "status 0", "there is nothing");

            let mut pulse = stage.active_pulse();
            wait_until("the control socket", || Path::new("/run/piranha/pulse.sock").exists());
            assert_eq!(clear(), "pulse: another pulse answers at /run/piranha/pulse.sock\nstatus 1");
            assert!(has(FLOATING) && has("192.0.2.11"));

            pulse.is_killed();
            wait_until("the end of lvsd", || stage.lvsd_notes().contains(&"gone".to_owned()));
            std::fs::write("/run/piranha/services", "[]").unwrap();
            stage.write_file("lvs.cf", "nonsense");
            let expected = "pulse: removed 192.0.2.10 from e0:1: it was left behind\n\
                        pulse: removed 192.0.2.11 from e0:1: it was left behind\nstatus 0";
            assert_eq!(clear(), expected);
            assert!(!has(FLOATING) && !has("192.0.2.11"));
            assert!(stage.lvsd_notes().contains(&"start --clear".to_owned()), "{:?}", stage.lvsd_notes());
            for left in ["pulse.pid", "piranha/addresses", "piranha/pulse.sock"] {
                assert!(!Path::new("/run").join(left).exists(), "{left}");
            }

            // A daemon is known by the lock on its pid file, too.
            stage.configure(ROUTER, "", &[FLOATING]);
            assert!(stage.command(&[]).status().unwrap().success());
            let pid = named_by(Path::new("/run/pulse.pid")).unwrap();
            let held = format!(
                "pulse: /var/run/pulse.pid is held by process {pid}: the daemon is already running\n"
            );
            assert_eq!(clear(), format!("{held}status 1"));
            kill(pid, Signal::SIGTERM).unwrap();
        },
    );
}
