//! `heartbeat-key`: makes the key that signs heartbeats, and changes it without a gap. A key is written to its file and
//! nowhere else.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{self, Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use heartbeat::authentication::{KeyFile, SECRET};
use lvs_cf::{Document, Place, file};
use service::whole_file;
use zeroize::Zeroizing;

use crate::key_file;
use crate::output::say;

/// Where the key file is unless lvs.cf names another one.
const DEFAULT_PATH: &str = "/etc/sysconfig/ha/heartbeat.key";
/// For its owner only.
const MODE: u32 = 0o600;

/// What is to be done with which file.
#[derive(Debug, clap::Args)]
pub(crate) struct HeartbeatKey {
    /// The key file [default: `heartbeat_key_file` of lvs.cf, else /etc/sysconfig/ha/heartbeat.key]
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Add a key to the file: it verifies, but does not sign yet
    #[arg(long, group = "change")]
    add: bool,
    /// Let this key of the file sign
    #[arg(long, value_name = "KEY", group = "change")]
    sign_with: Option<u32>,
    /// Remove a key that no router signs with any more
    #[arg(long, value_name = "KEY", group = "change")]
    remove: Option<u32>,
}

impl HeartbeatKey {
    /// Does it, and says what comes next.
    pub(super) fn run(self) -> Result<()> {
        let path = self.file.clone().unwrap_or_else(path_of_lvs_cf);
        let path = path::absolute(&path).unwrap_or(path);
        match self {
            Self { add: true, .. } => add(&path),
            Self { sign_with: Some(id), .. } => sign_with(&path, id),
            Self { remove: Some(id), .. } => remove(&path, id),
            _ => make(&path),
        }
    }
}

/// Read from the line alone: the file may be wrong elsewhere, or not there yet.
fn path_of_lvs_cf() -> PathBuf {
    let bytes = file::read(file::DEFAULT_PATH.as_ref()).unwrap_or_default();
    let value = Document::new(&bytes).value(Place::File, "heartbeat_key_file");
    let word = value.as_ref().and_then(|words| words.first()).map(|word| word.to_str_lossy().into_owned());
    word.filter(|word| !word.is_empty()).map_or_else(|| DEFAULT_PATH.into(), PathBuf::from)
}

fn make(path: &Path) -> Result<()> {
    let keys = KeyFile::new(&*secret()?);
    match whole_file::create(path, keys.text().as_bytes(), MODE) {
        Err(error) if error.reason.kind() == io::ErrorKind::AlreadyExists => bail!(
            "{} is there already, and heartbeats may be signed with it: --add adds a key to it",
            path.display()
        ),
        made => made?,
    }
    let path = path.display();
    Ok(say(&format!(
        "{path} is made, with key 1; only its owner can read it\n\
         next: copy it to the partner as it is:  scp -p {path} PARTNER:{path}\n\
         then: write these lines into lvs.cf of both routers, and reload each:  service pulse reload\n\
         #% heartbeat_key_file = {path}\n\
         #% heartbeat_auth = verify"
    ))?)
}

fn add(path: &Path) -> Result<()> {
    let secret = secret()?;
    let (path, id) = change(path, |keys| keys.add(&secret).map_err(Into::into))?;
    say(&format!("{} has key {id} now, which verifies and does not sign yet", path.display()))?;
    next(&path, &format!("when both have reloaded, let it sign:  piranhactl heartbeat-key --sign-with {id}"))
}

fn sign_with(path: &Path, id: u32) -> Result<()> {
    let (path, before) = change(path, |keys| {
        let before = keys.keys().ids().next();
        keys.sign_with(id)?;
        Ok(before)
    })?;
    say(&format!("key {id} signs by {}", path.display()))?;
    let before = before.filter(|before| *before != id);
    let old = before.map_or_else(String::new, |old| {
        format!(
            "when both logs say `the partner's heartbeats are authentic key={id}`, remove the old one:  \
             piranhactl heartbeat-key --remove {old}"
        )
    });
    next(&path, &old)
}

fn remove(path: &Path, id: u32) -> Result<()> {
    let (path, ()) = change(path, |keys| keys.remove(id).map_err(Into::into))?;
    say(&format!("key {id} is removed from {}", path.display()))?;
    next(&path, "")
}

/// Both routers have the same file but for moments.
fn next(path: &Path, then: &str) -> Result<()> {
    let path = path.display();
    say(&format!(
        "next: copy it to the partner:  scp -p {path} PARTNER:{path}\n\
         and reload each:  service pulse reload"
    ))?;
    if then.is_empty() { Ok(()) } else { Ok(say(&format!("then: {then}"))?) }
}

/// Changes the file that a path stands for, links followed.
fn change<T>(path: &Path, how: impl FnOnce(&mut KeyFile) -> Result<T>) -> Result<(PathBuf, T)> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut keys = key_file::read(&path)?;
    let done = how(&mut keys).with_context(|| path.display().to_string())?;
    whole_file::replace(&path, keys.text().as_bytes(), MODE)?;
    Ok((path, done))
}

/// From the kernel's generator (random(4)).
fn secret() -> Result<Zeroizing<[u8; SECRET]>> {
    const SOURCE: &str = "/dev/urandom";
    let mut secret = Zeroizing::new([0; SECRET]);
    let read = File::open(SOURCE).and_then(|mut source| source.read_exact(&mut *secret));
    read.with_context(|| format!("cannot read {SOURCE}"))?;
    Ok(secret)
}
