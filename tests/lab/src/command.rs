//! Running a program with a time limit.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::world;

/// How long a program may run if nothing else is said.
pub const LIMIT: Duration = Duration::from_secs(20);

/// What a program left when it ended.
#[derive(Debug)]
pub struct Outcome {
    /// The command line.
    pub command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// All that it wrote to its standard output.
    pub stdout: String,
    /// All that it wrote to its standard error.
    pub stderr: String,
}

impl Outcome {
    /// The exit status; -1 if a signal ended the program.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }

    /// Standard output of a program that must have succeeded.
    ///
    /// # Panics
    ///
    /// If it did not.
    pub fn expect_success(self) -> String {
        assert!(
            self.status.success(),
            "{} ended with {}: {}{}",
            self.command,
            self.status,
            self.stdout,
            self.stderr
        );
        self.stdout
    }
}

/// Runs `command` to its end. Its output goes through files, so that a daemon it leaves behind with an open descriptor does
/// not hold us up.
///
/// # Panics
///
/// If it cannot be started or runs longer than `limit`.
pub fn run(command: &mut Command, limit: Duration) -> Outcome {
    let (out, err) = (scratch(), scratch());
    let line = words(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(File::create(&out).expect("scratch file"))
        .stderr(File::create(&err).expect("scratch file"))
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {line}: {error}"));
    let status = wait(&mut child, limit).unwrap_or_else(|| {
        let _ = child.kill();
        panic!("{line} still ran after {limit:?}: {}{}", text(&out), text(&err));
    });
    let outcome = Outcome { command: line, status, stdout: text(&out), stderr: text(&err) };
    let _ = fs::remove_file(out);
    let _ = fs::remove_file(err);
    outcome
}

/// Runs `ip -batch` over `lines` in the network of this process.
pub(crate) fn ip(lines: &[String]) {
    run(Command::new("ip").arg("-batch").arg(script(lines)), LIMIT).expect_success();
}

/// Like [`ip`], but a line that cannot be done is passed over.
pub(crate) fn ip_where_possible(lines: &[String]) {
    run(Command::new("ip").args(["-force", "-batch"]).arg(script(lines)), LIMIT);
}

/// A file with these lines.
pub(crate) fn script(lines: &[String]) -> PathBuf {
    let path = scratch();
    fs::write(&path, lines.join("\n") + "\n").expect("scratch file");
    path
}

/// Waits for the end of `child`, `None` after `limit`.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait().expect("own child") {
            return Some(status);
        }
        if start.elapsed() > limit {
            return None;
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// A new file name in the world's directory.
fn scratch() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    world::directory().join(format!("scratch.{}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

fn text(path: &PathBuf) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args()).map(OsStr::to_string_lossy);
    words.collect::<Vec<_>>().join(" ")
}
