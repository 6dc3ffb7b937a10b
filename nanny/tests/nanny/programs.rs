//! Checks by programs: list 6 of specification nanny.md 14.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::IntoRawFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fs, thread};

use control::report::{FromNanny, Known};

use crate::process::{Lvsd, PATIENT, verdict, watch};

/// Nobody connects there.
const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

/// What a check by this shell script finds, if `OK` is expected.
fn script(script: &str) -> String {
    verdict(SERVER, &["-e", &format!("sh -c '{script}'"), "-x", "OK"])
}

#[test]
fn a_program_is_judged_by_its_text() {
    assert_eq!(script("echo OK"), "up");
    assert_eq!(script("printf OK"), "up", "no byte is cut off");
    assert_eq!(script("printf \"OK\\r\\n\""), "up");
    assert_eq!(script("echo OK; exit 1"), "up", "whatever the exit status");
    let wrong = "Trouble. Received results are not what we expected from (SERVER) program=sh";
    assert_eq!(script("echo FAIL"), format!("{wrong} exit=0 output=\"FAIL\""));
    assert_eq!(script("echo OK later"), format!("{wrong} exit=0 output=\"OK later\""));
    assert_eq!(script("echo FAIL; exit 3"), format!("{wrong} exit=3 output=\"FAIL\""));
    let silent = "Ran the external sending program to (SERVER) but didn't get anything back program=sh";
    assert_eq!(script("true"), format!("{silent} exit=0 output=\"\""));
    assert_eq!(script("exit 1"), format!("{silent} exit=1 output=\"\""));
    assert_eq!(
        script("echo OK; kill -9 $$"),
        "The following exited abnormally: program=sh signal=9 output=\"OK\""
    );
}

#[test]
fn a_program_may_be_expected_to_say_anything_or_to_match() {
    let program = |line, more: &[&str]| verdict(SERVER, &[&["-e", line], more].concat());
    assert_eq!(program("echo anything", &["-x", "*"]), "up");
    assert_eq!(program("echo 12 sessions", &["--regex", "-x", "^[[:digit:]]+ sessions$"]), "up");
    assert_eq!(program("echo two; echo lines", &["-x", r"two; echo lines"]), "up", "no shell");
    assert_eq!(program(r"printf one\\ntwo", &["-x", r"one\ntwo"]), "up", "several lines");
    assert_eq!(program("true", &[]), "up", "without an expected text the exit status counts");
    assert_eq!(program("false", &[]), "The following exited abnormally: program=false exit=1 output=\"\"");
}

#[test]
fn a_program_takes_the_place_of_the_send_string() {
    let words = watch("9", &["-e", "echo OK", "-x", "OK", "-s", "hello"]);
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &words);
    assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 });
    nanny
        .expect_line("nanny: External program use requested: (echo OK), IGNORING send string option (hello)");
    nanny.expect_line("nanny: Found 1 argument(s)");
    nanny.expect_line("nanny: Invoking:  echo");
    nanny.expect_line("nanny: Got result (OK) from command sent to (127.0.0.1:9)");
}

#[test]
fn a_program_that_cannot_be_started_says_nothing_about_the_server() {
    for (line, reason) in
        [("/no/such/check", "No such file or directory"), ("/etc/passwd", "Permission denied")]
    {
        let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch("9", &["-e", line, "-x", "OK"]));
        assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 });
        nanny.expect_line(&format!("failed to start the check program {line}: {reason}"));
    }
}

/// A file whose name no other test uses.
fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("nanny-{name}-{}", std::process::id()))
}

#[test]
fn a_program_that_hangs_is_ended_with_its_children() {
    let child = file("hanging");
    let line = format!("trap \"\" TERM; sleep 60 & echo $! > {}; wait", child.display());
    let line = format!("sh -c '{line}'");
    assert_eq!(verdict(SERVER, &["-t", "1", "-e", &line]), "timeout running the following: sh");
    let process = PathBuf::from("/proc").join(fs::read_to_string(&child).unwrap().trim());
    let begin = Instant::now();
    // A killed process whose parent is gone, too, may stay a zombie for a moment.
    while fs::read_to_string(process.join("cmdline")).is_ok_and(|words| !words.is_empty()) {
        assert!(begin.elapsed() < PATIENT, "{} still runs", process.display());
        thread::sleep(Duration::from_millis(5));
    }
    fs::remove_file(child).unwrap();
}

#[test]
fn a_child_that_holds_the_pipe_is_not_waited_for() {
    assert_eq!(script("echo OK; sleep 20 &"), "up");
}

#[test]
fn much_output_does_not_block() {
    assert_eq!(script("echo OK; head -c 200000 /dev/zero >&2"), "up", "on standard error");
    let much = script("head -c 200000 /dev/zero | tr \"\\0\" x");
    assert!(
        much.ends_with(
            "exit=0 output=\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\""
        )
    );
    assert_eq!(verdict(SERVER, &["-e", "head -c 200000 /dev/zero", "-x", "*"]), "up");
}

#[test]
fn words_and_environment_name_the_real_server() {
    let told =
        |line, text: &str| assert_eq!(verdict(SERVER, &["-f", "7", "-e", line, "-x", text]), "up", "{line}");
    told("echo %h %p", "127.0.0.1 9");
    told("echo host=%h:%p", "host=127.0.0.1:9");
    told("echo %x 100%% 100%", "%x 100% 100%");
    told("printf %%s,%%s 'two words' \"%h x\"", "two words,127.0.0.1 x");
    told(r"printf %%s two\ words", "two words");
    told("echo $HOME;ls", "$HOME;ls");
    let variables = "sh -c 'echo $LVS_REAL_ADDRESS $LVS_REAL_PORT $LVS_VIRTUAL_ADDRESS $LVS_VIRTUAL_PORT $LVS_FWMARK \
                     $LVS_PROTOCOL'";
    told(variables, "127.0.0.1 9 10.0.0.1 8080 7 tcp");
}

#[test]
fn a_program_gets_no_descriptor_but_the_standard_three() {
    // A careless parent of nanny leaves one open: a duplicate outlives exec. It ends with this process.
    let _ = nix::unistd::dup(std::io::stderr()).unwrap().into_raw_fd();
    // ls has one of its own: the folder.
    assert_eq!(verdict(SERVER, &["-e", "ls /proc/self/fd", "-x", r"0\n1\n2\n3"]), "up");
    assert_eq!(script("read line || echo OK"), "up", "standard input is empty");
}

#[test]
fn a_long_line_is_no_trouble() {
    let words = (0..100).map(|number| format!("word{number}")).collect::<Vec<_>>().join(" ");
    assert_eq!(verdict(SERVER, &["-e", &format!("echo {words}"), "-x", &words]), "up");
}
