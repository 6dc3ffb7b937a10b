//! The folder of the versions: root's, and read by the group of the web page.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::path::Path;

use nix::unistd::{Group, geteuid};

/// Where they are kept of what the web page saves (specification layout.md 8).
pub const FOLDER: &str = "/var/lib/piranha/versions";

/// Makes the folder, and those above it, where they are not there: mode 0750, `root:piranha`.
pub(crate) fn make(folder: &Path, readers: Option<u32>) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
        make(above, readers)?;
    }
    match DirBuilder::new().mode(0o750).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => share(folder, readers),
    }
}

/// Gives something to a group, or to piranha where that is there, if we may.
pub(crate) fn share(path: &Path, readers: Option<u32>) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let piranha = || Group::from_name("piranha").ok().flatten().map(|group| group.gid.as_raw());
    readers.or_else(piranha).map_or(Ok(()), |group| chown(path, None, Some(group)))
}

/// The names in the folder that are texts; none if it is not there.
pub(crate) fn names(folder: &Path) -> io::Result<Vec<String>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => Ok(entries?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()),
    }
}

/// Removes a file; one that is gone is as good.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
