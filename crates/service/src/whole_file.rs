//! Files that are there whole or not at all: no reader ever sees half of one, and no loss of power leaves half of one.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What the system refused.
#[derive(Debug, thiserror::Error)]
#[error("cannot {tried} {path}: {reason}")]
pub struct Error {
    tried: &'static str,
    path: PathBuf,
    /// What the system said.
    pub reason: io::Error,
}

/// Puts bytes in the place of a file, or makes it, with this mode (chmod(2), without the bits of the umask).
///
/// # Errors
///
/// What was refused. The file is as it was.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let temporary = write_beside(path, bytes, mode)?;
    fs::rename(&temporary, path).map_err(|reason| {
        let _it_may_be_gone = fs::remove_file(&temporary);
        failed("replace", path)(reason)
    })?;
    flush_name(path)
}

/// Makes a file that is not there yet.
///
/// # Errors
///
/// What was refused; [`io::ErrorKind::AlreadyExists`] if the file is there, which stays as it is.
pub fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let temporary = write_beside(path, bytes, mode)?;
    // Unlike a rename, a link does not replace.
    let linked = fs::hard_link(&temporary, path).map_err(failed("make", path));
    let _it_may_be_gone = fs::remove_file(&temporary);
    linked?;
    flush_name(path)
}

/// Beside the file, since only a rename within one file system is atomic.
fn write_beside(path: &Path, bytes: &[u8], mode: u32) -> Result<PathBuf, Error> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    let temporary = path.with_file_name(name);
    // Left over from a killed process that had our number: its mode may be another one.
    let _usually_there_is_none = fs::remove_file(&temporary);
    let created = OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary);
    let mut file = created.map_err(failed("create", &temporary))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|reason| {
        let _it_may_be_gone = fs::remove_file(&temporary);
        failed("write", &temporary)(reason)
    })?;
    Ok(temporary)
}

/// A name is on the disk when its directory is.
fn flush_name(path: &Path) -> Result<(), Error> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let flushed = File::open(directory).and_then(|directory| directory.sync_all());
    flushed.map_err(failed("flush to disk the directory of", path))
}

fn failed(tried: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |reason| Error { tried, path, reason }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;

    use super::{create, replace};

    fn folder(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("whole-file-{test}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_file_is_made_and_replaced_with_its_mode() {
        let folder = folder("replaced");
        let path = folder.join("file");
        for bytes in [b"one", b"two"] {
            replace(&path, bytes, 0o600).unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_there_is_not_made_again() {
        let folder = folder("made");
        let path = folder.join("file");
        create(&path, b"one", 0o600).unwrap();
        assert_eq!(create(&path, b"two", 0o600).unwrap_err().reason.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_refused_is_named_and_leaves_nothing() {
        let folder = folder("refused");
        let path = folder.join("directory");
        fs::create_dir(&path).unwrap();
        let error = replace(&path, b"one", 0o600).unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot replace {}: ", path.display())), "{error}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        let error = create(&folder.join("none/file"), b"one", 0o600).unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot create {}/none/.file.", folder.display())), "{error}");
        fs::remove_dir_all(folder).unwrap();
    }
}
