//! Who may ask.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use crate::helper::{FILE, Helper, PROGRAM, am_root};

/// The number of a user and of a group without rights.
const NOBODY: u32 = 65534;

/// This program again, as another user: it asks, and shows what it is told.
#[test]
fn asking_as_somebody_else() {
    let Some(socket) = std::env::var_os("ASK_AT") else { return };
    let mut told = String::new();
    match UnixStream::connect(socket) {
        Ok(mut stream) => {
            let _it_may_be_closed = stream.write_all(b"{\"version\":1,\"command\":\"able\"}\n");
            let _it_may_be_closed = stream.shutdown(Shutdown::Write);
            stream.read_to_string(&mut told).unwrap_or_default();
        }
        Err(error) => told = error.kind().to_string(),
    }
    println!("told: {told}");
}

/// What user and group 65534 are told.
pub(crate) fn as_nobody(helper: &Helper) -> String {
    // What cargo built may lie where nobody else may look.
    let own = std::env::temp_dir().join(format!("peers-{}-{}", std::process::id(), helper.child.id()));
    fs::copy(std::env::current_exe().unwrap(), &own).unwrap();
    let told = Command::new(&own)
        .args(["--exact", "peers::asking_as_somebody_else", "--nocapture"])
        .env("ASK_AT", helper.socket())
        .uid(NOBODY)
        .gid(NOBODY)
        .current_dir("/")
        .output()
        .unwrap();
    fs::remove_file(own).unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    told.lines().find_map(|line| line.strip_prefix("told: ")).unwrap().to_owned()
}

#[test]
fn others_are_sent_away() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("peers");
    assert_eq!(fs::metadata(helper.socket()).unwrap().mode() & 0o777, 0o660);
    assert_eq!(as_nobody(&helper), "permission denied");
    fs::set_permissions(helper.socket(), Permissions::from_mode(0o666)).unwrap();
    assert_eq!(as_nobody(&helper), "{\"refused\":{\"reason\":\"user 65534 may not ask piranha-helper\"}}");
    let log = fs::read_to_string(helper.path("log")).unwrap();
    assert!(log.contains("user 65534 (group 65534) may not ask piranha-helper"), "{log}");
}

#[test]
fn the_user_and_the_group_of_the_page_may_ask() {
    if !am_root() {
        return;
    }
    for words in [["--user", "65534", "--group", "65534"], ["--user", "1", "--group", "65534"]] {
        let helper = Helper::with("page", &words);
        assert!(as_nobody(&helper).starts_with("{\"able\":{\"save\":null,"));
        helper.save(&FILE.replace("keepalive = 6", "keepalive = 7"));
        let newest = helper.versions().list().unwrap()[0].stamp;
        for path in [helper.path("versions"), helper.versions().path(newest)] {
            assert_eq!(fs::metadata(path).unwrap().gid(), NOBODY);
        }
    }
}

#[test]
fn it_works_as_root_only() {
    let mut command = Command::new(PROGRAM);
    if nix::unistd::geteuid().is_root() {
        let copy = std::env::temp_dir().join(format!("not-root-{}", std::process::id()));
        fs::copy(PROGRAM, &copy).unwrap();
        command = Command::new(&copy);
        command.uid(NOBODY).gid(NOBODY);
    }
    let said = command.arg("--nodaemon").stdin(Stdio::null()).output().unwrap();
    if command.get_program() != PROGRAM {
        fs::remove_file(command.get_program()).unwrap();
    }
    assert_eq!(said.status.code(), Some(4));
    insta::assert_snapshot!(String::from_utf8(said.stderr).unwrap(), @"piranha-helper: must be started as root, since it writes what only root may write");
}
