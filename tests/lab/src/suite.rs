//! Runs lab tests: each in a world of its own with a time limit, on as many kernels as there are processors. The few that
//! fail run once more, alone.

mod tally;

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio, exit};
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::kernel::{self, Console, Kind, Session};
use crate::{command, installed, report, role, world};
use tally::{Account, Tally, Verdict, second_chance};

/// A lab test.
#[derive(Debug, Clone, Copy)]
pub struct Test {
    /// `group::what_holds`.
    pub name: &'static str,
    /// The test; a panic is a failure.
    pub run: fn(),
}

/// Names functions as tests of a group: `tests!("pair", the_backup_takes_over, ...)`.
#[macro_export]
macro_rules! tests {
    ($group:literal: $($test:path),+ $(,)?) => {
        vec![$($crate::suite::Test { name: concat!($group, "::", stringify!($test)), run: $test }),+]
    };
}

/// One test may take this long.
const TEST_LIMIT: Duration = Duration::from_secs(120);

/// All tests may take this long.
const SUITE_LIMIT: Duration = Duration::from_secs(60 * 60);

/// Says to a kernel that the tests have failed before; whole names follow.
const AGAIN: &str = "--again";

/// Ends the output of one test on its way from a kernel to the terminal, followed by the verdict.
const VERDICT: char = '\u{1e}';

/// Exit status of a test that called [`skip`].
const SKIPPED: i32 = 77;

/// Says to a process which test to run in its world.
const ONE: &str = "--in-this-world";

/// The main function of a program of lab tests.
///
/// Arguments are parts of names; without one all tests run. `--list` names them. `--kernels N` sets how many kernels are used.
/// At most three tests that failed are run once more, with nothing beside them. The last line is
/// `lab: N passed, M failed`, followed by how many of those that passed were `flaky`: they have failed at first.
pub fn main(tests: &[Test]) -> ExitCode {
    role::play();
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [flag, name] if flag == ONE => run_one(tests, name),
        _ if kernel::inside() => run_claimed(&Selection::new(tests, &arguments)),
        _ => conduct(&Selection::new(tests, &arguments), &arguments),
    }
}

/// The tests that were asked for.
struct Selection {
    tests: Vec<Test>,
    list: bool,
    kernels: usize,
    /// They have failed before.
    again: bool,
}

impl Selection {
    fn new(tests: &[Test], arguments: &[String]) -> Self {
        let mut selection = Self { tests: Vec::new(), list: false, kernels: processors(), again: false };
        let mut parts: Vec<&str> = Vec::new();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--list" => selection.list = true,
                AGAIN => selection.again = true,
                "--kernels" => selection.kernels = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1),
                part => parts.push(part),
            }
        }
        let again = selection.again;
        let is_meant = |name: &str, part: &str| if again { name == part } else { name.contains(part) };
        let wanted = |test: &&Test| parts.is_empty() || parts.iter().any(|part| is_meant(test.name, part));
        selection.tests = tests.iter().filter(wanted).copied().collect();
        selection.kernels = selection.kernels.clamp(1, selection.tests.len().max(1));
        selection
    }

    fn names(&self) -> Vec<&'static str> {
        self.tests.iter().map(|test| test.name).collect()
    }
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(4)
}

/// Ends a test that cannot be made on this computer.
pub fn skip(reason: &str) -> ! {
    println!("skipped: {reason}");
    exit(SKIPPED)
}

