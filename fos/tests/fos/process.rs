//! A running fos, and the scripts that it runs.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Longest wait for anything that must happen.
pub(crate) const PATIENT: Duration = Duration::from_secs(20);

/// Notes its words, in one write since others note theirs; `hang` hangs, `wait` does until it is told to end, and `fail` fails.
const SERVICE: &str = r#"#!/bin/sh
trap 'echo "service has ended" >>"$NOTES"; exit 0' TERM
note=$(printf 'service'; printf ' [%s]' "$@")
printf '%s\n' "$note" >>"$NOTES"
case "$1" in hang) exec sleep 1000 ;; wait) while :; do sleep 0.02; done ;; fail) exit 3 ;; esac
"#;

/// Notes its words in one write, too, and watches for ever.
const NANNY: &str = r#"#!/bin/sh
note=$(printf 'nanny'; printf ' [%s]' "$@")
printf '%s\n' "$note" >>"$NOTES"
trap 'echo "nanny has ended" >>"$NOTES"; exit 0' TERM
while :; do sleep 0.02; done
"#;

/// A folder with the file, the scripts and their notes.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Self {
        let folder = Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fos").join(test));
        let _ = fs::remove_dir_all(&folder.0);
        fs::create_dir_all(&folder.0).unwrap();
        for (name, script) in [("service", SERVICE), ("nanny", NANNY)] {
            fs::write(folder.path(name), script).unwrap();
            fs::set_permissions(folder.path(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes `lvs.cf` with these sections; `SERVICE` stands for the script.
    pub(crate) fn configure(&self, sections: &str) -> &Self {
        let service = self.path("service").display().to_string();
        let head = "service = fos\nprimary = 192.0.2.1\nbackup = 192.0.2.2\nbackup_active = 1\n";
        fs::write(self.path("lvs.cf"), head.to_owned() + &sections.replace("SERVICE", &service)).unwrap();
        self
    }

    /// What the scripts have noted.
    pub(crate) fn notes(&self) -> Vec<String> {
        let notes = fs::read_to_string(self.path("notes")).unwrap_or_default();
        notes.lines().map(str::to_owned).collect()
    }

    /// Waits until the scripts have noted this, and gives all notes.
    pub(crate) fn expect_note(&self, note: &str) -> Vec<String> {
        wait_until(note, || self.notes().iter().any(|line| line.contains(note)));
        self.notes()
    }

    /// fos with these words.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fos"));
        self.prepare(&mut command, words);
        command
    }

    /// What every fos of these tests is told.
    pub(crate) fn prepare(&self, command: &mut Command, words: &[&str]) {
        command.args(words).arg("--nanny").arg(self.path("nanny")).arg("-c").arg(self.path("lvs.cf"));
        command.env("NOTES", self.path("notes")).stdin(Stdio::null());
    }

    /// fos in the foreground, with these words.
    pub(crate) fn fos(&self, words: &[&str]) -> Fos {
        Fos::run(self.command(words).arg("--nodaemon"))
    }
}

/// A section of the file.
pub(crate) fn section(name: &str, last: u8, lines: &str) -> String {
    format!("failover {name} {{\nactive = 1\naddress = 192.0.2.{last} eth0:1\n{lines}\n}}\n")
}

/// A section with commands that note what they are run for.
pub(crate) fn ordinary(name: &str, last: u8) -> String {
    section(name, last, &format!("start_cmd = \"SERVICE start {name}\"\nstop_cmd = \"SERVICE stop {name}\""))
}

pub(crate) struct Fos {
    pub(crate) child: Child,
    log: Receiver<String>,
}

impl Fos {
    pub(crate) fn run(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, log) = channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, log }
    }

    /// Waits for a line of the log with these words, and gives all lines up to there.
    pub(crate) fn expect_line(&self, words: &str) -> Vec<String> {
        let begin = Instant::now();
        let mut lines = Vec::new();
        while !lines.last().is_some_and(|line: &String| line.contains(words)) {
            let Ok(line) = self.log.recv_timeout(PATIENT.saturating_sub(begin.elapsed())) else {
                panic!("no line with {words:?} among {lines:#?}");
            };
            lines.push(line);
        }
        lines
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Waits for the end, and gives the exit status.
    pub(crate) fn ends(&mut self) -> i32 {
        let mut status = None;
        wait_until("the end of fos", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.and_then(|status| status.code()).unwrap()
    }
}

impl Drop for Fos {
    fn drop(&mut self) {
        // It may have ended in good order.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process id at the end of a line.
pub(crate) fn pid(line: &str) -> Pid {
    Pid::from_raw(line.rsplit(' ').next().unwrap().parse().unwrap())
}

pub(crate) fn lives(pid: Pid) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENT, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
