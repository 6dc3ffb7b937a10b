//! The file with the heartbeat's keys.

use std::path::{Path, PathBuf};

use heartbeat::Authentication;
use heartbeat::authentication::{KeyError, Keys, LONGEST_KEY_FILE};
use lvs_cf::{Config, HeartbeatAuth};
use service::secret_file;

/// Why signatures cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("heartbeat_auth = {0} needs a key: name its file with `#% heartbeat_key_file = PATH`")]
    NotNamed(HeartbeatAuth),
    #[error(
        "heartbeat_key_file {path} is not there: copy it from the partner, make one for both with \
         `piranhactl heartbeat-key`, or correct the path in lvs.cf"
    )]
    Absent { path: PathBuf },
    #[error("heartbeat_key_file {0}")]
    Unfit(secret_file::Error),
    #[error("heartbeat_key_file {path}: {reason}")]
    Wrong { path: PathBuf, reason: KeyError },
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
    let text = secret_file::read(path, LONGEST_KEY_FILE).map_err(|error| {
        if error.is_absent() { Refusal::Absent { path: path.to_owned() } } else { Refusal::Unfit(error) }
    })?;
    Keys::parse(&text).map_err(|reason| Refusal::Wrong { path: path.to_owned(), reason })
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
    fn the_owners_file_is_read_and_no_other() {
        assert!(read(&file("good", KEY, 0o600)).is_ok());
        assert_eq!(
            refusal(&file("exposed", KEY, 0o640)),
            "heartbeat_key_file PATH may be read by others than its owner (mode 640): chmod 600 PATH"
        );
        assert_eq!(
            refusal(Path::new("/nowhere/key")),
            "heartbeat_key_file PATH is not there: copy it from the partner, make one for both with \
             `piranhactl heartbeat-key`, or correct the path in lvs.cf"
        );
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
