//! What is said when there is no answer, or none that makes sense.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::thread;

use control::command::Answer;

use crate::lvsd::{Lvsd, PIRANHACTL, refused, routers, status, told};

#[test]
fn no_lvsd_is_status_3_with_advice() {
    let lvsd = Lvsd::absent();
    insta::assert_snapshot!(lvsd.asked(&["status"]), @"
    piranhactl: cannot reach pulse at pulse.sock: No such file or directory (os error 2)
    pulse does not run on this router: `service pulse start` starts it
    [3]
    ");
    drop(UnixListener::bind(lvsd.socket()).unwrap());
    insta::assert_snapshot!(lvsd.asked(&["watch"]), @"
    piranhactl: cannot reach lvsd at lvsd.sock: Connection refused (os error 111)
    nobody listens there: lvsd was killed and not started again. `service pulse status` tells whether pulse runs here
    [3]
    ");
    fs::remove_file(lvsd.socket()).unwrap();
    fs::write(lvsd.socket(), "").unwrap();
    insta::assert_snapshot!(lvsd.asked(&["drain", "web/one"]), @"
    piranhactl: cannot reach lvsd at lvsd.sock: Connection refused (os error 111)
    nobody listens there: lvsd was killed and not started again. `service pulse status` tells whether pulse runs here
    [3]
    ");
}

#[test]
fn a_path_that_is_too_long_is_said_to_be() {
    let path = format!("/{}", "x".repeat(200));
    let output = Command::new(PIRANHACTL).args(["diff", "--socket", &path]).output().unwrap();
    insta::assert_snapshot!(told(&output).replace(&path, "PATH"), @"
    piranhactl: cannot reach lvsd at PATH: path must be shorter than SUN_LEN
    --socket names the socket that lvsd listens on
    [3]
    ");
}

/// As a stranger to root and the group piranha; root itself may do anything, so it becomes somebody else.
#[test]
fn who_may_not_ask_is_told_who_may() {
    let lvsd = Lvsd::answering(|_| Vec::new());
    let lvsd = lvsd.beside(&routers());
    let pulse = lvsd.folder.join("pulse.sock");
    for socket in [lvsd.socket(), pulse.clone()] {
        fs::set_permissions(socket, Permissions::from_mode(0o000)).unwrap();
    }
    let asked = |word: &str| {
        let mut command = lvsd.command(&[word]);
        if nix::unistd::geteuid().is_root() {
            let program = lvsd.folder.join("piranhactl");
            fs::copy(PIRANHACTL, &program).unwrap();
            command = Command::new(program);
            command.args([word, "--socket"]).arg(lvsd.socket()).arg("--pulse-socket").arg(&pulse);
            command.uid(65534).gid(65534).current_dir("/");
        }
        told(&command.output().unwrap()).replace(&format!("{}/", lvsd.folder.display()), "")
    };
    insta::assert_snapshot!(asked("diff"), @"
    piranhactl: cannot reach lvsd at lvsd.sock: Permission denied (os error 13)
    only root and members of the group piranha may ask lvsd: `usermod -a -G piranha USER`, then log in again
    [3]
    ");
    insta::assert_snapshot!(asked("status"), @"
    piranhactl: cannot reach pulse at pulse.sock: Permission denied (os error 13)
    only root and members of the group piranha may ask pulse: `usermod -a -G piranha USER`, then log in again
    [3]
    ");
}

#[test]
fn another_version_is_refused_by_lvsd() {
    let lvsd = Lvsd::saying(&[refused(
        "this lvsd speaks version 2 of the control protocol, the request names version 1",
    )]);
    insta::assert_snapshot!(lvsd.asked(&["status"]), @"
    piranhactl: lvsd refused: this lvsd speaks version 2 of the control protocol, the request names version 1
    [1]
    ");
}

#[test]
fn what_is_no_answer_is_not_believed() {
    let said = |bytes: &'static [u8]| Lvsd::answering(move |_| bytes.to_vec()).asked(&["status"]);
    insta::assert_snapshot!(said(b"SSH-2.0-OpenSSH_9.2\r\n"), @"
    piranhactl: cannot understand what answers at lvsd.sock: not a message of this protocol: expected value at line 1 column 1
    is it lvsd of release VERSION, as this piranhactl?
    [1]
    ");
    insta::assert_snapshot!(said(b"{\"\\u001b[2J\":{}}\n"), @r"
    piranhactl: cannot understand what answers at lvsd.sock: not a message of this protocol: unknown variant `\u{1b}[2J`, expected one of `status`, `overview`, `virtual_server`, `done`, `operations`, `refused` at line 1 column 12
    is it lvsd of release VERSION, as this piranhactl?
    [1]
    ");
    insta::assert_snapshot!(said(b"{\"done\":{\"message\":\"\"}}\n"), @"
    piranhactl: lvsd at lvsd.sock answered something else than what it was asked
    [1]
    ");
    insta::assert_snapshot!(said(b""), @"
    piranhactl: lvsd closed the connection at lvsd.sock before it had answered: its log may tell why
    [1]
    ");
    insta::assert_snapshot!(said(b"{\"status\":{\"release\":"), @"
    piranhactl: lvsd closed the connection at lvsd.sock before it had answered: its log may tell why
    [1]
    ");
}

#[test]
fn words_of_others_do_not_steer_the_terminal() {
    let lvsd = Lvsd::saying(&[refused("web/\x1b]0;title\x07: no such real server")]);
    insta::assert_snapshot!(lvsd.asked(&["up", "web/\x1b]0;title\x07"]), @r"
    piranhactl: lvsd refused: web/\u{1b}]0;title\u{7}: no such real server
    [1]
    ");
}

#[test]
fn an_lvsd_that_says_nothing_is_not_waited_for_without_end() {
    let lvsd = Lvsd::absent();
    let listener = UnixListener::bind(lvsd.socket()).unwrap();
    insta::assert_snapshot!(lvsd.asked(&["status", "--timeout", "10ms"]), @"
    piranhactl: lvsd was asked at lvsd.sock and said nothing for 0s: it is stopped or very busy; its log may tell why
    [1]
    ");
    drop(listener);
}

/// lvsd may refuse whoever connects before it has read what they want.
#[test]
fn a_refusal_that_comes_before_the_request_is_heard() {
    let lvsd = Lvsd::absent();
    let listener = UnixListener::bind(lvsd.socket()).unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(&control::lines::encode(&refused("too many programs ask")).unwrap()).unwrap();
    });
    insta::assert_snapshot!(lvsd.asked(&["status"]), @"
    piranhactl: lvsd refused: too many programs ask
    [1]
    ");
    server.join().unwrap();
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let mut status = status();
    let servers = &mut status.virtual_servers[0].real_servers;
    *servers = vec![servers[0].clone(); 10_000];
    let lvsd = Lvsd::saying(&[Answer::Status(Box::new(status))]);
    for words in [&["status"][..], &["status", "--json"]] {
        let mut command = lvsd.command(words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut begin = [0; 1];
        std::io::Read::read_exact(&mut child.stdout.take().unwrap(), &mut begin).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(told(&output), "[0]\n");
    }
}

#[test]
fn a_full_disk_is_told() {
    let lvsd = Lvsd::saying(&[Answer::Status(Box::new(status()))]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = lvsd.command(&["status"]).stdout(full).output().unwrap();
    insta::assert_snapshot!(told(&output), @"
    piranhactl: No space left on device (os error 28)
    [1]
    ");
}
