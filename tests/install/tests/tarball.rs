//! `packaging/tarball`: unpacked anywhere, its `./install` needs no Rust.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use install::checkout::{Checkout, succeeded};
use install::layout::{LAYOUT, faults};
use install::machine::Machine;

/// Makes it from this folder and its programs.
fn tarball(from: &Checkout, to: &Path) -> PathBuf {
    let mut command = Command::new(from.folder.join("packaging/tarball"));
    command.arg("--programs").arg(from.folder.join("programs")).arg("--output").arg(to);
    PathBuf::from(succeeded(command.output().unwrap()).trim())
}

#[test]
fn unpacked_it_installs_everything_without_cargo() {
    let (machine, from) = (Machine::new("tarball"), Checkout::new("tarball"));
    let desk = Machine::new("desk");
    let tarball = tarball(&from, desk.root());
    assert!(
        succeeded(Command::new("tar").arg("-xzf").arg(&tarball).current_dir(desk.root()).output().unwrap())
            .is_empty()
    );
    let folder = tarball.to_str().unwrap().strip_suffix(".tar.gz").unwrap();
    let mut install = Command::new(Path::new(folder).join("install"));
    install
        .arg("--root")
        .arg(machine.root())
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", "/nonexistent");
    succeeded(install.output().unwrap());
    assert_eq!(faults(&machine, LAYOUT), Vec::<String>::new());
    let program = fs::read(from.folder.join("programs/piranha-gui")).unwrap();
    assert_eq!(fs::read(machine.at("/usr/sbin/piranha_gui")).unwrap(), program);
}

#[test]
fn the_same_sources_and_programs_give_the_same_bytes() {
    let desk = Machine::new("same-bytes");
    let make = |name: &str| {
        let from = Checkout::new(name);
        fs::create_dir(desk.at(name)).unwrap();
        fs::read(tarball(&from, &desk.at(name))).unwrap()
    };
    assert!(make("one") == make("two"));
}

#[test]
fn everything_in_it_belongs_to_root_and_lies_in_one_folder() {
    let from = Checkout::new("list");
    let desk = Machine::new("list");
    let tarball = tarball(&from, desk.root());
    let list =
        succeeded(Command::new("tar").args(["--numeric-owner", "-tvzf"]).arg(&tarball).output().unwrap());
    let folder =
        format!("{}/", tarball.file_name().unwrap().to_str().unwrap().strip_suffix(".tar.gz").unwrap());
    for line in list.lines() {
        let columns: Vec<_> = line.split_whitespace().collect();
        assert_eq!(columns[1], "0/0", "{line}");
        assert!(columns[5].starts_with(&folder), "{line}");
    }
}
