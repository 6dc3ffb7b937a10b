//! This computer once more: its files under a layer that takes all changes and is gone at the end.
//!
//! For what is done to the machine itself and not to a folder; programs that ask or tell the system are put before its own.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::machine::Machine;

/// Where changes go, and what was prepared.
#[derive(Debug)]
pub struct Double {
    /// The layer, as a machine: only what is other than on this computer, but with accounts of its own.
    pub changes: Machine,
}

/// The layers are mounted for these processes only; what was changed is copied into the folder `$1` at the end.
const INSIDE: &str = r#"
set -e
layer=$1; shift
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/machine
cp -a "$layer"/. /mnt/upper
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/machine
mount --rbind /proc /mnt/machine/proc
mount --rbind /dev /mnt/machine/dev
status=0
chroot /mnt/machine "$@" || status=$?
cp -a /mnt/upper/. "$layer"
exit $status
"#;

impl Double {
    /// One with a few accounts, and with nothing of Piranha's.
    pub fn new(test: &str) -> Self {
        Double { changes: Machine::new(&format!("double-{test}")) }
    }

    /// A program that the machine finds before its own of that name. It notes each call in `/calls`.
    pub fn program(&self, name: &str, script: &str) {
        let text = format!("#!/bin/sh\necho \"{name} $*\" >>/calls\n{script}\n");
        self.changes.write(&format!("/usr/local/sbin/{name}"), 0o755, (0, 0), text);
    }

    /// How these programs were called so far.
    pub fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.changes.at("/calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    /// Runs a program there.
    pub fn run<S: AsRef<OsStr>>(
        &self,
        program: impl AsRef<Path>,
        words: impl IntoIterator<Item = S>,
    ) -> Output {
        let program: PathBuf = program.as_ref().to_owned();
        assert!(fs::metadata(&program).unwrap().permissions().mode() & 0o100 != 0);
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", INSIDE, "sh"]);
        command.arg(self.changes.root()).arg(program).args(words);
        command
            .env("PATH", "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C")
            .output()
            .unwrap()
    }
}
