//! `./install --uninstall`: what was installed goes, what is the administrator's stays.

use std::fs;
use std::process::Command;

use install::checkout::Checkout;
use install::layout::{Kind, LAYOUT};
use install::machine::{Machine, differences};
use install::original::piranha_0_8_4;

#[test]
fn configuration_password_logs_and_user_stay() {
    let (machine, from) = (Machine::new("removal"), Checkout::new("removal"));
    from.install(&machine, &[]);
    machine.write("/etc/sysconfig/ha/lvs.cf", 0o664, (0, 60), "serial_no = 7\n");
    machine.write("/etc/sysconfig/ha/conf/piranha.passwd", 0o600, (60, 60), "piranha:$6$x$y\n");
    machine.write("/etc/sysconfig/ha/scripts/check", 0o755, (0, 0), "#!/bin/sh\n");
    machine.write("/var/log/piranha/piranha-gui", 0o640, (60, 60), "started\n");
    machine.write("/var/lib/piranha/versions/1", 0o640, (0, 60), "serial_no = 6\n");
    let before = machine.everything();
    let told = from.install(&machine, &["--uninstall"]);
    assert!(
        told.ends_with("Configuration, password, logs and the user piranha are still there.\n"),
        "{told}"
    );
    let after = machine.everything();
    for entry in LAYOUT.iter().filter(|entry| matches!(entry.kind, Kind::Executable | Kind::File)) {
        assert!(!after.contains_key(entry.path), "{} is still there", entry.path);
    }
    let stays = |path: &str| {
        let ours = LAYOUT.iter().filter(|entry| matches!(entry.kind, Kind::Executable | Kind::File));
        !ours.clone().any(|entry| entry.path == path)
            && before[path].what != install::machine::What::Directory
    };
    for (path, seen) in before.iter().filter(|(path, _)| stays(path) && *path != "/var/lib/piranha/installed")
    {
        assert_eq!(after.get(path), Some(seen), "{path}");
    }
    assert_eq!((machine.user("piranha"), machine.group("piranha")), (60, 60));
    assert!(!after.contains_key("/usr/share/doc") && !after.contains_key("/usr/lib/systemd"), "{after:#?}");
}

#[test]
fn directories_that_were_there_before_stay() {
    let (machine, from) = (Machine::new("before"), Checkout::new("before"));
    for folder in ["/usr/share/man/man8", "/etc/sysconfig/ha/web", "/var/log/piranha"] {
        machine.directory(folder, 0o755, (0, 0));
    }
    from.install(&machine, &[]);
    // A second run does not take them for its own.
    from.install(&machine, &[]);
    from.install(&machine, &["--uninstall"]);
    for folder in ["/usr/share/man/man8", "/etc/sysconfig/ha/web", "/var/log/piranha"] {
        assert!(machine.at(folder).is_dir(), "{folder}");
    }
    assert!(!machine.at("/usr/share/man/man5").exists() && !machine.at("/etc/sysconfig/ha/scripts").exists());
}

#[test]
fn what_was_changed_since_stays_and_is_told() {
    let (machine, from) = (Machine::new("changed"), Checkout::new("changed"));
    from.install(&machine, &[]);
    fs::write(machine.at("/etc/init.d/pulse"), "#!/bin/sh\n# my own\n").unwrap();
    let told = from.install(&machine, &["--uninstall"]);
    assert!(
        told.contains("kept       /etc/init.d/pulse, which was changed after it was installed\n"),
        "{told}"
    );
    assert_eq!(machine.text("/etc/init.d/pulse"), "#!/bin/sh\n# my own\n");
    assert!(!machine.at("/etc/init.d/piranha-gui").exists());
}

#[test]
fn nothing_is_removed_while_a_program_runs() {
    let (machine, from) = (Machine::new("busy"), Checkout::new("busy"));
    from.program("pulse", fs::read("/bin/sleep").unwrap());
    from.install(&machine, &[]);
    let mut pulse = Command::new(machine.at("/usr/sbin/pulse")).arg("1000").spawn().unwrap();
    // Also after its file was replaced.
    from.programs("second");
    from.install(&machine, &[]);
    let before = machine.everything();
    let refused = from.command_for(&machine, &["--uninstall"]).output().unwrap();
    let pid = pulse.id();
    pulse.kill().unwrap();
    pulse.wait().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(
        error.contains(&format!("/usr/sbin/pulse (pid {pid})")) && error.contains("service pulse stop"),
        "{error}"
    );
    assert_eq!(differences(&before, &machine.everything()), Vec::<String>::new());
    from.install(&machine, &["--uninstall"]);
    assert!(!machine.at("/usr/sbin/pulse").exists());
}

#[test]
fn what_others_installed_is_not_removed() {
    let (machine, from) = (piranha_0_8_4("others"), Checkout::new("others"));
    let before = machine.everything();
    let refused = from.command_for(&machine, &["--uninstall"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("nothing here was installed by ./install"), "{error}");
    assert_eq!(differences(&before, &machine.everything()), Vec::<String>::new());
}
