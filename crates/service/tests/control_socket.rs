//! A control socket as its clients find it.
#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use control::command::{Answer, Command};
use control::helper::{self, Fingerprint};
use control::request::LONGEST_REQUEST;
use service::control_socket::{ControlSocket, Error};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

const REPAIR: &str = "{\"version\":1,\"command\":\"repair\"}\n";
const ANSWER: &str = "{\"done\":{\"message\":\"repair\"}}\n";
const PATIENCE: Duration = Duration::from_secs(20);

/// A daemon in a folder of its own, which answers each question with its words.
struct Daemon {
    folder: PathBuf,
}

impl Daemon {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("control_socket").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.parent().unwrap()).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.join("socket")
    }

    async fn listen(&self) {
        let mut socket = ControlSocket::<Command>::open(&self.path()).await.unwrap();
        tokio::spawn(async move {
            while let Some(asked) = socket.next().await {
                let _it_may_be_gone = asked.answer.send(Answer::Done { message: asked.command.to_string() });
            }
        });
    }

    async fn connect(&self) -> UnixStream {
        UnixStream::connect(self.path()).await.unwrap()
    }

    async fn is_asked(&self, requests: &str, answers: usize) -> String {
        let mut stream = BufReader::new(self.connect().await);
        stream.write_all(requests.as_bytes()).await.unwrap();
        let mut told = String::new();
        for _ in 0..answers {
            timeout(PATIENCE, stream.read_line(&mut told)).await.unwrap().unwrap();
        }
        told
    }
}

#[tokio::test]
async fn requests_are_answered_in_order_and_nobody_else_may_ask() {
    let daemon = Daemon::new("order");
    daemon.listen().await;
    assert_eq!(fs::metadata(daemon.path()).unwrap().permissions().mode() & 0o777, 0o660);
    let dance = "{\"version\":1,\"command\":\"dance\"}\n";
    let told = daemon.is_asked(&format!("{REPAIR}{dance}{REPAIR}"), 3).await;
    let answers: Vec<_> = told.lines().collect();
    assert!(answers[1].starts_with("{\"refused\":{\"reason\":\"not a request of version 1"), "{told}");
    assert_eq!([answers[0], answers[2]], [ANSWER.trim_end(); 2]);
}

#[tokio::test]
async fn what_is_no_line_is_refused_and_ends_the_connection() {
    let daemon = Daemon::new("nonsense");
    daemon.listen().await;
    for line in ["SSH-2.0\n".to_owned(), "x".repeat(LONGEST_REQUEST + 1)] {
        let mut stream = daemon.connect().await;
        stream.write_all(line.as_bytes()).await.unwrap();
        let mut told = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut told)).await.unwrap().unwrap();
        assert!(told.starts_with("{\"refused\":{\"reason\":\"not a line of the control protocol"), "{told}");
    }
    assert_eq!(daemon.is_asked(REPAIR, 1).await, ANSWER);
}

#[tokio::test]
async fn clients_that_say_nothing_keep_nobody_out() {
    let daemon = Daemon::new("silent");
    daemon.listen().await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(daemon.connect().await);
    }
    assert_eq!(daemon.is_asked(REPAIR, 1).await, ANSWER);
}

#[tokio::test]
async fn a_dead_daemons_socket_is_replaced_and_a_living_ones_is_not() {
    let daemon = Daemon::new("dead");
    fs::create_dir(&daemon.folder).unwrap();
    drop(std::os::unix::net::UnixListener::bind(daemon.path()).unwrap());
    daemon.listen().await;
    let error = ControlSocket::<Command>::open(&daemon.path()).await.unwrap_err();
    assert!(matches!(error, Error::Taken { daemon: "lvsd", .. }), "{error}");
    assert_eq!(daemon.is_asked(REPAIR, 1).await, ANSWER);
}

#[tokio::test]
async fn the_socket_goes_with_its_daemon() {
    let daemon = Daemon::new("gone");
    drop(ControlSocket::<Command>::open(&daemon.path()).await.unwrap());
    assert!(!daemon.path().exists());
}

/// How long a client waits for its turn, at least.
const A_WHILE: Duration = Duration::from_millis(200);

#[tokio::test]
async fn long_requests_take_turns() {
    let daemon = Daemon::new("long");
    let mut socket = ControlSocket::<helper::Command>::open(&daemon.path()).await.unwrap();
    tokio::spawn(async move {
        while let Some(asked) = socket.next().await {
            let helper::Command::Save { file, .. } = asked.command else { continue };
            let message = file.0.len().to_string();
            let _it_may_be_gone = asked.answer.send(helper::Answer::Done { message });
        }
    });
    let request = format!(
        "{{\"version\":1,\"command\":{{\"save\":{{\"file\":\"{}\",\"expected\":\"{}\",\"client\":\"::1\",\"what\":\"\"}}}}}}\n",
        "x".repeat(1 << 20),
        Fingerprint::of(b"")
    );
    let (half, rest) = request.as_bytes().split_at(1 << 19);
    let mut first = BufReader::new(daemon.connect().await);
    first.write_all(half).await.unwrap();
    let mut second = daemon.connect().await;
    second.write_all(&"[".repeat(1 << 17).into_bytes()).await.unwrap();
    let served_meanwhile = timeout(A_WHILE, second.write_all(&"[".repeat(1 << 20).into_bytes())).await;
    assert!(served_meanwhile.is_err(), "the second one is read only when it is its turn");
    first.write_all(rest).await.unwrap();
    let mut told = String::new();
    timeout(PATIENCE, first.read_line(&mut told)).await.unwrap().unwrap();
    assert_eq!(told, format!("{{\"done\":{{\"message\":\"{}\"}}}}\n", 1 << 20));
    timeout(PATIENCE, second.write_all(&"[".repeat(1 << 20).into_bytes())).await.unwrap().unwrap();
}
