//! Opening a log file. Its directory may belong to user piranha, who could have put a link there: root follows none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, chown, fchown};
use std::path::Path;

use nix::fcntl::OFlag;

use crate::server::identity::Identity;

/// Of a file that is made (layout.md 9); an existing one keeps its own.
const MODE: u32 = 0o640;

/// Opens a file to add lines, and makes it if it is missing. With an identity this is root, who gives away what he makes,
/// and what he made before as httpd did, since only its owner can open it again after a rotation.
///
/// # Errors
///
/// It cannot be opened, or is no file of its own.
pub(crate) fn open(path: &Path, identity: Option<&Identity>) -> io::Result<File> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    if identity.is_some() && !folder.exists() {
        fs::DirBuilder::new().mode(0o755).create(folder)?;
        chown(folder, identity.map(|identity| identity.user.as_raw()), None)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).mode(MODE).custom_flags(OFlag::O_NOFOLLOW.bits() | OFlag::O_NONBLOCK.bits());
    let (file, is_new) = match options.clone().create_new(true).open(path) {
        Ok(file) => (file, true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => (options.open(path)?, false),
        Err(error) => return Err(error),
    };
    let found = file.metadata()?;
    if !found.is_file() || found.nlink() != 1 {
        return Err(io::Error::other("it is not a file with one name"));
    }
    if let Some(Identity { user, group, .. }) = identity {
        let ours = fs::symlink_metadata(folder).is_ok_and(|folder| folder.uid() == user.as_raw());
        if is_new {
            fchown(&file, Some(user.as_raw()), Some(group.as_raw()))?;
        } else if ours && found.uid() == 0 {
            fchown(&file, Some(user.as_raw()), None)?;
        }
    }
    Ok(file)
}
