//! `--active`: stop and start commands (specification fos.md 4 and 5).

use std::fs;

use nix::sys::signal::Signal;

use crate::process::{Folder, ordinary, section};

#[test]
fn every_active_service_is_stopped_then_started_and_stopped_at_the_end() {
    let folder = Folder::new("every_active_service_is_stopped_then_started_and_stopped_at_the_end");
    let idle = ordinary("idle", 12).replace("active = 1", "active = 0");
    folder.configure(&[ordinary("web", 10), idle, ordinary("mail", 11)].concat());
    for (signal, number) in [(Signal::SIGTERM, 15), (Signal::SIGINT, 2)] {
        let _ = fs::remove_file(folder.path("notes"));
        let mut fos = folder.fos(&["--active"]);
        let mut log = fos.expect_line("Starting local service 192.0.2.11:80");
        folder.expect_note("[start] [mail]");
        fos.signal(signal);
        log.extend(fos.expect_line("will now exit"));
        assert_eq!(fos.ends(), 0);
        let steps = ["stop] [web", "start] [web", "stop] [mail", "start] [mail", "stop] [web", "stop] [mail"];
        assert_eq!(folder.notes(), steps.map(|step| format!("service [{step}]")));
        let log = log.join("\n").replace(&format!("signal {number}"), "signal N");
        insta::allow_duplicates!(insta::assert_snapshot!(log, @"
        fos: Stopping local services (if any)
        fos: Shutting down local service 192.0.2.10:80 
        fos: Starting local service 192.0.2.10:80 ...
        fos: Stopping local services (if any)
        fos: Shutting down local service 192.0.2.11:80 
        fos: Starting local service 192.0.2.11:80 ...
        fos: Shutting down due to signal N
        fos: Shutting down local service 192.0.2.10:80 
        fos: Shutting down local service 192.0.2.11:80 
        fos: will now exit to notify pulse...
        "));
    }
}

#[test]
fn commands_are_executed_without_a_shell_and_quotes_hold_words_together() {
    let folder = Folder::new("commands_are_executed_without_a_shell_and_quotes_hold_words_together");
    let start = "start_cmd = \"SERVICE $HOME  *;  'two words' ''\"";
    folder.configure(&section("web", 10, start));
    let _fos = folder.fos(&["-F"]);
    assert_eq!(folder.expect_note("service"), ["service [$HOME] [*;] [two words] []"]);
}

#[test]
fn commands_that_fail_are_named_with_the_reason_and_change_nothing() {
    let folder = Folder::new("commands_that_fail_are_named_with_the_reason_and_change_nothing");
    let failing = "start_cmd = \"SERVICE fail\"\nstop_cmd = \"SERVICE fail\"";
    let missing = "start_cmd = \"/nowhere/service start\"\nport = 25";
    folder.configure(&[section("web", 10, failing), section("mail", 11, missing)].concat());
    let mut fos = folder.fos(&["--active"]);
    insta::assert_snapshot!(fos.expect_line("192.0.2.11:25!").join("\n"), @r#"
    fos: Stopping local services (if any)
    fos: Shutting down local service 192.0.2.10:80 
    fos: Warning; shutdown of local service 192.0.2.10:80 returned error 1 status=3
    fos: Starting local service 192.0.2.10:80 ...
    fos: Failed to start service 192.0.2.10:80! status=3
    fos: Stopping local services (if any)
    fos: Starting local service 192.0.2.11:25 ...
    fos: Failed to start service 192.0.2.11:25! reason="cannot execute /nowhere/service: No such file or directory (os error 2)"
    "#);
    fos.signal(Signal::SIGTERM);
    assert_eq!(fos.ends(), 0);
}

#[test]
fn a_start_command_that_hangs_makes_way_for_the_stop_command() {
    let folder = Folder::new("a_start_command_that_hangs_makes_way_for_the_stop_command");
    let commands = "start_cmd = \"SERVICE hang\"\nstop_cmd = \"SERVICE stop\"";
    folder.configure(&section("web", 10, commands));
    let mut fos = folder.fos(&["--active"]);
    folder.expect_note("[hang]");
    fos.signal(Signal::SIGTERM);
    fos.expect_line("Failed to start service 192.0.2.10:80! signal=15");
    assert_eq!(fos.ends(), 0);
    assert_eq!(folder.notes(), ["service [stop]", "service [hang]", "service [stop]"]);
}

#[test]
fn a_command_that_takes_longer_than_the_file_allows_is_ended() {
    let folder = Folder::new("a_command_that_takes_longer_than_the_file_allows_is_ended");
    let commands = "start_cmd = \"SERVICE hang\"\n#% command_timeout = 200ms";
    folder.configure(&section("web", 10, commands));
    let fos = folder.fos(&["--active"]);
    let log = fos.expect_line("Failed to start service 192.0.2.10:80! signal=15");
    assert_eq!(log[2], "fos: start_cmd of 192.0.2.10:80 has not ended within 0.2 s: ending it");
}

#[test]
fn a_command_does_not_outlive_a_killed_fos() {
    let folder = Folder::new("a_command_does_not_outlive_a_killed_fos");
    folder.configure(&section("web", 10, "stop_cmd = \"SERVICE wait\""));
    let mut fos = folder.fos(&["--monitor"]);
    folder.expect_note("[wait]");
    fos.child.kill().unwrap();
    folder.expect_note("service has ended");
}

#[test]
fn a_test_start_executes_nothing_and_waits() {
    let folder = Folder::new("a_test_start_executes_nothing_and_waits");
    folder.configure(&ordinary("web", 10));
    for (mode, last) in [("-F", "Starting local service"), ("-f", "Shutting down local service")] {
        let mut fos = folder.fos(&[mode, "--test-start"]);
        fos.expect_line(last);
        fos.signal(Signal::SIGTERM);
        fos.expect_line("Shutting down due to signal 15");
        assert_eq!(fos.ends(), 0);
        assert!(folder.notes().is_empty(), "{:?}", folder.notes());
    }
}

#[test]
fn sighup_starts_and_stops_only_what_changed() {
    let folder = Folder::new("sighup_starts_and_stops_only_what_changed");
    folder.configure(&[ordinary("web", 10), ordinary("mail", 11)].concat());
    let fos = folder.fos(&["--active"]);
    folder.expect_note("[start] [mail]");
    fs::remove_file(folder.path("notes")).unwrap();

    fs::write(folder.path("lvs.cf"), "service = fos\nwrong").unwrap();
    fos.signal(Signal::SIGHUP);
    fos.expect_line("changes nothing: the old configuration stays in force");

    folder.configure(&[ordinary("dns", 12), ordinary("web", 10)].concat());
    fos.signal(Signal::SIGHUP);
    let notes = folder.expect_note("[start] [dns]");
    assert_eq!(notes, ["service [stop] [mail]", "service [stop] [dns]", "service [start] [dns]"]);
}
