//! What systemd says about the files under `etc/systemd`, `etc/sysusers.d` and `etc/tmpfiles.d`, asked by its own tools on a
//! file system of the test's.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

const UNITS: [&str; 4] =
    ["pulse.service", "piranha-gui.service", "piranha-helper.service", "piranha-helper.socket"];
/// What the units execute.
const PROGRAMS: [&str; 7] = [
    "usr/sbin/pulse",
    "usr/sbin/piranha_gui",
    "usr/sbin/piranha-helper",
    "usr/bin/find",
    "bin/sh",
    "bin/kill",
    "bin/rm",
];

/// A file system with nothing in it but what this package and systemd put there.
struct Root(PathBuf);

impl Root {
    fn new(test: &str) -> Self {
        let root = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join("units").join(test));
        let _there_may_be_none = fs::remove_dir_all(&root.0);
        for kind in ["systemd", "sysusers.d", "tmpfiles.d"] {
            let folder =
                if kind == "systemd" { "usr/lib/systemd/system" } else { &format!("usr/lib/{kind}") };
            for file in entries(&source().join("etc").join(kind)) {
                root.put(&format!("{folder}/{}", name(&file)), &fs::read_to_string(file).unwrap());
            }
        }
        root
    }

    /// With all that systemd looks for when it starts a unit.
    fn with_systemd(test: &str) -> Self {
        let root = Self::new(test);
        for program in PROGRAMS {
            root.put(program, "#!/bin/sh\n");
            fs::set_permissions(root.path(program), Permissions::from_mode(0o755)).unwrap();
        }
        for target in entries(Path::new("/lib/systemd/system")) {
            if target.extension().is_some_and(|kind| kind == "target") {
                // A link to one that is masked leads nowhere.
                let content = fs::read_to_string(&target).unwrap_or_default();
                root.put(&format!("usr/lib/systemd/system/{}", name(&target)), &content);
            }
        }
        root
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.0.join(inside)
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Whether a tool is content, and what it says.
    fn run(&self, program: &str, words: &[&str]) -> (bool, String) {
        let output = Command::new(program).arg("--root").arg(&self.0).args(words).output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.success(), said)
    }

    /// The lines about piranha of `/etc/passwd` and `/etc/group`, once the user was made where these were there.
    fn user(&self, users: &str, groups: &str) -> (String, String) {
        self.put("etc/passwd", &format!("root:x:0:0::/root:/bin/sh\n{users}"));
        self.put("etc/group", &format!("root:x:0:\n{groups}"));
        let (content, said) = self.run("systemd-sysusers", &[]);
        assert!(content, "{said}");
        let line = |file| {
            let text = fs::read_to_string(self.path(file)).unwrap();
            text.lines().find(|line| line.starts_with("piranha:")).unwrap().to_owned()
        };
        (line("etc/passwd"), line("etc/group"))
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file())
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[test]
fn systemd_understands_every_word_of_the_units() {
    let root = Root::with_systemd("verify");
    let installed: Vec<PathBuf> = entries(&source().join("etc/systemd")).collect();
    assert_eq!(installed.len(), UNITS.len());
    let words = [&["verify", "--man=no"], &UNITS[..]].concat();
    assert_eq!(root.run("systemd-analyze", &words), (true, String::new()));

    // It would have said so.
    let pulse = fs::read_to_string(root.path("usr/lib/systemd/system/pulse.service")).unwrap();
    root.put("usr/lib/systemd/system/pulse.service", &pulse.replace("KillMode=mixed", "KillMood=mixed"));
    let (_, said) = root.run("systemd-analyze", &words);
    assert!(said.contains("Unknown key 'KillMood' in section [Service]"), "{said}");
}

#[test]
fn what_a_unit_may_is_bounded() {
    let root = Root::with_systemd("security");
    // In tenths of systemd's measure, of which 100 is a service without any bounds.
    for (unit, exposure) in
        [("pulse.service", 65), ("piranha-gui.service", 20), ("piranha-helper.service", 35)]
    {
        let threshold = format!("--threshold={exposure}");
        let words = ["security", "--no-pager", "--offline=true", &threshold, unit];
        let (content, said) = root.run("systemd-analyze", &words);
        assert!(content, "{said}");
    }
}

#[test]
fn the_user_gets_number_60_where_it_is_free_and_keeps_the_one_that_it_has() {
    let root = Root::new("sysusers");
    let home = "Piranha web page:/etc/sysconfig/ha:/sbin/nologin";
    assert_eq!(root.user("", ""), (format!("piranha:x:60:60:{home}"), "piranha:x:60:".to_owned()));

    let old = ("piranha:x:512:513:old:/etc/sysconfig/ha:/dev/null", "piranha:x:513:");
    let (user, group) = root.user(&format!("{}\n", old.0), &format!("{}\n", old.1));
    assert_eq!((user.as_str(), group.as_str()), old);

    let _ = fs::remove_file(root.path("etc/gshadow"));
    let (user, _) = root.user("other:x:60:60::/:/bin/sh\n", "other:x:60:\n");
    assert!(!user.starts_with("piranha:x:60:"), "{user}");
}

#[test]
fn directories_of_its_own_belong_to_the_group_of_the_page() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not tested: only root gives directories away");
        return;
    }
    let root = Root::new("tmpfiles");
    root.user("", "");
    let (content, said) = root.run("systemd-tmpfiles", &["--create"]);
    assert!(content, "{said}");
    for directory in ["run/piranha", "var/lib/piranha"] {
        let found = fs::metadata(root.path(directory)).unwrap();
        assert_eq!((found.uid(), found.gid(), found.mode() & 0o7777), (0, 60, 0o750), "{directory}");
    }
}
