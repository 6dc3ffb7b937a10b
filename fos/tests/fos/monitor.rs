//! `--monitor`: a nanny for each service, whose end is the failover condition (specification fos.md 6).

use std::fs;

use nix::sys::signal::{Signal, kill};

use crate::process::{Folder, lives, ordinary, pid, section, wait_until};

#[test]
fn nannies_are_started_with_the_arguments_of_piranha() {
    let folder = Folder::new("nannies_are_started_with_the_arguments_of_piranha");
    let sections = [
        "port = 1010\nsend = \"GET / HTTP/1.0\\r\\n\\r\\n\"\nexpect = \"HTTP\"\ntimeout = 3",
        "active = 0",
        "protocol = udp\nport = 53\nsend_program = \"/bin/check %h\"",
    ];
    let sections = sections.map(|lines| section("web", 10, lines)).concat();
    folder.configure(&sections);
    let fos = folder.fos(&["--monitor", "-v"]);
    fos.expect_line("Starting monitor for 192.0.2.10:1010 running as pid");
    fos.expect_line("Starting monitor for 192.0.2.10:53 running as pid");
    wait_until("two nannies", || folder.notes().len() == 2);
    let mut notes = folder.notes();
    notes.sort();
    insta::assert_snapshot!(notes.join("\n"), @r"
    nanny [-c] [-h] [192.0.2.10] [-V] [192.0.2.1] [-p] [1010] [-v] [-s] [GET / HTTP/1.0\r\n\r\n] [-x] [HTTP] [-t] [3] [--nodaemon] [--fos]
    nanny [-c] [-h] [192.0.2.10] [-V] [192.0.2.1] [-p] [53] [-v] [-u] [-e] [/bin/check %h] [-t] [10] [--nodaemon] [--fos]
    ");
}

#[test]
fn services_are_stopped_before_they_are_watched_and_none_is_started() {
    let folder = Folder::new("services_are_stopped_before_they_are_watched_and_none_is_started");
    folder.configure(&ordinary("web", 10));
    let mut fos = folder.fos(&["--monitor"]);
    let mut log = fos.expect_line("Starting monitor");
    let nanny = pid(log.last().unwrap());
    let notes = folder.expect_note("nanny");
    assert_eq!(notes[0], "service [stop] [web]");
    assert_eq!(notes.len(), 2);
    fos.signal(Signal::SIGTERM);
    log.extend(fos.expect_line("will now exit"));
    assert_eq!(fos.ends(), 0);
    assert!(!lives(nanny));
    insta::assert_snapshot!(log.join("\n").replace(&nanny.to_string(), "PID"), @"
    fos: Stopping local services (if any)
    fos: Shutting down local service 192.0.2.10:80 
    fos: Starting monitor for 192.0.2.10:80 running as pid PID
    fos: Shutting down due to signal 15
    fos: Shutting down monitor for web 192.0.2.10:80 running as pid PID
    fos: will now exit to notify pulse...
    ");
}

#[test]
fn a_nanny_that_ends_is_a_failover_condition() {
    let folder = Folder::new("a_nanny_that_ends_is_a_failover_condition");
    folder.configure(&[ordinary("web", 10), ordinary("mail", 11)].concat());
    let mut fos = folder.fos(&["--monitor"]);
    let first = pid(fos.expect_line("Starting monitor").last().unwrap());
    let second = pid(fos.expect_line("Starting monitor").last().unwrap());
    kill(first, Signal::SIGKILL).unwrap();
    fos.expect_line("Monitor for service 192.0.2.10:80 exited. This is a failover condition! signal=9");
    fos.expect_line(&format!("Shutting down monitor for mail 192.0.2.11:80 running as pid {second}"));
    assert_eq!(fos.ends(), 10);
    assert!(!lives(second));
}

#[test]
fn a_nanny_that_cannot_be_executed_is_named() {
    let folder = Folder::new("a_nanny_that_cannot_be_executed_is_named");
    folder.configure(&ordinary("web", 10));
    fs::remove_file(folder.path("nanny")).unwrap();
    let mut fos = folder.fos(&["--monitor"]);
    let log = fos.expect_line("This is a failover condition!");
    assert!(log.last().unwrap().ends_with("/nanny: No such file or directory (os error 2)\""), "{log:?}");
    assert_eq!(fos.ends(), 10);
}

#[test]
fn nannies_do_not_outlive_a_killed_fos() {
    let folder = Folder::new("nannies_do_not_outlive_a_killed_fos");
    folder.configure(&ordinary("web", 10));
    let mut fos = folder.fos(&["--monitor"]);
    fos.expect_line("Starting monitor");
    folder.expect_note("nanny [");
    fos.child.kill().unwrap();
    folder.expect_note("nanny has ended");
}

#[test]
fn sighup_leaves_the_nannies_of_unchanged_services_alone() {
    let folder = Folder::new("sighup_leaves_the_nannies_of_unchanged_services_alone");
    folder.configure(&[ordinary("web", 10), ordinary("mail", 11)].concat());
    let fos = folder.fos(&["--monitor"]);
    let web = pid(fos.expect_line("Starting monitor").last().unwrap());
    let mail = pid(fos.expect_line("Starting monitor").last().unwrap());
    folder.configure(&[ordinary("web", 10), ordinary("dns", 12)].concat());
    fos.signal(Signal::SIGHUP);
    fos.expect_line(&format!("Shutting down monitor for mail 192.0.2.11:80 running as pid {mail}"));
    fos.expect_line("Starting monitor for 192.0.2.12:80");
    wait_until("the end of the nanny of mail", || !lives(mail));
    assert!(lives(web));
}
