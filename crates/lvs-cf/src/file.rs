//! Reading the file by the rules of its format, and saving it so that no reader ever sees half of it
//! (specification lvs-cf.md section 1 and 12.3).

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::unistd::Group;
use xattr::FileExt as _;

use crate::config::Config;
use crate::document::Document;
use crate::edit::{EditError, Place};
use crate::error::{ErrorKind, Errors};
use crate::names::Names;
use crate::parse::Parsed;

/// Where the file is unless a program is told otherwise.
pub const DEFAULT_PATH: &str = "/etc/sysconfig/ha/lvs.cf";

/// A file that is no configuration at all has an error in every line; nobody reads a hundred of them in a log.
const ERRORS_IN_DETAILS: usize = 20;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It could not be opened.
    #[error("failed to open {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is empty ([`ErrorKind::Stat`]), or could not be read in full, is a directory, or is longer than
    /// [`crate::MAX_BYTES`] ([`ErrorKind::Read`]), or it is no configuration ([`load`]).
    #[error(transparent)]
    Content(Box<Errors>),
}

impl ReadError {
    /// The line that pulse prints: `pulse: failed to open FILE`, or as [`Errors::pulse_line`].
    pub fn pulse_line(&self, path: &Path) -> String {
        self.line("pulse", path, Errors::pulse_line)
    }

    /// The line that lvsd prints: `lvs: failed to open FILE`, or as [`Errors::lvsd_line`].
    pub fn lvsd_line(&self, path: &Path) -> String {
        self.line("lvs", path, Errors::lvsd_line)
    }

    /// The line that fos prints: `fos: failed to open FILE`, or as [`Errors::fos_line`].
    pub fn fos_line(&self, path: &Path) -> String {
        self.line("fos", path, Errors::fos_line)
    }

    /// What follows that line: what the system said, or each error with its place and a hint, for a log bounded to the
    /// first twenty. Ends in a line feed.
    pub fn details(&self, path: &Path) -> String {
        match self {
            Self::Open { source, .. } => format!("{source}; name the file with -c, or make it readable\n"),
            Self::Content(errors) => errors.render_first(path, ERRORS_IN_DETAILS),
        }
    }

    fn line(&self, program: &str, path: &Path, of_errors: fn(&Errors, &Path) -> String) -> String {
        match self {
            Self::Open { .. } => format!("{program}: failed to open {}", path.display()),
            Self::Content(errors) => of_errors(errors, path),
        }
    }
}

/// Reads a file whole, once.
///
/// # Errors
/// See [`ReadError`]. What reports size 0 is empty, whatever it holds: a pipe, most of `/proc`.
pub fn read(path: &Path) -> Result<Vec<u8>, ReadError> {
    let open = |source| ReadError::Open { path: path.into(), source };
    let content = |kind| ReadError::Content(Box::new(Errors::of_file(kind)));
    // Opening a pipe must not wait for its writer.
    let file =
        OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path).map_err(open)?;
    let metadata = file.metadata().map_err(open)?;
    let size = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    match size {
        _ if metadata.is_dir() => return Err(content(ErrorKind::Read)),
        0 => return Err(content(ErrorKind::Stat)),
        1..=crate::MAX_BYTES => {}
        _ => return Err(content(ErrorKind::Read)),
    }
    let mut bytes = Vec::with_capacity(size);
    let read = file.take(metadata.len()).read_to_end(&mut bytes);
    if read.is_ok_and(|read| read == size) { Ok(bytes) } else { Err(content(ErrorKind::Read)) }
}

/// Reads a file and what it means.
///
/// # Errors
/// See [`ReadError`].
pub fn load(path: &Path, names: &dyn Names) -> Result<Parsed, ReadError> {
    Config::of(read(path)?.into(), names).map_err(|errors| ReadError::Content(Box::new(errors)))
}

