//! Who may ask.

use std::fs::{self, Permissions};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use crate::helper::{Helper, PROGRAM, am_root};

/// This test again, as another user: it connects and shows what it is told.
#[test]
fn others_are_sent_away_without_being_read() {
    if let Some(socket) = std::env::var_os("ASK_AT") {
        let mut told = String::new();
        match std::os::unix::net::UnixStream::connect(socket) {
            Ok(mut stream) => drop(stream.read_to_string(&mut told)),
            Err(error) => told = error.kind().to_string(),
        }
        return println!("told: {told}");
    }
    if !am_root() {
        return;
    }
    let helper = Helper::new("peers");
    let as_nobody = |mode| {
        fs::set_permissions(helper.socket(), Permissions::from_mode(mode)).unwrap();
        // What cargo built may lie where nobody else may look.
        let own = std::env::temp_dir().join(format!("peers-{}", std::process::id()));
        fs::copy(std::env::current_exe().unwrap(), &own).unwrap();
        let told = Command::new(&own)
            .args(["--exact", "peers::others_are_sent_away_without_being_read", "--nocapture"])
            .env("ASK_AT", helper.socket())
            .uid(65534)
            .gid(65534)
            .current_dir("/")
            .output()
            .unwrap();
        fs::remove_file(own).unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        told.lines().find_map(|line| line.strip_prefix("told: ")).unwrap().to_owned()
    };
    assert_eq!(fs::metadata(helper.socket()).unwrap().permissions().mode() & 0o777, 0o660);
    assert_eq!(as_nobody(0o660), "permission denied");
    assert_eq!(as_nobody(0o666), "{\"refused\":{\"reason\":\"user 65534 may not ask piranha-helper\"}}");
    let log = fs::read_to_string(helper.path("log")).unwrap();
    assert!(log.contains("user 65534 (group 65534) may not ask piranha-helper"), "{log}");
}

#[test]
fn it_works_as_root_only() {
    let mut command = Command::new(PROGRAM);
    if nix::unistd::geteuid().is_root() {
        let copy = std::env::temp_dir().join(format!("not-root-{}", std::process::id()));
        fs::copy(PROGRAM, &copy).unwrap();
        command = Command::new(&copy);
        command.uid(65534).gid(65534);
    }
    let said = command.arg("--nodaemon").stdin(Stdio::null()).output().unwrap();
    if command.get_program() != PROGRAM {
        fs::remove_file(command.get_program()).unwrap();
    }
    assert_eq!(said.status.code(), Some(4));
    insta::assert_snapshot!(String::from_utf8(said.stderr).unwrap(), @"piranha-helper: must be started as root, since it writes what only root may write");
}
