//! The file, replaced in one piece: it is the old or the new one, and always its owner's alone (layout.md 5).

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use access::MAX_BYTES;
use anyhow::{Context as _, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::unistd::{Gid, Group, Uid, User};
use xattr::FileExt as _;

/// How long to wait for another one that sets it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Only its owner reads and writes it.
const MODE: u32 = 0o600;

/// The label (selinux(8)).
const LABEL: &str = "security.selinux";

/// Where it is, and whose.
pub(crate) struct PasswordFile {
    path: PathBuf,
    directory: PathBuf,
    owner: Uid,
    group: Gid,
}

/// Nobody else sets it meanwhile.
pub(crate) struct Locked<'a> {
    file: &'a PasswordFile,
    directory: Flock<File>,
}

impl PasswordFile {
    /// The directory and the owner must be there; the file need not. A link stands for what it points to.
    pub(crate) fn find(path: &Path, owner: &str) -> Result<Self> {
        let user = User::from_name(owner).ok().flatten().with_context(|| {
            format!("there is no user {owner}, whose the file is: make it, or install the package that does")
        })?;
        let group = Group::from_name(owner).ok().flatten().map_or(user.gid, |group| group.gid);
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let directory = path.parent().filter(|directory| directory.is_dir()).with_context(|| {
            format!("{} is to be made, but its directory is not there: make it", path.display())
        })?;
        let directory = directory.to_owned();
        Ok(Self { path, directory, owner: user.uid, group })
    }

    /// For messages.
    pub(crate) fn name(&self) -> impl std::fmt::Display {
        self.path.display()
    }

    /// Its bytes; none if it is missing.
    pub(crate) fn read(&self) -> Result<Vec<u8>> {
        self.present().with_context(|| format!("{} cannot be read", self.name()))
    }

    fn present(&self) -> io::Result<Vec<u8>> {
        // Opening a pipe must not wait for its writer.
        let opened = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&self.path);
        let file = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            file => file?,
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() > MAX_BYTES as u64 {
            return Err(io::Error::other(format!("it is no regular file of at most {MAX_BYTES} bytes")));
        }
        let mut bytes = Vec::new();
        file.take(MAX_BYTES as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Waits for another one that sets it. The directory is locked: the file is replaced.
    pub(crate) fn lock(&self) -> Result<Locked<'_>> {
        let deadline = Instant::now() + PATIENCE;
        let name = self.directory.display();
        let mut directory =
            File::open(&self.directory).with_context(|| format!("{name} cannot be opened"))?;
        loop {
            match Flock::lock(directory, FlockArg::LockExclusiveNonblock) {
                Ok(directory) => return Ok(Locked { file: self, directory }),
                Err((again, Errno::EWOULDBLOCK)) if Instant::now() < deadline => directory = again,
                Err((_, Errno::EWOULDBLOCK)) => bail!("{name} is locked by another program: try again later"),
                Err((_, error)) => return Err(error).with_context(|| format!("{name} cannot be locked")),
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Locked<'_> {
    /// As [`PasswordFile::read`].
    pub(crate) fn read(&self) -> Result<Vec<u8>> {
        self.file.read()
    }

    /// Puts these bytes in the file's place. If that fails it is as it was.
    pub(crate) fn replace(&self, bytes: &[u8]) -> Result<()> {
        // Beside the file, since only a rename within one file system is atomic; one name will do under the lock.
        let temporary = self.file.directory.join(".piranha.passwd.new");
        let replaced = self.write(&temporary, bytes).and_then(|()| fs::rename(&temporary, &self.file.path));
        if replaced.is_err() {
            let _it_may_not_have_been_made = fs::remove_file(&temporary);
        }
        replaced.with_context(|| format!("{} cannot be replaced and is as it was", self.file.name()))?;
        // It is in place; after a loss of power it may be the old one again.
        self.directory.sync_all().with_context(|| format!("{} cannot be flushed to disk", self.file.name()))
    }

    /// Mode, owner and label before the first byte.
    fn write(&self, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
        // Left over from a process that was killed.
        let _usually_there_is_none = fs::remove_file(temporary);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(temporary)?;
        file.set_permissions(Permissions::from_mode(MODE))?;
        fchown(&file, Some(self.file.owner.as_raw()), Some(self.file.group.as_raw()))?;
        self.keep_label(&file)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// That of the old file. A new one has the label of its directory, by the system's policy.
    fn keep_label(&self, file: &File) -> io::Result<()> {
        // Neither a missing file nor a file system without labels has one to keep.
        let Some(old) = xattr::get(&self.file.path, LABEL).ok().flatten() else { return Ok(()) };
        if file.get_xattr(LABEL).ok().flatten().as_ref() == Some(&old) {
            return Ok(());
        }
        file.set_xattr(LABEL, &old)
    }
}
