//! lvs.cf as the pages see it: read for each request, kept while the file is the same.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use control::helper::Fingerprint;
use lvs_cf::file::ReadError;
use lvs_cf::{Config, Document, ErrorKind, Errors, Names, Place, Values};
use service::process::give_memory_back;

/// The file at one moment.
#[derive(Debug)]
pub(crate) struct Present {
    /// What stands in it, word by word.
    pub(crate) values: Values,
    /// What the daemons make of it, names of hosts taken for granted; or why they refuse it.
    pub(crate) config: Result<Config, Box<Errors>>,
    /// SHA-256 of all bytes, in hexadecimal digits.
    pub(crate) fingerprint: String,
}

/// Takes every name for good: a page shows a file also while names cannot be looked up. Saving looks them up.
pub(crate) struct AnyName;

impl Names for AnyName {
    fn host(&self, _name: &str) -> Option<std::net::Ipv4Addr> {
        Some(std::net::Ipv4Addr::LOCALHOST)
    }

    fn service(&self, _name: &str) -> Option<u16> {
        Some(1)
    }
}

impl Present {
    /// All of its text.
    pub(crate) fn document(&self) -> &Document {
        self.values.document()
    }

    /// Its serial number; 0 without one.
    pub(crate) fn serial_no(&self) -> i32 {
        let words = self.values.get(Place::File, "serial_no").unwrap_or_default();
        words.first().and_then(|word| word.to_str_lossy().parse().ok()).unwrap_or_default()
    }

    /// Whether nothing stands in it: pages begin one then.
    pub(crate) fn is_empty(&self) -> bool {
        self.document().as_bytes().is_empty()
    }

    /// Of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let document = Document::new(bytes);
        let config = Config::parse(bytes, &AnyName).map(|parsed| parsed.config).map_err(Box::new);
        Self { values: Values::of(&document), config, fingerprint: fingerprint(bytes) }
    }
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn fingerprint(bytes: &[u8]) -> String {
    Fingerprint::of(bytes).as_str().to_owned()
}

/// Bytes in hexadecimal digits.
pub(crate) fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reading a file of so many bytes takes room that is worth being given back.
const LARGE: usize = 128 * 1024;

/// Reads the file again only if it is another one than before.
#[derive(Debug)]
pub(crate) struct LvsCf {
    path: PathBuf,
    kept: Mutex<Option<(Stamp, Arc<Present>)>>,
}

/// What differs when a file has been written or replaced.
type Stamp = (u64, u64, i64, i64, u64);

impl LvsCf {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, kept: Mutex::new(None) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file as it is now.
    ///
    /// # Errors
    ///
    /// It cannot be read. A file without content, or with errors, is no error here.
    pub(crate) fn present(&self) -> Result<Arc<Present>, ReadError> {
        let stamp = stamp(&self.path);
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let (Some(now), Some((then, present))) = (stamp, kept.as_ref())
            && now == *then
        {
            return Ok(Arc::clone(present));
        }
        // The file that was there before makes room first, if nobody looks at it any more.
        *kept = None;
        let present = Arc::new(Present::of(&read(&self.path)?));
        if present.document().as_bytes().len() > LARGE {
            give_memory_back();
        }
        // Taken before reading: a change in between is seen the next time.
        *kept = stamp.map(|stamp| (stamp, Arc::clone(&present)));
        Ok(present)
    }
}

/// A file without content is one that nothing has been written to yet.
fn read(path: &Path) -> Result<Vec<u8>, ReadError> {
    match lvs_cf::file::read(path) {
        Err(ReadError::Content(errors)) if errors.first().kind == ErrorKind::Stat => Ok(Vec::new()),
        result => result,
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino(), found.ctime(), found.ctime_nsec(), found.len()))
}
