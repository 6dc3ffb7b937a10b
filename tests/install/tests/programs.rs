//! `packaging/programs`: what it builds needs nothing of the machine that it comes to.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use install::checkout::{sources, succeeded};
use install::double::Double;
use install::machine::Machine;

const GATEWAY: &[&str] = &["-i", "lo", "gateway.example", "020000000001", "192.0.2.1", "ffffffffffff"];

/// `send_arp`, which looks up a name and does little else.
fn send_arp() -> PathBuf {
    let mut build = Command::new(sources().join("packaging/programs"));
    PathBuf::from(succeeded(build.arg("send_arp").output().unwrap()).trim()).join("send_arp")
}

#[test]
fn names_are_known_where_there_is_no_library_at_all() {
    let machine = Machine::new("bare");
    fs::copy(send_arp(), machine.at("/send_arp")).unwrap();
    machine.write("/etc/hosts", 0o644, (0, 0), "192.0.2.7 gateway.example\n");
    let call = |words: &[&str]| {
        Command::new("chroot").arg(machine.root()).arg("/send_arp").args(words).output().unwrap()
    };
    let known = call(GATEWAY);
    assert!(known.status.success(), "{known:?}");
    let unknown = call(&["-i", "lo", "nowhere.invalid", "020000000001", "192.0.2.1", "ffffffffffff"]);
    assert_eq!(unknown.status.code(), Some(1), "{unknown:?}");
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("unknown host nowhere.invalid"), "{unknown:?}");
}

/// One of another C library's ends the process; this one does so, too.
#[test]
fn no_module_of_name_services_is_loaded() {
    let double = Double::new("modules");
    let libraries = succeeded(Command::new("cc").arg("-print-file-name=libc.so.6").output().unwrap());
    let libraries = fs::canonicalize(libraries.trim()).unwrap().parent().unwrap().to_owned();
    let module = double.changes.at(libraries.join("libnss_trap.so.2").to_str().unwrap());
    fs::create_dir_all(module.parent().unwrap()).unwrap();
    let source = "#include <unistd.h>\n__attribute__((constructor)) static void trap(void) { _exit(66); }\n";
    double.changes.write("/trap.c", 0o644, (0, 0), source);
    let mut cc = Command::new("cc");
    succeeded(
        cc.args(["-shared", "-fPIC", "-o"]).arg(&module).arg(double.changes.at("/trap.c")).output().unwrap(),
    );
    double.changes.write("/etc/nsswitch.conf", 0o644, (0, 0), "hosts: trap files\npasswd: trap files\n");
    double.changes.write("/etc/hosts", 0o644, (0, 0), "192.0.2.7 gateway.example\n");
    let dynamic = double.run("/usr/bin/getent", ["hosts", "gateway.example"]);
    assert_eq!(dynamic.status.code(), Some(66), "the trap catches nobody: {dynamic:?}");
    let ours = double.run(send_arp(), GATEWAY);
    assert!(ours.status.success(), "{ours:?}");
}
