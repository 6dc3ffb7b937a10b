//! Reload, restart, start, stop, and the copy to the backup.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::thread;

use control::helper::{self, Able, Answer};
use nix::sys::signal::Signal;
use service::pid_file::PidFile;

use crate::helper::{CLIENT, FILE, Helper, PATIENCE, am_root, ask, until};

fn client() -> std::net::IpAddr {
    CLIENT.parse().unwrap()
}

#[test]
fn the_service_is_told_what_to_do_and_nothing_else() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("service");
    helper.program("service", "#!/bin/sh\necho \"$# $*\"; [ \"$1\" != stop ]\n");
    let done = |verb: &str| Answer::Done {
        message: format!("{} {verb}: done\n1 {verb}", helper.path("service").display()),
    };
    let client = client();
    assert_eq!(helper.ask(helper::Command::Start { client }), done("start"));
    assert_eq!(helper.ask(helper::Command::Restart { client }), done("restart"));
    let reason = helper.refused(helper.ask(helper::Command::Stop { client }));
    assert_eq!(reason, "/service stop: exit status: 1\n1 stop");
    let log = fs::read_to_string(helper.path("log")).unwrap();
    for line in ["restart: ", "stop: "] {
        let found = log.lines().find(|logged| logged.contains(line)).unwrap();
        assert!(found.ends_with(&format!("client={CLIENT}")), "{found}");
    }
}

#[test]
fn two_restarts_do_not_run_at_once_and_nobody_waits_for_them() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("busy");
    let begun = helper.path("begun");
    helper.program("service", &format!("#!/bin/sh\nmkfifo {0}; cat {0}\n", begun.display()));
    let socket = helper.socket();
    let restart = thread::spawn(move || ask(&socket, helper::Command::Restart { client: client() }));
    until("the restart has begun", || begun.exists());
    let reason = helper.refused(helper.ask(helper::Command::Stop { client: client() }));
    assert_eq!(reason, "something else is being done: try again when that has ended");
    assert!(matches!(helper.save(&FILE.replace("keepalive = 6", "keepalive = 7")), Answer::Saved { .. }));
    fs::write(begun, "").unwrap();
    assert!(matches!(restart.join().unwrap(), Answer::Done { .. }));
}

#[test]
fn pulse_is_signalled_if_it_is_pulse() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("reload");
    let reload = || helper.ask(helper::Command::Reload { client: client() });
    let absent = "pulse does not run, says /pulse.pid: it reads the file when it starts";
    assert_eq!(helper.refused(reload()), absent);
    // Some process or other that got the number of a pulse that was killed.
    fs::write(helper.path("pulse.pid"), format!("{}\n", std::process::id())).unwrap();
    assert_eq!(helper.refused(reload()), absent);
    for never in ["0\n", "1\n", "-1\n", "x\n"] {
        fs::write(helper.path("pulse.pid"), never).unwrap();
        assert_eq!(helper.refused(reload()), absent);
    }

    // A program of that name, which holds no lock, as Piranha's own.
    let program = helper.path("pulse");
    fs::copy("/bin/sleep", &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut pulse = Command::new(&program).arg("60").stdin(Stdio::null()).spawn().unwrap();
    fs::write(helper.path("pulse.pid"), format!("{}\n", pulse.id())).unwrap();
    let reason = helper.refused(reload());
    assert!(reason.contains("is Piranha's own pulse"), "{reason}");
    pulse.kill().unwrap();
    pulse.wait().unwrap();
}

/// This test again, as a program of that name with the lock on its pid file, which the signal ends.
#[test]
fn a_pulse_of_ours_reads_its_file_again() {
    if let Some(pid_file) = std::env::var_os("AS_PULSE") {
        let _locked = PidFile::write(pid_file.as_ref()).unwrap();
        return thread::sleep(PATIENCE);
    }
    if !am_root() {
        return;
    }
    let helper = Helper::new("ours");
    let (program, pid_file) = (helper.path("pulse"), helper.path("pulse.pid"));
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut pulse = Command::new(&program)
        .args(["--exact", "pulse::a_pulse_of_ours_reads_its_file_again"])
        .env("AS_PULSE", &pid_file)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let line = format!("{}\n", pulse.id());
    until("pulse runs", || fs::read_to_string(&pid_file).is_ok_and(|pid| pid == line));
    let answer = helper.ask(helper::Command::Reload { client: client() });
    let message = format!("pulse reads the file again, process {}", pulse.id());
    assert_eq!(answer, Answer::Done { message });
    assert_eq!(pulse.wait().unwrap().signal(), Some(Signal::SIGHUP as i32));
}

#[test]
fn the_copy_has_to_be_allowed() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("copy");
    helper.program("piranhactl", "#!/bin/sh\necho \"$*\"\n");
    let copy = || helper.ask(helper::Command::CopyToBackup { client: client() });
    assert_eq!(helper.refused(copy()), "copy_to_backup = 1 is not set in /gui.conf");
    fs::write(helper.path("gui.conf"), "copy_to_backup = 1\n").unwrap();
    let words = format!("sync --file {}", helper.path("lvs.cf").display());
    let message = format!("{} {words}: done\n{words}", helper.path("piranhactl").display());
    assert_eq!(copy(), Answer::Done { message });
}

#[test]
fn what_is_possible_is_told() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("able");
    let able = Able {
        reload: Some(format!(
            "pulse does not run, says {}: it reads the file when it starts",
            helper.path("pulse.pid").display()
        )),
        copy_to_backup: Some(format!(
            "copy_to_backup = 1 is not set in {}",
            helper.path("gui.conf").display()
        )),
        ..Able::default()
    };
    assert_eq!(helper.ask(helper::Command::Able), Answer::Able(able));
    fs::write(helper.path("gui.conf"), "copy_to_backup = 1\n").unwrap();
    let Answer::Able(able) = helper.ask(helper::Command::Able) else { panic!("something else") };
    assert_eq!(able.copy_to_backup, Some(format!("there is no {}", helper.path("piranhactl").display())));
}
