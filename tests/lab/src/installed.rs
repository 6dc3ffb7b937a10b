//! Machines on which the suite was installed by `./install`, in place of the programs that the lab binds there.
//!
//! The installation is made once for all machines of a run, outside of their kernel, where a process starts ten times faster.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::kernel;
use crate::machine::Machine;
use crate::world;

/// The folder of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Installs into a folder of the run; what `./install` complains of is kept for the tests that want it.
pub(crate) fn prepare(run: &Path) {
    let root = root(run);
    fs::create_dir_all(root.join("etc")).expect("a folder of the run");
    for accounts in ["passwd", "group", "shadow", "gshadow"] {
        let _ = fs::copy(Path::new("/etc").join(accounts), root.join("etc").join(accounts));
    }
    let install = Command::new(repository().join("install"))
        .args(["--root".as_ref(), root.as_os_str(), "--programs".as_ref(), world::programs().as_os_str()])
        .output()
        .expect("./install");
    if !install.status.success() {
        let said = [install.stdout, install.stderr].concat();
        fs::write(complaint(run), said).expect("a file of the run");
    }
}

impl Machine {
    /// Makes it a machine on which `./install` was run with the programs that were built beside this one. Lost with the machine's
    /// power.
    ///
    /// # Panics
    ///
    /// If the machine is off, or the installation failed.
    pub fn install(&self) {
        let run = kernel::run_directory();
        if let Ok(said) = fs::read_to_string(complaint(&run)) {
            panic!("./install failed: {said}");
        }
        let root = root(&run);
        self.lay_over_usr(&[&root.join("usr")]);
        for directory in ["etc", "var"] {
            let from = root.join(directory).join(".");
            self.run("cp", &["-a", &from.display().to_string(), &format!("/{directory}")]).expect_success();
        }
    }
}

fn root(run: &Path) -> PathBuf {
    run.join("installed")
}

fn complaint(run: &Path) -> PathBuf {
    run.join("installed.complaint")
}
