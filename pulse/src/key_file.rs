//! The file with the heartbeat's keys. What is wrong with it is told without a byte of it.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use heartbeat::Authentication;
use heartbeat::authentication::{KeyError, Keys};
use lvs_cf::{Config, HeartbeatAuth};
use nix::unistd::geteuid;
use zeroize::Zeroizing;

/// Room for sixteen keys and some remarks.
const LONGEST: u64 = 16 * 1024;
/// Any access by the group or by others (chmod(2)).
const NOT_THE_OWNER: u32 = 0o077;

/// Why signatures cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("heartbeat_auth = {0} needs a key: name its file with `#% heartbeat_key_file = PATH`")]
    NotNamed(HeartbeatAuth),
    #[error("cannot read heartbeat_key_file {path}: {reason}; make it, or correct the path in lvs.cf")]
    Unreadable { path: String, reason: io::Error },
    #[error("heartbeat_key_file {path} is no regular file of at most {LONGEST} bytes")]
    NotAFile { path: String },
    #[error(
        "heartbeat_key_file {path} may be read by others than its owner (mode {mode:03o}): chmod 600 {path}"
    )]
    Exposed { path: String, mode: u32 },
    #[error("heartbeat_key_file {path} belongs to user {owner}, who could change it: chown root {path}")]
    Foreign { path: String, owner: u32 },
    #[error("heartbeat_key_file {path}: {reason}")]
    Wrong { path: String, reason: KeyError },
}

/// What the file says about authentication, with its keys.
///
/// # Errors
///
/// Why the keys cannot be had, and what to do.
pub(crate) fn authentication(config: &Config) -> Result<Authentication, Refusal> {
    let with = match config.heartbeat_auth {
        HeartbeatAuth::Off => return Ok(Authentication::Off),
        HeartbeatAuth::Verify => Authentication::Verify,
        HeartbeatAuth::Require => Authentication::Require,
    };
    let name = config.heartbeat_key_file.as_ref().ok_or(Refusal::NotNamed(config.heartbeat_auth))?;
    read(Path::new(&*name.to_str_lossy())).map(with)
}

fn read(path: &Path) -> Result<Keys, Refusal> {
    let shown = || path.display().to_string();
    let unreadable = |reason| Refusal::Unreadable { path: shown(), reason };
    // Opening a pipe must not wait for its writer.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits())
        .open(path)
        .map_err(unreadable)?;
    check(&file.metadata().map_err(unreadable)?, path)?;
    let text = text(&file).map_err(unreadable)?;
    Keys::parse(&text).map_err(|reason| Refusal::Wrong { path: shown(), reason })
}

/// Of the file that is open, which nobody can exchange any more.
fn check(metadata: &Metadata, path: &Path) -> Result<(), Refusal> {
    let path = path.display().to_string();
    let (mode, owner) = (metadata.mode() & 0o777, metadata.uid());
    if !metadata.is_file() || metadata.len() > LONGEST {
        return Err(Refusal::NotAFile { path });
    }
    if mode & NOT_THE_OWNER != 0 {
        return Err(Refusal::Exposed { path, mode });
    }
    if owner != 0 && owner != geteuid().as_raw() {
        return Err(Refusal::Foreign { path, owner });
    }
    Ok(())
}

/// Room is made beforehand, so that no copy of the keys is left where the text grew out of.
fn text(file: &File) -> io::Result<Zeroizing<String>> {
    let room = usize::try_from(LONGEST).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(room + 1));
    file.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;

    use super::*;

    const KEY: &str = "1 000102030405060708090a0b0c0d0e0f\n";

    fn file(name: &str, text: &str, mode: u32) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/tmp/key_file");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    fn refusal(path: &Path) -> String {
        let shown = read(path).unwrap_err().to_string();
        shown.replace(path.to_str().unwrap(), "PATH")
    }

    #[test]
    fn the_owners_file_is_read() {
        assert!(read(&file("good", KEY, 0o600)).is_ok());
        assert!(read(&file("read_only", KEY, 0o400)).is_ok());
    }

    #[test]
    fn a_file_that_others_may_read_or_write_is_refused() {
        for mode in [0o640, 0o604, 0o620, 0o602] {
            let path = file("exposed", KEY, mode);
            let words = format!("PATH may be read by others than its owner (mode {mode:o}): chmod 600 PATH");
            assert_eq!(refusal(&path), format!("heartbeat_key_file {words}"));
        }
    }

    #[test]
    fn a_wrong_line_is_named_and_not_shown() {
        let path = file("wrong", &format!("# pair\n{KEY}{KEY}"), 0o600);
        assert_eq!(
            refusal(&path),
            "heartbeat_key_file PATH: line 3: key 1 is there already: each key needs a number of its own"
        );
    }

    #[test]
    fn what_is_no_small_file_is_refused() {
        let long = file("long", &"#".repeat(20_000), 0o600);
        assert!(refusal(&long).contains("no regular file of at most 16384 bytes"));
        assert!(refusal(long.parent().unwrap()).contains("no regular file"));
        assert!(
            refusal(Path::new("/nowhere/key"))
                .starts_with("cannot read heartbeat_key_file PATH: No such file")
        );
    }

    #[test]
    fn signatures_need_a_key() {
        let mut config = Config::default();
        assert!(matches!(authentication(&config), Ok(Authentication::Off)));
        config.heartbeat_auth = HeartbeatAuth::Require;
        assert_eq!(
            authentication(&config).unwrap_err().to_string(),
            "heartbeat_auth = require needs a key: name its file with `#% heartbeat_key_file = PATH`"
        );
    }
}
