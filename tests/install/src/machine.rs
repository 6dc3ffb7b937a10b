//! A machine as far as an installation sees it: a folder with a root's files.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

/// A root in a folder of its own, removed at the end.
#[derive(Debug)]
pub struct Machine {
    root: PathBuf,
}

/// One path, as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Seen {
    /// Permissions, with set-user-id and its like.
    pub mode: u32,
    /// Number of the user.
    pub user: u32,
    /// Number of the group.
    pub group: u32,
    /// What it is.
    pub what: What,
}

/// What a path is.
#[derive(Clone, PartialEq, Eq)]
pub enum What {
    /// A directory.
    Directory,
    /// A symbolic link, and where it leads.
    Link(PathBuf),
    /// A file with these bytes.
    File(Vec<u8>),
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:o} of {}:{}", self.what, self.mode, self.user, self.group)
    }
}

impl fmt::Debug for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Directory => write!(f, "a directory"),
            What::Link(to) => write!(f, "a link to {}", to.display()),
            What::File(bytes) => {
                let begin = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]);
                write!(f, "a file of {} bytes ({begin:?})", bytes.len())
            }
        }
    }
}

impl Machine {
    /// One that never had Piranha: a few accounts, nothing else. Needs to be root, since files belong to several users.
    pub fn new(test: &str) -> Self {
        assert!(
            nix::unistd::geteuid().is_root(),
            "these tests give files to several users: run them as root"
        );
        let root = std::env::temp_dir().join(format!("install-{test}-{}", std::process::id()));
        fs::create_dir(&root).unwrap();
        let machine = Machine { root: root.canonicalize().unwrap() };
        machine.write(
            "/etc/passwd",
            0o644,
            (0, 0),
            "root:x:0:0:root:/root:/bin/bash\nmail:x:8:12::/var/spool/mail:/sbin/nologin\n",
        );
        machine.write("/etc/group", 0o644, (0, 0), "root:x:0:\nmail:x:12:\n");
        machine
    }

    /// Where it lies on this computer.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// This path of the machine on this computer.
    pub fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Adds a line to `/etc/passwd` or `/etc/group`.
    pub fn account(&self, file: &str, line: &str) {
        let text = fs::read_to_string(self.at(file)).unwrap();
        fs::write(self.at(file), format!("{text}{line}\n")).unwrap();
    }

    /// A directory, with those above it.
    pub fn directory(&self, path: &str, mode: u32, owner: (u32, u32)) {
        fs::create_dir_all(self.at(path)).unwrap();
        self.own(path, mode, owner);
    }

    /// A file, with the directories above it.
    pub fn write(&self, path: &str, mode: u32, owner: (u32, u32), content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), content).unwrap();
        self.own(path, mode, owner);
    }

    /// A symbolic link.
    pub fn link(&self, path: &str, to: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        symlink(to, self.at(path)).unwrap();
    }

    fn own(&self, path: &str, mode: u32, (user, group): (u32, u32)) {
        chown(self.at(path), Some(user), Some(group)).unwrap();
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A path as it is, links not followed; `None` if it is missing.
    pub fn look(&self, path: &str) -> Option<Seen> {
        let here = self.at(path);
        let data = fs::symlink_metadata(&here).ok()?;
        let what = if data.is_dir() {
            What::Directory
        } else if data.is_symlink() {
            What::Link(fs::read_link(&here).unwrap())
        } else {
            What::File(fs::read(&here).unwrap())
        };
        Some(Seen { mode: data.mode() & 0o7777, user: data.uid(), group: data.gid(), what })
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    /// Everything that is there.
    pub fn everything(&self) -> BTreeMap<String, Seen> {
        let mut all = BTreeMap::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.at(&folder)).unwrap() {
                let path = format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap());
                let seen = self.look(&path).unwrap();
                if seen.what == What::Directory {
                    folders.push(path.clone());
                }
                all.insert(path, seen);
            }
        }
        all
    }

    /// The number of a user in this machine's own `/etc/passwd`.
    pub fn user(&self, name: &str) -> u32 {
        self.number("/etc/passwd", name)
    }

    /// The number of a group in this machine's own `/etc/group`.
    pub fn group(&self, name: &str) -> u32 {
        self.number("/etc/group", name)
    }

    fn number(&self, file: &str, name: &str) -> u32 {
        let text = self.text(file);
        let line = text.lines().find(|line| line.split(':').next() == Some(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in {file}:\n{text}"));
        line.split(':').nth(2).unwrap().parse().unwrap()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let removed = fs::remove_dir_all(&self.root);
        assert!(removed.is_ok() || std::thread::panicking(), "{}: {removed:?}", self.root.display());
    }
}

/// What is different of two states of a machine; paths, and how they are.
pub fn differences(before: &BTreeMap<String, Seen>, after: &BTreeMap<String, Seen>) -> Vec<String> {
    let gone = before.iter().filter(|(path, _)| !after.contains_key(*path));
    let mut differences: Vec<_> = gone.map(|(path, seen)| format!("{path} is gone, was {seen:?}")).collect();
    for (path, seen) in after {
        match before.get(path) {
            None => differences.push(format!("{path} is new, {seen:?}")),
            Some(was) if was != seen => differences.push(format!("{path} was {was:?}, is {seen:?}")),
            Some(_) => {}
        }
    }
    differences
}
