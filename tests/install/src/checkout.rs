//! A folder to install from: `./install` with all that it reads, and programs beside it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::machine::Machine;

/// The folder of the sources.
pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// A copy of what is installed, removed at the end.
///
/// Its programs are a line of text each: to whoever installs a program is bytes.
#[derive(Debug)]
pub struct Checkout {
    /// Where it lies.
    pub folder: PathBuf,
}

/// What cargo calls the programs.
pub const PROGRAMS: &[&str] = &[
    "fos",
    "lvsd",
    "nanny",
    "piranha-gui",
    "piranha-helper",
    "piranha-passwd",
    "piranhactl",
    "pulse",
    "send_arp",
];

impl Checkout {
    /// A copy of this test's own.
    pub fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("install-from-{test}-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let checkout = Checkout { folder: folder.canonicalize().unwrap() };
        for name in [
            "install",
            "packaging",
            "etc",
            "docs",
            "Cargo.toml",
            "README.md",
            "LICENSE-APACHE",
            "LICENSE-MIT",
        ] {
            let copied =
                Command::new("cp").arg("-a").arg(sources().join(name)).arg(&checkout.folder).status();
            assert!(copied.unwrap().success());
        }
        checkout.programs("first");
        checkout
    }

    /// Programs of another build.
    pub fn programs(&self, build: &str) {
        let folder = self.folder.join("programs");
        fs::create_dir_all(&folder).unwrap();
        for name in PROGRAMS {
            self.program(name, format!("#!/bin/sh\necho {name}, {build} build\n"));
        }
    }

    /// One program.
    pub fn program(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.folder.join("programs").join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// `./install` for this machine, with these words more.
    pub fn command_for(&self, machine: &Machine, words: &[&str]) -> Command {
        let mut command = Command::new(self.folder.join("install"));
        command.arg("--root").arg(machine.root()).args(words).current_dir("/").env("LC_ALL", "C");
        command
    }

    /// Runs it for this machine; it has to succeed. What it told.
    pub fn install(&self, machine: &Machine, words: &[&str]) -> String {
        succeeded(self.command_for(machine, words).output().unwrap())
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// What a command told that succeeded and complained of nothing.
pub fn succeeded(output: Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && errors.is_empty(), "{}\n{text}\n{errors}", output.status);
    text
}