/// Why a change was not saved. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The system refused something.
    #[error("cannot {tried} {}: {source}", path.display())]
    System {
        /// What was tried.
        tried: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another editor holds the lock.
    #[error("{} is locked by another editor: try again when that one has finished", path.display())]
    Locked {
        /// The directory that is locked.
        path: PathBuf,
    },
    /// Somebody else changed the file since it was read.
    #[error("{} was changed by somebody else since it was read: nothing was saved", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The daemons would refuse the file.
    #[error("the daemons would refuse the file: {0}")]
    Refused(Box<Errors>),
    /// The serial number could not be written.
    #[error("serial_no: {0}")]
    Serial(#[from] EditError),
    /// What was written is not what is on the disk.
    #[error("{} does not read back as it was written: nothing was saved", path.display())]
    ReadBack {
        /// The temporary file.
        path: PathBuf,
    },
}

/// A change to the file, from reading to saving, during which no other editor of this project gets in.
#[derive(Debug)]
pub struct Change {
    path: PathBuf,
    directory: Flock<File>,
    document: Document,
}

/// How long to wait for another editor.
const PATIENCE: Duration = Duration::from_secs(5);

impl Change {
    /// Locks the file's directory and reads the file; a file that is missing or empty is an empty document. A
    /// symbolic link stands for what it points to.
    ///
    /// # Errors
    /// See [`SaveError`].
    pub fn begin(path: &Path) -> Result<Self, SaveError> {
        let path = target(path)?;
        let directory = lock(path.parent().unwrap_or(Path::new("/")))?;
        let document = Document::new(&present(&path)?);
        Ok(Self { path, directory, document })
    }

    /// The file as it is.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// What an edited document has to be to take the file's place: its `serial_no` is the file's, raised by one, whatever
    /// it says itself, since it may be an old version. A document that is not changed otherwise is the file as it is.
    ///
    /// # Errors
    /// [`SaveError::Refused`] if the daemons would refuse it.
    pub fn prepare(&self, mut edited: Document, names: &dyn Names) -> Result<Document, SaveError> {
        let serial_no = self.document.serial_no();
        if edited.serial_no() != serial_no {
            edited.set(Place::File, "serial_no", &[&serial_no.to_string()])?;
        }
        if edited == self.document {
            return Ok(edited);
        }
        edited.raise_serial_no()?;
        Config::parse(edited.as_bytes(), names).map_err(|errors| SaveError::Refused(Box::new(errors)))?;
        Ok(edited)
    }

    /// Puts an edited document in the file's place as [`Change::prepare`] makes it, and returns it. Without a change
    /// nothing is written.
    ///
    /// # Errors
    /// See [`SaveError`].
    pub fn save(self, edited: Document, names: &dyn Names) -> Result<Document, SaveError> {
        let prepared = self.prepare(edited, names)?;
        if prepared != self.document {
            self.put(prepared.as_bytes())?;
        }
        Ok(prepared)
    }

    /// Puts these bytes in the file's place, as they are. Whoever has them checked them. The lock stays.
    ///
    /// # Errors
    /// See [`SaveError`].
    pub fn replace(&self, bytes: &[u8]) -> Result<(), SaveError> {
        self.put(bytes)
    }

    fn put(&self, bytes: &[u8]) -> Result<(), SaveError> {
        let temporary = self.temporary();
        let saved = self.write(&temporary, bytes).and_then(|()| {
            self.look_again(&temporary, bytes)?;
            fs::rename(&temporary, &self.path).map_err(failed("replace", &self.path))
        });
        if saved.is_err() {
            let _it_may_not_have_been_made = fs::remove_file(&temporary);
        }
        saved?;
        self.directory.sync_all().map_err(failed("flush the directory of", &self.path))
    }

    /// Beside the file, since only a rename within one file system is atomic.
    fn temporary(&self) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(self.path.file_name().unwrap_or_default());
        name.push(format!(".{}", std::process::id()));
        self.path.with_file_name(name)
    }

    fn write(&self, temporary: &Path, bytes: &[u8]) -> Result<(), SaveError> {
        self.sweep();
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary);
        let mut file = created.map_err(failed("create", temporary))?;
        file.write_all(bytes).map_err(failed("write", temporary))?;
        self.hand_over(&file, temporary)?;
        file.sync_all().map_err(failed("flush to disk", temporary))
    }

    /// Removes what killed processes left half written. They are dead: the lock is ours.
    fn sweep(&self) {
        let prefix = [b".", self.path.file_name().unwrap_or_default().as_bytes(), b"."].concat();
        let Ok(entries) = fs::read_dir(self.path.parent().unwrap_or(Path::new("/"))) else { return };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().unwrap_or_default().as_bytes();
            let number = name.strip_prefix(prefix.as_slice());
            if number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit)) {
                let _it_may_be_gone = fs::remove_file(&path);
            }
        }
    }

    /// Owner, mode, label and access list of the old file; `root:piranha` and 0664 for a new one.
    fn hand_over(&self, file: &File, temporary: &Path) -> Result<(), SaveError> {
        let ours = file.metadata().map_err(failed("examine", temporary))?;
        let (owner, group, mode) = match fs::metadata(&self.path) {
            Ok(old) => (Some(old.uid()), Some(old.gid()), old.mode() & 0o7777),
            Err(_) => (is_root(&ours).then_some(0), piranha(), 0o664),
        };
        let owner = owner.filter(|&owner| owner != ours.uid());
        let group = group.filter(|&group| group != ours.gid());
        if owner.is_some() || group.is_some() {
            fchown(file, owner, group)
                .map_err(failed("keep owner and group of the old file for", temporary))?;
        }
        file.set_permissions(Permissions::from_mode(mode)).map_err(failed("set the mode of", temporary))?;
        self.hand_over_attributes(file)
            .map_err(failed("keep label and access list of the old file for", temporary))
    }

    /// The label and the access list are such; where there is nothing of that kind there is nothing to keep.
    fn hand_over_attributes(&self, file: &File) -> io::Result<()> {
        for name in xattr::list(&self.path).into_iter().flatten() {
            let value = xattr::get(&self.path, &name)?;
            if let Some(value) =
                value.filter(|value| file.get_xattr(&name).ok().flatten().as_ref() != Some(value))
            {
                file.set_xattr(&name, &value)?;
            }
        }
        Ok(())
    }

    /// What is on the disk must be what was meant, and nobody may have been faster.
    fn look_again(&self, temporary: &Path, meant: &[u8]) -> Result<(), SaveError> {
        if present(temporary)? != meant {
            return Err(SaveError::ReadBack { path: temporary.into() });
        }
        let unchanged = present(&self.path)? == self.document.as_bytes();
        if unchanged { Ok(()) } else { Err(SaveError::Changed { path: self.path.clone() }) }
    }
}

