//! A directory for one test, with a password file in it or not, and the program that sets the password there.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use access::hash::verify;
use access::password_file::hash_of;

/// Somebody whom every system has and who is not root, in the place of piranha.
pub(crate) const OWNER: &str = "daemon";

pub(crate) struct Room {
    pub(crate) directory: PathBuf,
    pub(crate) file: PathBuf,
}

/// What the program did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) status: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

/// Only root sets passwords: for everybody else there is one test, and these are none.
pub(crate) fn is_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        eprintln!("skipped: needs root");
    }
    root
}

impl Room {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("piranha-passwd-{}-{number}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let directory = fs::canonicalize(directory).unwrap();
        Self { file: directory.join("piranha.passwd"), directory }
    }

    pub(crate) fn with(text: &str) -> Self {
        let room = Self::new();
        fs::write(&room.file, text).unwrap();
        room
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_piranha-passwd"));
        command.arg("--file").arg(&self.file).args(["--owner", OWNER]).args(words);
        command
    }

    pub(crate) fn run(&self, words: &[&str], input: &str) -> Done {
        run(&mut self.command(words), input)
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(&self.file).unwrap()
    }

    /// Whether the file lets this password in.
    pub(crate) fn lets_in(&self, password: &str) -> bool {
        let bytes = fs::read(&self.file).unwrap();
        verify(password.as_bytes(), hash_of(&bytes, "piranha").unwrap()).unwrap()
    }

    /// Owner and group are the owner's, and nobody else may read it.
    pub(crate) fn is_its_owners_alone(&self) -> bool {
        let owner = nix::unistd::User::from_name(OWNER).unwrap().unwrap();
        let metadata = fs::metadata(&self.file).unwrap();
        let is_theirs = metadata.uid() == owner.uid.as_raw() && metadata.gid() == owner.gid.as_raw();
        is_theirs && metadata.permissions().mode() & 0o7777 == 0o600
    }

    /// The names of all files there.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.directory).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

pub(crate) fn run(command: &mut Command, input: &str) -> Done {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may end without reading.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Done { status: output.status.code(), output: text(output.stdout), errors: text(output.stderr) }
}
