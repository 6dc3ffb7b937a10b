//! Making and changing the key that signs heartbeats.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::lvsd::Lvsd;

/// A key file in a folder of its own.
struct KeyFile(Lvsd);

impl KeyFile {
    fn absent() -> Self {
        Self(Lvsd::absent())
    }

    fn made() -> Self {
        let file = Self::absent();
        file.told(&[]);
        file
    }

    fn path(&self) -> PathBuf {
        self.0.folder.join("heartbeat.key")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    /// The numbers of its keys and their digits.
    fn keys(&self) -> Vec<(String, String)> {
        let text = self.text();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.split_once(' ').unwrap()).map(|(id, key)| (id.into(), key.into())).collect()
    }

    /// What piranhactl says, which never holds a key.
    fn told(&self, words: &[&str]) -> String {
        let path = self.path();
        let told = self.0.asked(&[&["heartbeat-key", "--file", path.to_str().unwrap()], words].concat());
        if path.exists() {
            assert!(self.keys().iter().all(|(_, key)| !told.contains(key)), "{told}");
        }
        told
    }
}

#[test]
fn help() {
    insta::assert_snapshot!(Lvsd::absent().asked(&["heartbeat-key", "--help"]), @"
    Make the key that signs heartbeats, or change it

    Usage: piranhactl heartbeat-key [OPTIONS]

    Options:
          --file <PATH>          The key file [default: `heartbeat_key_file` of lvs.cf, else /etc/sysconfig/ha/heartbeat.key]
          --add                  Add a key to the file: it verifies, but does not sign yet
          --sign-with <KEY>      Let this key of the file sign
          --remove <KEY>         Remove a key that no router signs with any more
          --pulse-socket <PATH>  Socket of pulse [default: /run/piranha/pulse.sock]
          --socket <PATH>        Socket of lvsd [default: /run/piranha/lvsd.sock]
          --timeout <TIME>       How long they, or the partner, may be silent when they are asked [default: 30s]
      -h, --help                 Print help
    [0]
    ");
}

#[test]
fn a_key_is_made_for_its_owner_alone() {
    let file = KeyFile::absent();
    insta::assert_snapshot!(file.told(&[]), @"
    heartbeat.key is made, with key 1; only its owner can read it
    next: copy it to the partner as it is:  scp -p heartbeat.key PARTNER:heartbeat.key
    then: write these lines into lvs.cf of both routers, and reload each:  service pulse reload
    #% heartbeat_key_file = heartbeat.key
    #% heartbeat_auth = verify
    [0]
    ");
    assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
    let [(id, key)] = &file.keys()[..] else { panic!("{}", file.text()) };
    assert!(id == "1" && key.len() == 64 && key.chars().all(|digit| digit.is_ascii_hexdigit()));
    assert_ne!(KeyFile::made().keys(), file.keys(), "keys are drawn at random");
}

#[test]
fn a_key_that_is_there_is_not_overwritten() {
    let file = KeyFile::made();
    let before = file.text();
    insta::assert_snapshot!(file.told(&[]), @"
    piranhactl: heartbeat.key is there already, and heartbeats may be signed with it: --add adds a key to it
    [1]
    ");
    assert_eq!(file.text(), before);
}

#[test]
fn keys_change_in_three_steps() {
    let file = KeyFile::made();
    let old = file.keys();
    insta::assert_snapshot!(file.told(&["--add"]), @"
    heartbeat.key has key 2 now, which verifies and does not sign yet
    next: copy it to the partner:  scp -p heartbeat.key PARTNER:heartbeat.key
    and reload each:  service pulse reload
    then: when both have reloaded, let it sign:  piranhactl heartbeat-key --sign-with 2
    [0]
    ");
    let both = file.keys();
    assert!(both[0] == old[0] && both[1].0 == "2");
    insta::assert_snapshot!(file.told(&["--sign-with", "2"]), @"
    key 2 signs by heartbeat.key
    next: copy it to the partner:  scp -p heartbeat.key PARTNER:heartbeat.key
    and reload each:  service pulse reload
    then: when both logs say `the partner's heartbeats are authentic key=2`, remove the old one:  piranhactl heartbeat-key --remove 1
    [0]
    ");
    assert_eq!(file.keys(), [both[1].clone(), both[0].clone()]);
    insta::assert_snapshot!(file.told(&["--remove", "1"]), @"
    key 1 is removed from heartbeat.key
    next: copy it to the partner:  scp -p heartbeat.key PARTNER:heartbeat.key
    and reload each:  service pulse reload
    [0]
    ");
    assert_eq!(file.keys(), [both[1].clone()]);
    assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(&file.0.folder).unwrap().count(), 1, "no copy is left");
}

#[test]
fn what_would_break_the_pair_is_refused() {
    let file = KeyFile::made();
    let before = file.text();
    insta::assert_snapshot!(file.told(&["--remove", "1"]), @"
    piranhactl: heartbeat.key: key 1 signs: let another key sign first (`--sign-with`), on both routers
    [1]
    ");
    insta::assert_snapshot!(file.told(&["--sign-with", "2"]), @"
    piranhactl: heartbeat.key: there is no key 2
    [1]
    ");
    insta::assert_snapshot!(file.told(&["--add", "--remove", "1"]), @"
    error: the argument '--add' cannot be used with '--remove <KEY>'

    Usage: piranhactl heartbeat-key --file <PATH> --add --socket <PATH> --pulse-socket <PATH>

    For more information, try '--help'.
    [2]
    ");
    assert_eq!(file.text(), before);
    fs::set_permissions(file.path(), Permissions::from_mode(0o640)).unwrap();
    insta::assert_snapshot!(file.told(&["--add"]), @"
    piranhactl: heartbeat.key may be read by others than its owner (mode 640): chmod 600 heartbeat.key
    [1]
    ");
    fs::set_permissions(file.path(), Permissions::from_mode(0o600)).unwrap();
    fs::write(file.path(), "1 0001020304\n").unwrap();
    insta::assert_snapshot!(file.told(&["--add"]), @"
    piranhactl: heartbeat.key: line 1: a key has 32 to 128 hexadecimal digits, two for each byte
    [1]
    ");
    fs::remove_file(file.path()).unwrap();
    insta::assert_snapshot!(file.told(&["--add"]), @"
    piranhactl: heartbeat.key is not there: copy it from the partner, or make one for both with `piranhactl heartbeat-key`
    [1]
    ");
}