fn failed(tried: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SaveError {
    let path = path.to_owned();
    move |source| SaveError::System { tried, path, source }
}

/// The file that a path stands for, links followed.
fn target(path: &Path) -> Result<PathBuf, SaveError> {
    let source = match fs::canonicalize(path) {
        Ok(target) => return Ok(target),
        Err(source) => source,
    };
    // A file that is still to be made, perhaps behind a link.
    let behind = fs::read_link(path).map(|link| path.with_file_name(link));
    let path = behind.as_deref().unwrap_or(path);
    let missing = source.kind() == io::ErrorKind::NotFound;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (fs::canonicalize(directory), path.file_name()) {
        (Ok(directory), Some(name)) if missing => Ok(directory.join(name)),
        _ => Err(failed("find", path)(source)),
    }
}

/// The bytes of a file; none if it is missing or empty.
fn present(path: &Path) -> Result<Vec<u8>, SaveError> {
    match read(path) {
        Ok(bytes) => Ok(bytes),
        Err(ReadError::Open { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(ReadError::Open { source, path }) => Err(failed("open", &path)(source)),
        Err(ReadError::Content(errors)) if errors.first().kind == ErrorKind::Stat => Ok(Vec::new()),
        Err(ReadError::Content(errors)) => Err(SaveError::Refused(errors)),
    }
}

/// The directory is locked, not the file: the file is replaced, and its lock would stay with the old one.
fn lock(directory: &Path) -> Result<Flock<File>, SaveError> {
    let deadline = Instant::now() + PATIENCE;
    let mut file = File::open(directory).map_err(failed("open", directory))?;
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((again, nix::Error::EWOULDBLOCK)) if Instant::now() < deadline => file = again,
            Err((_, nix::Error::EWOULDBLOCK)) => return Err(SaveError::Locked { path: directory.into() }),
            Err((_, error)) => return Err(failed("lock", directory)(error.into())),
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn is_root(made_by_us: &Metadata) -> bool {
    made_by_us.uid() == 0
}

/// The web tool's group, if there is one.
fn piranha() -> Option<u32> {
    Group::from_name("piranha").ok().flatten().map(|group| group.gid.as_raw())
}
