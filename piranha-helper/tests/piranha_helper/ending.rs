//! How it ends.

use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::helper::{Helper, PROGRAM, am_root};

#[test]
fn it_ends_with_its_standard_input_if_it_shall() {
    if !am_root() {
        return;
    }
    let mut helper = Helper::with("input", &["--until-stdin-closes"]);
    drop(helper.child.stdin.take());
    assert!(helper.child.wait().unwrap().success());
    assert!(!helper.socket().exists());

    let mut helper = Helper::new("no_input");
    drop(helper.child.stdin.take());
    assert!(matches!(helper.ask(control::helper::Command::Able), control::helper::Answer::Able(_)));
    assert_eq!(helper.child.try_wait().unwrap(), None);
}

#[test]
fn a_signal_ends_it_and_its_socket() {
    if !am_root() {
        return;
    }
    let mut helper = Helper::new("signal");
    kill(Pid::from_raw(helper.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    assert!(helper.child.wait().unwrap().success());
    assert!(!helper.socket().exists());
}

#[test]
fn a_second_one_is_refused() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("second");
    let second = Command::new(PROGRAM).arg("--socket").arg(helper.socket()).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap().replace(helper.folder.to_str().unwrap(), "");
    insta::assert_snapshot!(said, @"piranha-helper: another piranha-helper answers at /run/helper.sock");
}

#[test]
fn help() {
    let said = Command::new(PROGRAM).arg("--help").output().unwrap();
    assert!(said.status.success());
    insta::assert_snapshot!(String::from_utf8(said.stdout).unwrap(), @"
    Does for the web page what needs root: saves lvs.cf, reloads and restarts pulse

    Usage: piranha-helper [OPTIONS]

    Options:
      -c <LVS_CF>               The file that is saved [default: /etc/sysconfig/ha/lvs.cf]
      -g <GUI_CONF>             What the page may do [default: /etc/sysconfig/ha/conf/gui.conf]
          --socket <PATH>       Where the page asks [default: /run/piranha/helper.sock]
          --state <FOLDER>      Where the versions of the file are kept [default: /var/lib/piranha/versions]
          --user <UID>          Who may ask, by number, in place of user piranha
          --group <GID>         Who may ask and read the versions, by number, in place of group piranha
          --nodaemon            Stay in the foreground, and log to standard output, too
          --until-stdin-closes  End when standard input does, whose other end whoever started this holds
      -h, --help                Print help
      -V, --version             Print version
    ");
}
