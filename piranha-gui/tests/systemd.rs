//! Started by systemd, which waits to be told.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod web;

use std::ffi::OsStr;
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use web::Setup;
use web::folder::{Folder, NOBODY};

const FILE: &str = "serial_no = 7\nprimary = 192.168.26.9\nnetwork = direct\n";
const PATIENCE: Duration = Duration::from_secs(30);

/// systemd and the page that it has started.
struct Started {
    folder: Folder,
    told: UnixDatagram,
    page: Child,
}

impl Started {
    /// As the unit starts it: by a user without rights, where the test may choose one.
    fn new(setup: &Setup, words: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = Folder::new();
        let given = setup.command(&folder);
        let program = folder.path("piranha_gui");
        copy_program(given.get_program(), &program);
        let told = UnixDatagram::bind(folder.path("told")).unwrap();
        fs::set_permissions(folder.path("told"), fs::Permissions::from_mode(0o666)).unwrap();
        told.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut command = Command::new(program);
        command.args(given.get_args().filter(|word| *word != "--nodaemon")).args(words).stdin(Stdio::null());
        command.env("NOTIFY_SOCKET", folder.path("told")).envs(variables.iter().copied());
        if geteuid().is_root() {
            chown(folder.path("conf/piranha.passwd"), Some(NOBODY), None).unwrap();
            command.uid(NOBODY).gid(NOBODY);
        }
        let page = command.spawn().unwrap();
        Self { folder, told, page }
    }

    fn is_told(&self) -> String {
        let mut bytes = [0; 1024];
        let length = self.told.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    fn is_signalled(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.page.id()).unwrap()), signal).unwrap();
    }
}

/// By a process of its own: a copy of ours could still be open in a child of another test, and then nobody may execute it.
fn copy_program(from: &OsStr, to: &Path) {
    assert!(Command::new("cp").args([from, to.as_os_str()]).status().unwrap().success());
}

impl Drop for Started {
    fn drop(&mut self) {
        let _it_may_have_ended = self.page.kill();
        let _nothing_to_be_done = self.page.wait();
    }
}

#[test]
fn systemd_is_told_when_the_page_listens_that_it_lives_and_when_it_ends() {
    let mut started = Started::new(&Setup::new(FILE), &["--no-helper"], &[("WATCHDOG_USEC", "400000")]);
    let begin = Instant::now();
    assert_eq!(started.is_told(), "READY=1");
    let status = started.is_told();
    let address = status.strip_prefix("STATUS=listening on ").unwrap();
    TcpStream::connect(address).unwrap();
    let running = fs::read_link(format!("/proc/{}/exe", started.page.id())).unwrap();
    assert_eq!(running, fs::canonicalize(started.folder.path("piranha_gui")).unwrap(), "it has not detached");

    assert_eq!([started.is_told(), started.is_told()], ["WATCHDOG=1"; 2]);
    assert!(begin.elapsed() >= Duration::from_millis(400));
    // A page that stands still is silent.
    started.is_signalled(Signal::SIGSTOP);
    started.told.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    while started.told.recv(&mut [0; 64]).is_ok() {}
    started.told.set_read_timeout(Some(PATIENCE)).unwrap();
    started.is_signalled(Signal::SIGCONT);

    started.is_signalled(Signal::SIGHUP);
    let mut heard = Vec::new();
    while heard.iter().filter(|told| *told != "WATCHDOG=1").count() < 2 {
        heard.push(started.is_told());
    }
    heard.retain(|told| told != "WATCHDOG=1");
    assert!(heard[0].starts_with("RELOADING=1\nMONOTONIC_USEC="), "{heard:?}");
    assert_eq!(heard[1], "READY=1");

    started.is_signalled(Signal::SIGTERM);
    while started.is_told() != "STOPPING=1" {}
    assert!(started.page.wait().unwrap().success());
}

#[test]
fn a_page_that_never_was_root_keeps_its_certificate_and_misses_no_pid_file() {
    // In a directory of root's.
    let setup = Setup::new(FILE).httpd_conf("PidFile FOLDER/conf/pid\n");
    let words = ["--no-helper", "--self-signed"];
    let kept = std::env::temp_dir().join(format!("piranha-gui-certificate-{}", std::process::id()));
    fs::create_dir_all(&kept).unwrap();
    if geteuid().is_root() {
        chown(&kept, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let logged = |_: u8| {
        let mut started = Started::new(&setup, &words, &[("STATE_DIRECTORY", kept.to_str().unwrap())]);
        assert_eq!(started.is_told(), "READY=1");
        started.is_signalled(Signal::SIGTERM);
        assert!(started.page.wait().unwrap().success());
        fs::read_to_string(started.folder.path("own/errors")).unwrap()
    };
    let fingerprint = |log: &str| log.split_once("SHA-256 ").unwrap().1.lines().next().unwrap().to_owned();
    let logs = [1, 2].map(logged);
    assert_eq!(fingerprint(&logs[0]), fingerprint(&logs[1]));
    assert!(kept.join("gui-certificate.pem").exists());
    for log in logs {
        assert!(!log.contains("no pid file") && !log.contains("cannot"), "{log}");
    }
    fs::remove_dir_all(kept).unwrap();
}

#[test]
fn a_key_that_the_page_may_not_read_is_named_with_what_to_do() {
    if !geteuid().is_root() {
        return;
    }
    let setup = Setup::new(FILE).httpd_conf(
        "SSLEngine on\nSSLCertificateFile FOLDER/conf/certificate\nSSLCertificateKeyFile FOLDER/conf/key\n",
    );
    let folder = Folder::new();
    let given = setup.command(&folder);
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    folder.write("conf/certificate", made.cert.pem().as_bytes());
    folder.write("conf/key", made.signing_key.serialize_pem().as_bytes());
    fs::set_permissions(folder.path("conf/key"), fs::Permissions::from_mode(0o600)).unwrap();
    let program = folder.path("piranha_gui");
    copy_program(given.get_program(), &program);
    let output = Command::new(program).args(given.get_args()).uid(NOBODY).gid(NOBODY).output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    let said = String::from_utf8(output.stderr).unwrap();
    let said = said.replace(&folder.path("").display().to_string(), "");
    assert!(
        said.starts_with(
            "piranha-gui: cannot read the key in /conf/key (PEM, without a password); the page "
        ),
        "{said}"
    );
    assert!(
        said.contains("runs as user 65534 and may not: chgrp piranha /conf/key; chmod 0640 /conf/key"),
        "{said}"
    );
}