/// Outside: starts the kernels, shows what they say, counts.
fn conduct(selection: &Selection, arguments: &[String]) -> ExitCode {
    if selection.list {
        selection.tests.iter().for_each(|test| println!("{}", test.name));
        return ExitCode::SUCCESS;
    }
    if selection.tests.is_empty() {
        println!("no lab test has such a name; --list names them all");
        return ExitCode::FAILURE;
    }
    let run = kernel::new_run().expect("a directory for the run");
    let kind = kernel::choose();
    installed::prepare(&run);
    let names = selection.names();
    println!("{} lab tests on {} {kind:?} kernel(s)", names.len(), selection.kernels);
    let first = run_on_kernels(kind, &run, "kernel", selection.kernels, arguments);
    complain_of_missing(&names, &first);
    let chosen = second_chance(&names, &first);
    let again = if chosen.is_empty() {
        Tally::new()
    } else {
        println!("{} of them once more, alone", chosen.len());
        let arguments: Vec<_> = [AGAIN].iter().chain(&chosen).map(ToString::to_string).collect();
        let again = run_on_kernels(kind, &run, "again", 1, &arguments);
        complain_of_missing(&chosen, &again);
        again
    };
    kernel::forget(&run);
    let account = Account::new(&names, &first, &again);
    println!("{account}");
    if account.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Has so many kernels share the tests that the arguments name.
fn run_on_kernels(kind: Kind, run: &Path, name: &str, count: usize, arguments: &[String]) -> Tally {
    let claims = run.join("claims");
    let _ = fs::remove_dir_all(&claims);
    fs::create_dir_all(&claims).expect("a directory for the run");
    let tally = Mutex::new(Tally::new());
    thread::scope(|scope| {
        for number in 1..=count {
            let tally = &tally;
            scope.spawn(move || {
                let session =
                    Session::start(kind, run, &format!("{name}{number}"), arguments, Console::Piped);
                if let Err(complaint) =
                    session.map_err(|error| error.to_string()).and_then(|session| follow(session, tally))
                {
                    println!("kernel {number}: {complaint}");
                }
            });
        }
    });
    tally.into_inner().expect("no panic under the lock")
}

/// A test that left no verdict has failed.
fn complain_of_missing(names: &[&str], tally: &Tally) {
    for name in names.iter().filter(|name| !tally.contains_key(**name)) {
        println!("test {name} ... FAILED (no verdict: the kernel ended or time ran out)");
    }
}

/// Shows the output of one kernel, test by test, until it ends.
fn follow(mut session: Session, tally: &Mutex<Tally>) -> Result<(), String> {
    let output = session.output().expect("a piped session");
    let (send, lines) = mpsc::channel();
    thread::spawn(move || read_lines(output, &send));
    let start = Instant::now();
    let mut pending: Vec<String> = Vec::new();
    loop {
        match lines.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => hear(line, &mut pending, tally),
            Err(RecvTimeoutError::Timeout) if session.has_ended() || start.elapsed() > SUITE_LIMIT => {
                session.kill();
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let outcome = session.wait(Duration::from_secs(10)).map(|_| ());
    if outcome.is_err() {
        println!("{}", pending.join("\n"));
    }
    outcome
}

/// Keeps the lines of a test until its verdict comes, so that tests of two kernels do not mix.
fn hear(line: String, pending: &mut Vec<String>, tally: &Mutex<Tally>) {
    match line.strip_prefix(VERDICT).map(|verdict| verdict.split_once(' ')) {
        None => pending.push(line),
        // What a kernel says before the first test is of no interest.
        Some(None) => pending.clear(),
        Some(Some((verdict, name))) => {
            let mut tally = tally.lock().expect("no panic under the lock");
            tally.insert(name.to_owned(), Verdict::of_word(verdict));
            pending.drain(..).for_each(|line| println!("{line}"));
        }
    }
}

fn read_lines(output: impl Read, send: &mpsc::Sender<String>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        let _ = send.send(String::from_utf8_lossy(&line).trim_end().to_owned());
        line.clear();
    }
}

/// Inside a kernel: takes one test after the other until none is left.
fn run_claimed(selection: &Selection) -> ExitCode {
    let run = kernel::run_directory();
    println!("{VERDICT}begin");
    for test in &selection.tests {
        if claim(&run, test) {
            let start = Instant::now();
            let (verdict, output) = run_in_world(&run, test);
            let (name, word, seconds) = (test.name, verdict.word(), start.elapsed().as_secs_f64());
            let said = if selection.again { verdict.again() } else { word };
            let text = format!("test {name} ... {said} ({seconds:.1} s)\n{output}{VERDICT}{word} {name}\n");
            stdout().lock().write_all(text.as_bytes()).expect("the kernel's console");
        }
    }
    ExitCode::SUCCESS
}

/// The directory is shared by all kernels, and only one of them can make a new one in it.
fn claim(run: &Path, test: &Test) -> bool {
    fs::create_dir(run.join("claims").join(test.name.replace(':', "-"))).is_ok()
}

/// Runs a test in a process and a world of its own; its output is kept back if it passes.
fn run_in_world(run: &Path, test: &Test) -> (Verdict, String) {
    let file: PathBuf = run.join("claims").join(test.name.replace(':', "-")).join("output");
    let output = File::create(&file).expect("file for the output of a test");
    let mut process: Command = world::create(&[ONE.to_owned(), test.name.to_owned()]);
    process.env("RUST_BACKTRACE", "0").stdin(Stdio::null());
    process.stdout(output.try_clone().expect("second handle")).stderr(output);
    let mut process = process.spawn().expect("unshare, of util-linux");
    // The test has its own limit and reports then; this one is for a test that cannot even do that.
    let status = command::wait(&mut process, TEST_LIMIT + Duration::from_secs(30));
    if status.is_none() {
        let _ = process.kill();
        let _ = process.wait();
    }
    let said = String::from_utf8_lossy(&fs::read(&file).unwrap_or_default()).into_owned();
    match status.map(|status| status.code()) {
        Some(Some(0)) => (Verdict::Passed, String::new()),
        Some(Some(SKIPPED)) => (Verdict::Skipped, said),
        Some(_) => (Verdict::Failed, said),
        None => (Verdict::Failed, said + "the test hangs and was killed\n"),
    }
}

/// Inside a world: the test itself.
fn run_one(tests: &[Test], name: &str) -> ExitCode {
    let test = *tests.iter().find(|test| test.name == name).expect("a test of this name");
    let (done, ended) = mpsc::channel();
    thread::spawn(move || {
        let result = thread::spawn(test.run).join();
        let _ = done.send(result.is_ok());
    });
    match ended.recv_timeout(TEST_LIMIT) {
        Ok(true) => return explained(),
        Ok(false) => {}
        Err(_) => println!("not finished after {TEST_LIMIT:?}"),
    }
    report::print();
    ExitCode::FAILURE
}

/// Whether whoever reads the log can look up every line of it.
fn explained() -> ExitCode {
    let lines = report::unexplained();
    for line in &lines {
        println!("docs/troubleshooting.md has no entry for {line}");
    }
    if lines.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
