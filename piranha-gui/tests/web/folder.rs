//! A folder that goes with its test.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Who the program is when a test runs as root.
pub const NOBODY: u32 = 65534;

/// The folder.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Where only root may write, as for the files of a router: the helper trusts no others.
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("piranha-gui-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.0.clone() } else { self.0.join(name) }
    }

    /// In one piece, as editors do.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let new = path.with_extension("new");
        fs::write(&new, bytes).unwrap();
        fs::rename(new, path).unwrap();
    }

    /// Makes a folder in it that belongs to the user that the program becomes, if that is another one.
    pub fn give_away(&self, name: &str) {
        fs::create_dir_all(self.path(name)).unwrap();
        let id = Command::new("id").arg("-u").output().unwrap().stdout;
        if id.starts_with(b"0\n") {
            chown(self.path(name), Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
