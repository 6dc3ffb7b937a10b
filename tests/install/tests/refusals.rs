//! What `./install` refuses, before it has changed anything.

use std::fs;
use std::process::{Command, Output};

use install::checkout::{Checkout, succeeded};
use install::double::Double;
use install::machine::{Machine, differences};

fn refused(output: &Output, status: i32, words: &[&str]) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{error}");
    for word in words {
        assert!(error.contains(word), "no `{word}` in:\n{error}");
    }
}

#[test]
fn a_folder_with_a_file_missing_installs_nothing_and_names_it() {
    let (machine, from) = (Machine::new("incomplete"), Checkout::new("incomplete"));
    fs::remove_file(from.folder.join("etc/init.d/pulse")).unwrap();
    fs::remove_file(from.folder.join("docs/man/fos.8")).unwrap();
    let before = machine.everything();
    let output = from.command_for(&machine, &[]).output().unwrap();
    refused(
        &output,
        1,
        &["etc/init.d/pulse (for /etc/init.d/pulse)", "docs/man/fos.8 (for /usr/share/man/man8/fos.8)"],
    );
    assert_eq!(differences(&before, &machine.everything()), Vec::<String>::new());
}

#[test]
fn a_program_missing_installs_nothing_and_names_it() {
    let (machine, from) = (Machine::new("no-lvsd"), Checkout::new("no-lvsd"));
    fs::remove_file(from.folder.join("programs/lvsd")).unwrap();
    let before = machine.everything();
    refused(
        &from.command_for(&machine, &[]).output().unwrap(),
        1,
        &["nothing was installed", "programs/lvsd"],
    );
    assert_eq!(differences(&before, &machine.everything()), Vec::<String>::new());
}

#[test]
fn without_programs_and_without_cargo_it_says_what_to_do() {
    let (machine, from) = (Machine::new("no-cargo"), Checkout::new("no-cargo"));
    fs::remove_dir_all(from.folder.join("programs")).unwrap();
    let before = machine.everything();
    let mut command = from.command_for(&machine, &[]);
    let output =
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", machine.root()).output().unwrap();
    refused(&output, 1, &["there is no cargo here", "cargo build --release", "--programs target/release"]);
    assert_eq!(differences(&before, &machine.everything()), Vec::<String>::new());
}

#[test]
fn only_root_installs_into_the_system() {
    let from = Checkout::new("not-root");
    let mut command = Command::new("setpriv");
    command.args(["--reuid=12345", "--regid=12345", "--clear-groups"]).arg(from.folder.join("install"));
    refused(&command.output().unwrap(), 4, &["only root can install into /; run: sudo "]);
}

#[test]
fn wrong_use_is_status_2_and_changes_nothing() {
    let (double, from) = (Double::new("wrong-use"), Checkout::new("wrong-use"));
    let before = double.changes.everything();
    let call = |words: &[&str]| double.run(from.folder.join("install"), words);
    refused(&call(&["--force"]), 2, &["--force is not known", "--help"]);
    // An empty name is a variable that was not set; it must not mean the machine itself.
    refused(&call(&["--root"]), 2, &["--root needs a directory"]);
    refused(&call(&["--root", ""]), 2, &["--root needs a directory"]);
    refused(&call(&["--root="]), 2, &["--root needs a directory"]);
    refused(&call(&["--root", "/nowhere/at/all"]), 2, &["/nowhere/at/all"]);
    refused(&call(&["--programs=/nowhere"]), 2, &["/nowhere"]);
    assert_eq!(differences(&before, &double.changes.everything()), Vec::<String>::new());
}

#[test]
fn help_names_every_option_and_does_nothing() {
    let (double, from) = (Double::new("help"), Checkout::new("help"));
    let before = double.changes.everything();
    let told = succeeded(double.run(from.folder.join("install"), ["--help"]));
    for option in ["--root DIR", "--programs DIR", "--dry-run", "--uninstall", "--help"] {
        assert!(told.contains(option), "no {option} in:\n{told}");
    }
    assert!(!told.contains('#'), "{told}");
    assert_eq!(differences(&before, &double.changes.everything()), Vec::<String>::new());
}

#[test]
fn a_link_out_of_the_root_is_not_followed() {
    let (machine, from) = (Machine::new("escape"), Checkout::new("escape"));
    let outside = Machine::new("outside");
    machine.link("/etc/sysconfig", outside.root().to_str().unwrap());
    let before = outside.everything();
    let output = from.command_for(&machine, &[]).output().unwrap();
    refused(&output, 1, &["is a link that leads out of"]);
    assert_eq!(differences(&before, &outside.everything()), Vec::<String>::new());
}
