//! The programs that are installed, and where cargo has put them.

use std::fs;
use std::os::unix::fs::{DirEntryExt as _, MetadataExt as _};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::root;

/// A program of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    /// As it is installed.
    pub name: &'static str,
    /// Its package.
    pub package: &'static str,
    /// As cargo calls it.
    pub binary: &'static str,
}

/// All of them; a test compares them with the workspace.
pub static PROGRAMS: [Program; 9] = [
    named("fos"),
    named("lvsd"),
    named("nanny"),
    Program { name: "piranha_gui", ..named("piranha-gui") },
    named("piranha-helper"),
    named("piranha-passwd"),
    named("piranhactl"),
    named("pulse"),
    Program { package: "send-arp", ..named("send_arp") },
];

const fn named(name: &'static str) -> Program {
    Program { name, package: name, binary: name }
}

impl Program {
    /// The one that is installed under this name.
    pub fn installed_as(name: &str) -> Option<&'static Self> {
        PROGRAMS.iter().find(|program| program.name == name)
    }

    /// The built program. Where all tests of the workspace are run, cargo has built it for the tests of its package. Where
    /// this package's tests are run alone it may be missing or old.
    pub fn path(&self) -> PathBuf {
        static FRESH: OnceLock<()> = OnceLock::new();
        FRESH.get_or_init(|| {
            let stale: Vec<_> = PROGRAMS.iter().filter(|program| !program.is_fresh()).collect();
            if !stale.is_empty() {
                build(&stale);
            }
        });
        target().join(self.binary)
    }

    /// What it prints on standard output, standard error being empty.
    pub fn says(&self, words: &[&str]) -> String {
        let output = Command::new(self.path()).args(words).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{} {words:?}", self.name);
        assert!(output.status.success(), "{} {words:?}: {}", self.name, output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Whether it is there and newer than its package's sources, which rustc has written down where it was linked.
    fn is_fresh(&self) -> bool {
        let Ok(built) = fs::metadata(target().join(self.binary)) else { return false };
        let linked = fs::read_dir(target().join("deps")).unwrap().map(|file| file.unwrap());
        let linked =
            linked.filter(|file| file.ino() == built.ino()).map(|file| file.path().with_extension("d"));
        let sources = linked.filter_map(|list| fs::read_to_string(list).ok()).collect::<String>();
        let first = sources.lines().next().unwrap_or_default();
        let mut sources = first.split_whitespace().skip(1).map(|source| root().join(source));
        sources.all(|source| fs::metadata(source).is_ok_and(|source| source.mtime() <= built.mtime()))
    }
}

/// The folder of this profile, where programs are beside the folder of this test.
fn target() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().to_owned()
}

fn build(programs: &[&Program]) {
    let target = target();
    let profile = match target.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(["build", "--quiet", "--profile", profile, "--bins"]);
    command.arg("--target-dir").arg(target.parent().unwrap());
    for program in programs {
        command.args(["-p", program.package]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
