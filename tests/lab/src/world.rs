//! A world of its own for every test: network, mounts and processes that end together.
//!
//! Switches are bridges in the world's network, machines are processes in its process list. When its first process ends, for
//! whatever reason, the kernel clears away all of it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::mount::{MsFlags, mount};

/// Says to a process that it is the first one of a world.
const MARK: &str = "LAB_WORLD";

/// A command that runs this program with `arguments` as the first process of a new world.
pub fn create(arguments: &[String]) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", "unshare"])
        .args([
            "--net",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "--propagation",
            "private",
        ])
        .arg(env::current_exe().expect("path of this program"))
        .args(arguments)
        .env(MARK, "1");
    command
}

/// Whether this process runs in a world.
pub fn inside() -> bool {
    env::var_os(MARK).is_some()
}

/// Furnishes the world: a `/run` of its own, and the directory for logs and scratch files in it.
pub fn furnish() {
    assert!(inside(), "the lab was entered without a world");
    mount(Some("tmpfs"), "/run", Some("tmpfs"), MsFlags::empty(), Some("mode=755")).expect("tmpfs on /run");
    fs::create_dir_all(directory()).expect("directory of the world");
    crate::command::ip(&["link set lo up".to_owned()]);
}

/// Where the world keeps logs and scratch files.
pub fn directory() -> &'static Path {
    Path::new("/run/lab")
}

/// Where the daemons lie: beside this program.
pub fn programs() -> PathBuf {
    let own = env::current_exe().expect("path of this program");
    own.parent().expect("a program lies in a directory").to_path_buf()
}
