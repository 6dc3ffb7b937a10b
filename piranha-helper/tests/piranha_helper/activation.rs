//! Started by systemd, which listens in its place.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use control::helper::{Answer, Command as Asked};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::helper::{FILE, Helper, PATIENCE, PROGRAM, am_root, command};
use crate::peers::as_nobody;

/// Puts its standard input where systemd puts the first socket, and becomes what stands behind it.
const HAND_ON: &str = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"";

/// systemd, as far as the helper knows it: sockets that outlive it.
struct Systemd {
    folder: PathBuf,
    listener: UnixListener,
    told: UnixDatagram,
}

impl Systemd {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("piranha-helper-{test}-{}", std::process::id()));
        let _there_may_be_none = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("run")).unwrap();
        fs::write(folder.join("lvs.cf"), FILE).unwrap();
        let listener = UnixListener::bind(folder.join("run/helper.sock")).unwrap();
        let told = UnixDatagram::bind(folder.join("notify")).unwrap();
        told.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { folder, listener, told }
    }

    fn starts(&self) -> Helper {
        let mut started = handed_on(self.listener.try_clone().unwrap().into());
        let given = command(&self.folder, &[]);
        // Under a unit it is not told where to stay.
        let words = given.get_args().filter(|word| *word != "--nodaemon" && *word != "--socket");
        let words = words.filter(|word| !Path::new(word).ends_with("helper.sock"));
        let child = started
            .arg(PROGRAM)
            .args(words)
            .env("NOTIFY_SOCKET", self.folder.join("notify"))
            .spawn()
            .unwrap();
        Helper { folder: self.folder.clone(), child }
    }

    fn is_told(&self) -> String {
        let mut bytes = [0; 1024];
        let length = self.told.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }
}

impl Drop for Systemd {
    fn drop(&mut self) {
        let _it_may_be_gone = fs::remove_dir_all(&self.folder);
    }
}

fn handed_on(socket: OwnedFd) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", HAND_ON, "sh"]).stdin(socket);
    command
}

#[test]
fn it_answers_where_systemd_listens_and_leaves_the_socket_there() {
    if !am_root() {
        return;
    }
    let systemd = Systemd::new("activation");
    // Whoever comes first has it started, and is answered.
    let socket = systemd.folder.join("run/helper.sock");
    let early = UnixStream::connect(&socket).unwrap();
    for _ in 0..2 {
        let mut helper = systemd.starts();
        assert_eq!(systemd.is_told(), "READY=1");
        assert_eq!(fs::read_link(format!("/proc/{}/exe", helper.child.id())).unwrap(), Path::new(PROGRAM));
        assert!(matches!(helper.ask(Asked::Able), Answer::Able(_)));
        kill(Pid::from_raw(helper.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        assert_eq!(systemd.is_told(), "STOPPING=1");
        assert!(helper.child.wait().unwrap().success());
        assert!(socket.exists());
    }
    drop(early);
}

#[test]
fn whoever_gets_at_the_socket_is_looked_at() {
    if !am_root() {
        return;
    }
    let systemd = Systemd::new("activation-peers");
    let helper = systemd.starts();
    assert_eq!(systemd.is_told(), "READY=1");
    fs::set_permissions(helper.socket(), Permissions::from_mode(0o666)).unwrap();
    assert_eq!(as_nobody(&helper), "{\"refused\":{\"reason\":\"user 65534 may not ask piranha-helper\"}}");
}

#[test]
fn it_does_not_work_with_another_socket() {
    if !am_root() {
        return;
    }
    let said = |socket: OwnedFd| {
        let Output { status, stderr, .. } =
            handed_on(socket).arg(PROGRAM).arg("--nodaemon").stderr(Stdio::piped()).output().unwrap();
        assert_eq!(status.code(), Some(1));
        String::from_utf8(stderr).unwrap()
    };
    let cannot = "piranha-helper: cannot listen where systemd does: ";
    let connected = UnixStream::pair().unwrap().0;
    let expected = "the socket that systemd hands on does not listen: Accept=no is needed\n";
    assert_eq!(said(connected.into()), format!("{cannot}{expected}"));
    let other = UnixDatagram::unbound().unwrap();
    assert_eq!(said(other.into()), format!("{cannot}descriptor 3 is not a stream socket\n"));
    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(said(web.into()).starts_with(cannot));
}
