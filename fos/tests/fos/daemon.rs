//! Under a pulse: without a terminal, with a pid file, and with the socket that our pulse shares.

use std::fs;
use std::process::{Command, Stdio};

use control::readiness::DESCRIPTOR;
use nix::unistd::{Pid, getsid};
use service::child::Link;

use crate::process::{Folder, Fos, ordinary, section, wait_until};

/// fos as a root with a `/run` of its own, and with these namespaces more.
fn daemon(folder: &Folder, namespaces: &[&str], words: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(namespaces).args(["--mount", "sh", "-c", "mount -t tmpfs tmpfs /run && exec \"$@\"", "sh"]);
    command.arg(env!("CARGO_BIN_EXE_fos"));
    folder.prepare(&mut command, words);
    command
}

#[test]
fn with_nofork_it_keeps_its_pid_and_leaves_the_terminal() {
    let folder = Folder::new("with_nofork_it_keeps_its_pid_and_leaves_the_terminal");
    folder.configure(&ordinary("web", 10));
    let mut fos = Fos::run(daemon(&folder, &[], &["--active", "--nofork"]).stderr(Stdio::piped()));
    folder.expect_note("[start] [web]");
    let pid = fos.child.id();
    let of_process = |name: &str| format!("/proc/{pid}/{name}");
    assert_eq!(fs::read_to_string(of_process("root/run/fos.pid")).unwrap(), format!("{pid}\n"));
    for descriptor in ["fd/0", "fd/1", "fd/2"] {
        assert_eq!(fs::read_link(of_process(descriptor)).unwrap().to_str(), Some("/dev/null"));
    }
    let session = Pid::from_raw(pid.try_into().unwrap());
    assert_eq!(getsid(Some(session)), Ok(session));
    fos.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(fos.ends(), 0);
    assert_eq!(folder.notes().last().map(String::as_str), Some("service [stop] [web]"));
}

#[test]
fn without_nofork_the_caller_gets_0_at_once() {
    let folder = Folder::new("without_nofork_the_caller_gets_0_at_once");
    folder.configure(&section("web", 10, "start_cmd = \"SERVICE hang\""));
    // In a process namespace of its own the daemon goes with its caller.
    let namespaces = ["--pid", "--fork", "--kill-child"];
    let mut fos = Fos::run(&mut daemon(&folder, &namespaces, &["--active"]));
    assert_eq!(fos.ends(), 0);
}

#[test]
fn our_pulse_hears_by_status_11_that_a_service_did_not_start() {
    let folder = Folder::new("our_pulse_hears_by_status_11_that_a_service_did_not_start");
    let failing = "start_cmd = \"SERVICE fail\"\nstop_cmd = \"SERVICE stop web\"";
    folder.configure(&[section("web", 10, failing), ordinary("mail", 11)].concat());
    let link = Link::new().unwrap();
    let mut fos = Fos::run(folder.command(&["--active", "-n"]).env(DESCRIPTOR, link.number()));
    let _pulse = link.keep();
    fos.expect_line("not every service has started: ending, so that pulse decides");
    assert_eq!(fos.ends(), 11);
    let steps = ["stop] [web", "fail", "stop] [mail", "start] [mail", "stop] [web", "stop] [mail"];
    assert_eq!(folder.notes(), steps.map(|step| format!("service [{step}]")));
}

#[test]
fn services_are_stopped_when_our_pulse_is_gone() {
    let folder = Folder::new("services_are_stopped_when_our_pulse_is_gone");
    folder.configure(&ordinary("web", 10));
    let link = Link::new().unwrap();
    let mut fos = Fos::run(folder.command(&["--active", "-n"]).env(DESCRIPTOR, link.number()));
    let pulse = link.keep();
    folder.expect_note("[start] [web]");
    drop(pulse);
    fos.expect_line("pulse is gone: shutting down");
    assert_eq!(fos.ends(), 0);
    wait_until("the stop command", || folder.notes().last().is_some_and(|note| note.contains("[stop]")));
}
