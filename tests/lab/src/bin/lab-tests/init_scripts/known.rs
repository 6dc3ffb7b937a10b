//! Which process is pulse, and which only seems to be.

use std::time::Duration;

use lab::{Machine, wait_until};

use super::{GUI, PULSE, router};

const PATIENCE: Duration = Duration::from_secs(5);
const PID_FILE: &str = "/run/pulse.pid";

/// A program of the same name that no pid file names, and another one that a stale pid file names, are let alone.
pub(crate) fn a_process_is_known_by_pid_file_and_program() {
    let (_lab, router) = router();
    let namesake = pretend(&router, "/usr/sbin/elsewhere/pulse", &[]);
    assert_eq!(router.run(PULSE, &["status"]).code(), 3);
    router.run(PULSE, &["stop"]).expect_success();
    assert_eq!(router.run(PULSE, &["reload"]).code(), 7);

    let other = pretend(&router, "/usr/sbin/other", &[]);
    for content in
        [format!("{other}\n"), "0\n".to_owned(), "1\n".to_owned(), "-1\n".to_owned(), "pulse\n".to_owned()]
    {
        router.write(PID_FILE, &content);
        assert_eq!(router.run(PULSE, &["status"]).code(), 1, "{content:?}");
        router.run(PULSE, &["stop"]).expect_success();
    }
    assert_eq!(router.processes_named("other")[0].pid, other);

    router.run(PULSE, &["start"]).expect_success();
    router.run(PULSE, &["stop"]).expect_success();
    let left: Vec<_> = router.processes_named("pulse").iter().map(|process| process.pid).collect();
    assert_eq!(left, [namesake]);
}

/// As an upgrade leaves it: the process runs a file that is not there any more.
pub(crate) fn a_replaced_program_is_still_known() {
    let (_lab, router) = router();
    let replace = |with: &str| router.run("mv", &[with, "/usr/sbin/pulse"]).expect_success();
    let copy = |to: &str| router.run("cp", &["/usr/sbin/pulse", to]).expect_success();
    copy("/usr/sbin/pulse.one");
    copy("/usr/sbin/pulse.two");
    // A mount cannot be replaced.
    router.run("umount", &["/usr/sbin/pulse"]).expect_success();
    replace("/usr/sbin/pulse.one");
    router.run(PULSE, &["start"]).expect_success();
    replace("/usr/sbin/pulse.two");
    let old = pulse(&router);
    let program = router.run("readlink", &[&format!("/proc/{old}/exe")]).expect_success();
    assert!(program.trim_end().ends_with("/pulse (deleted)"), "{program}");

    let said = router.run(PULSE, &["status"]).expect_success();
    assert_eq!(said, format!("pulse (pid {old}) is running...\n"));
    router.run(PULSE, &["reload"]).expect_success();
    router.run(PULSE, &["condrestart"]).expect_success();
    assert_ne!(pulse(&router), old);
}

/// Piranha's page is an httpd with Piranha's file; it may still run when the new script is there.
pub(crate) fn piranhas_own_page_is_known() {
    let (_lab, router) = router();
    let pid_file = "/run/piranha-httpd.pid";
    let web_server = pretend(&router, "/usr/sbin/httpd", &[]);
    router.write(pid_file, format!("{web_server}\n"));
    assert_eq!(router.run(GUI, &["status"]).code(), 1, "an httpd with a file of its own");

    let page = pretend(&router, "/usr/sbin/httpd", &["-f", "/etc/sysconfig/ha/conf/httpd.conf"]);
    // Another place, as an older httpd.conf has it.
    let pid_file = "/var/log/piranha/piranha-httpd.pid";
    router.write(pid_file, page.to_string());
    let settings = format!("Listen 3636\n# PidFile run/none\nPidFile \"{pid_file}\"\n");
    router.write("/etc/sysconfig/ha/conf/httpd.conf", settings);
    let said = router.run(GUI, &["status"]).expect_success();
    assert_eq!(said, format!("piranha_gui (pid {page}) is running...\n"));
    router.run(GUI, &["condrestart"]).expect_success();
    assert_eq!(router.processes_named("httpd")[0].pid, web_server);
    assert_eq!(router.processes_named("httpd").len(), 1);
    let new = router.processes_named("piranha_gui")[0].pid;
    assert_eq!(router.read(pid_file), Some(format!("{new}\n")));
    router.run(GUI, &["stop"]).expect_success();
    assert!(router.processes_named("piranha_gui").is_empty());
}

fn pulse(router: &Machine) -> i32 {
    router.processes_named("pulse")[0].pid
}

/// Starts a program of this name that only waits; gives its number.
fn pretend(router: &Machine, program: &str, arguments: &[&str]) -> i32 {
    let (directory, name) = program.rsplit_once('/').expect("a path");
    let known: Vec<_> = router.processes_named(name).iter().map(|process| process.pid).collect();
    router.run("mkdir", &["-p", directory]).expect_success();
    if !router.path(program).exists() {
        router.run("cp", &["/bin/sh", program]).expect_success();
    }
    let wait = ["-c", "while :; do sleep 60; done", name];
    let _ends_with_the_machine = router.start(program, &[&wait, arguments].concat());
    let mut pid = None;
    wait_until("a process", PATIENCE, || {
        let new = router.processes_named(name).into_iter().map(|process| process.pid);
        pid = new.into_iter().find(|pid| !known.contains(pid));
        pid.is_some()
    });
    pid.expect("waited for")
}
