//! Commands on a machine that is a folder: programs are this computer's, files are the machine's own.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use install::machine::Machine;

/// What is written to `/usr` goes into the machine's folder. Whatever still runs at the end ends, too.
const ENTER: &str = r#"set -e
root=$1 work=$2
shift 2
mount -t overlay overlay -o "lowerdir=/usr,upperdir=$root/usr,workdir=$work" "$root/usr"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" "$@""#;

/// What a command has said and how it has ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// Standard output and standard error.
    pub(crate) said: String,
    /// Its exit status.
    pub(crate) code: Option<i32>,
}

impl Done {
    /// Panics if it has failed.
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.said);
        self.said
    }
}

/// What a machine needs before anything can run on it.
pub(crate) fn furnish(machine: &Machine) {
    for folder in ["bin", "sbin", "lib", "lib64"] {
        if fs::symlink_metadata(format!("/{folder}")).is_ok_and(|data| data.is_symlink()) {
            machine.link(&format!("/{folder}"), &format!("usr/{folder}"));
        }
    }
    for folder in ["/dev", "/proc", "/run/lock/subsys", "/tmp", "/usr", "/var/lib"] {
        machine.directory(folder, 0o755, (0, 0));
    }
    machine.link("/var/run", "../run");
    machine.link("/var/lock", "../run/lock");
}

/// Runs a command on the machine, where nobody answers questions.
pub(crate) fn run(machine: &Machine, words: &[&str]) -> Done {
    let mut work = machine.root().as_os_str().to_owned();
    work.push(".work");
    let work = PathBuf::from(work);
    fs::create_dir(&work).unwrap();
    let output = Command::new("unshare")
        .args(["--mount", "--pid", "--net", "--fork", "--kill-child", "--propagation", "private"])
        .args(["sh", "-c", ENTER, "sh"])
        .arg(machine.root())
        .arg(&work)
        .args(words)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C")
        .env("HOME", "/root")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    fs::remove_dir_all(&work).unwrap();
    // Where this computer has a file of the same name, one that was removed leaves a mark of the layer.
    let marks = Command::new("find").arg(machine.at("/usr")).args(["-type", "c", "-delete"]).status();
    assert!(marks.unwrap().success());
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Done { said: said.concat(), code: output.status.code() }
}
