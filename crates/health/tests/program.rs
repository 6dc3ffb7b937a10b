//! Checks by real programs: list 6 of specification nanny.md 14.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use health::expect::Expect;
use health::failure::{Cause, Ran};
use health::probe::{Limit, Probe, Question};
use health::program::Program;
use nix::errno::Errno;

const PATIENT: Duration = Duration::from_secs(10);
const HASTY: Limit = Limit::Phase(Duration::from_millis(200));

fn probe(line: &str, expect: Expect) -> Probe {
    let real_server = SocketAddr::from(([10, 1, 1, 2], 80));
    let program = Program::from_line(OsStr::new(line), real_server).unwrap();
    Probe { real_server, question: Question::Program(program), expect, limit: Limit::Phase(PATIENT) }
}

fn check(probe: &Probe) -> Result<(), Cause> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(probe.check()).map_err(|failure| failure.cause)
}

/// A check by this shell script that expects this text.
fn expecting(text: &str, script: &str) -> Result<(), Cause> {
    check(&probe(&format!("sh -c '{script}'"), Expect::text(text.into())))
}

/// The output that was not good.
fn refused(outcome: Result<(), Cause>) -> (&'static str, Ran) {
    match outcome {
        Err(Cause::Silent(ran)) => ("silent", ran),
        Err(Cause::Unexpected(ran)) => ("unexpected", ran),
        Err(Cause::Abnormal(ran)) => ("abnormal", ran),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_expected_text_is_good() {
    assert_eq!(expecting("OK", "echo OK"), Ok(()));
    assert_eq!(expecting("OK", "printf OK"), Ok(()), "the last byte is not cut off");
    assert_eq!(expecting("OK", "printf \"OK\\r\\n\""), Ok(()));
    assert_eq!(expecting("OK", "echo OK; exit 1"), Ok(()), "scripts in the field exit carelessly");
    assert_eq!(expecting("one\ntwo", "echo one; echo two"), Ok(()));
    assert_eq!(expecting("*", "echo anything"), Ok(()));
    let matching = probe("echo 12 sessions", Expect::expression(b"^[[:digit:]]+ sessions$"));
    assert_eq!(check(&matching), Ok(()));
}

#[test]
fn another_text_and_no_text_are_bad() {
    for (expect, script, why, output) in [
        ("OK", "echo FAIL", "unexpected", "FAIL"),
        ("OK", "echo OK later", "unexpected", "OK later"),
        ("OK", "echo OK; echo", "unexpected", "OK\n"),
        ("OK", "true", "silent", ""),
        ("*", "true", "silent", ""),
        ("OK", "exit 3", "silent", ""),
        ("OK", "echo OK; kill -9 $$", "abnormal", "OK"),
    ] {
        let (what, ran) = refused(expecting(expect, script));
        assert_eq!((what, ran.output.as_slice()), (why, output.as_bytes()), "{script}");
    }
    let (what, _) = refused(check(&probe("echo 12 users", Expect::expression(b"sessions"))));
    assert_eq!(what, "unexpected");
}

#[test]
fn without_an_expected_text_the_exit_status_counts() {
    assert_eq!(check(&probe("true", Expect::Nothing)), Ok(()));
    assert_eq!(check(&probe("echo any output", Expect::Nothing)), Ok(()));
    let (what, ran) = refused(check(&probe("false", Expect::Nothing)));
    assert_eq!((what, ran.status.code()), ("abnormal", Some(1)));
}

#[test]
fn a_program_that_cannot_start_says_nothing() {
    for (line, errno) in [("/no/such/check", Errno::ENOENT), ("/etc/passwd", Errno::EACCES)] {
        let program = line.to_owned();
        assert_eq!(check(&probe(line, Expect::Nothing)), Err(Cause::NotStarted { program, errno }));
    }
}

#[test]
fn the_real_server_is_told_by_words_and_environment() {
    assert_eq!(expecting("10.1.1.2 80", "echo %h %p"), Ok(()));
    let mut told = probe("sh -c 'echo $LVS_FWMARK'", Expect::text(b"7".to_vec()));
    if let Question::Program(program) = &mut told.question {
        program.environment.push(("LVS_FWMARK", "7".into()));
    }
    assert_eq!(check(&told), Ok(()));
}

#[test]
fn much_output_is_cut_and_does_not_block() {
    let (what, ran) = refused(expecting("OK", "head -c 200000 /dev/zero"));
    assert_eq!((what, ran.output.len(), ran.status.code()), ("unexpected", 64 * 1024, Some(0)));
}

#[test]
fn a_descendant_that_holds_the_pipe_is_not_waited_for() {
    let begin = Instant::now();
    assert_eq!(expecting("OK", "echo OK; sleep 20 &"), Ok(()));
    assert!(begin.elapsed() < PATIENT);
}

/// The process that a script named in this file is gone.
fn expect_gone(file: &PathBuf) {
    let process = PathBuf::from("/proc").join(fs::read_to_string(file).unwrap().trim());
    let begin = Instant::now();
    // A killed process whose parent is gone, too, may stay a zombie for a moment.
    while fs::read_to_string(process.join("cmdline")).is_ok_and(|words| !words.is_empty()) {
        assert!(begin.elapsed() < PATIENT, "{} still runs", process.display());
        sleep(Duration::from_millis(5));
    }
    fs::remove_file(file).unwrap();
}

fn pid_file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("health-{name}-{}", std::process::id()))
}

#[test]
fn a_hanging_program_is_ended_with_its_children() {
    let file = pid_file("hanging");
    let script = format!("trap \"\" TERM; sleep 60 & echo $! > {}; wait", file.display());
    let hanging = Probe { limit: HASTY, ..probe(&format!("sh -c '{script}'"), Expect::text(b"OK".to_vec())) };
    let begin = Instant::now();
    assert_eq!(check(&hanging), Err(Cause::Overtime { program: "sh".to_owned() }));
    assert!(begin.elapsed() < PATIENT);
    expect_gone(&file);
}

#[test]
fn a_check_that_is_dropped_ends_its_program() {
    let file = pid_file("dropped");
    let script = format!("sleep 60 & echo $! > {0}.new; mv {0}.new {0}; wait", file.display());
    let dropped = probe(&format!("sh -c '{script}'"), Expect::Nothing);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::select! {
            outcome = dropped.check() => panic!("{outcome:?}"),
            () = async {
                while !file.exists() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            } => {}
        }
    });
    expect_gone(&file);
}
