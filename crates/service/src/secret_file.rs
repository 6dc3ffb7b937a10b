//! A small file with a secret, which only its owner may read. What is wrong with it is told without a byte of it.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use zeroize::Zeroizing;

/// Any access by the group or by others (chmod(2)).
const NOT_THE_OWNER: u32 = 0o077;

/// Why a secret is not read. Each begins with the file's name.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be opened or read, or is no text.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// A directory, a pipe, or too long.
    #[error("{path} is no regular file of at most {longest} bytes")]
    NotAFile {
        /// The file.
        path: PathBuf,
        /// The most bytes that were allowed.
        longest: usize,
    },
    /// Its mode is too wide.
    #[error("{path} may be read by others than its owner (mode {mode:03o}): chmod 600 {path}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Neither root nor the reader owns it.
    #[error("{path} belongs to user {owner}, who could change it: chown root {path}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
}

impl Error {
    /// Whether there is no such file.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Unreadable { reason, .. } if reason.kind() == io::ErrorKind::NotFound)
    }
}

/// Reads a file's text, which is overwritten in memory when it is given back.
///
/// # Errors
///
/// Why not, and what to do.
pub fn read(path: &Path, longest: usize) -> Result<Zeroizing<String>, Error> {
    let unreadable = |reason| Error::Unreadable { path: path.to_owned(), reason };
    // Opening a pipe must not wait for its writer.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits())
        .open(path)
        .map_err(unreadable)?;
    check(&file.metadata().map_err(unreadable)?, path, longest)?;
    text(&file, longest).map_err(unreadable)
}

/// Of the file that is open, which nobody can exchange any more.
fn check(metadata: &Metadata, path: &Path, longest: usize) -> Result<(), Error> {
    let path = path.to_owned();
    let (mode, owner) = (metadata.mode() & 0o777, metadata.uid());
    if !metadata.is_file() || metadata.len() > longest as u64 {
        return Err(Error::NotAFile { path, longest });
    }
    if mode & NOT_THE_OWNER != 0 {
        return Err(Error::Exposed { path, mode });
    }
    if owner != 0 && owner != geteuid().as_raw() {
        return Err(Error::Foreign { path, owner });
    }
    Ok(())
}

/// Room is made beforehand, so that no copy of the secret is left where the text grew out of.
fn text(file: &File, longest: usize) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(longest + 1));
    file.take(longest as u64).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::{Path, PathBuf};

    use super::read;

    const LONGEST: usize = 100;

    fn file(name: &str, text: &str, mode: u32) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("secret-file-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    fn refusal(path: &Path) -> String {
        let shown = read(path, LONGEST).unwrap_err().to_string();
        shown.replace(path.to_str().unwrap(), "PATH")
    }

    #[test]
    fn the_owners_file_is_read() {
        assert_eq!(*read(&file("good", "secret", 0o600), LONGEST).unwrap(), "secret");
        assert_eq!(*read(&file("read_only", "secret", 0o400), LONGEST).unwrap(), "secret");
    }

    #[test]
    fn a_file_that_others_may_read_or_write_is_refused() {
        for mode in [0o640, 0o604, 0o620, 0o602] {
            let path = file(&format!("exposed_{mode:o}"), "secret", mode);
            let words = format!("PATH may be read by others than its owner (mode {mode:o}): chmod 600 PATH");
            assert_eq!(refusal(&path), words);
        }
    }

    #[test]
    fn what_is_no_small_file_is_refused() {
        let long = file("long", &"#".repeat(LONGEST + 1), 0o600);
        assert_eq!(refusal(&long), "PATH is no regular file of at most 100 bytes");
        assert_eq!(refusal(long.parent().unwrap()), "PATH is no regular file of at most 100 bytes");
        let absent = read(Path::new("/nowhere/key"), LONGEST).unwrap_err();
        assert!(absent.is_absent());
        assert!(absent.to_string().starts_with("/nowhere/key cannot be read: No such file"));
    }
}
