//! An lvsd that answers as a test says, and piranhactl asking it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use control::command::Answer;
use control::pulse;
use control::status::Status;

pub(crate) const PIRANHACTL: &str = env!("CARGO_BIN_EXE_piranhactl");

/// A control socket in a folder of its own.
pub(crate) struct Lvsd {
    pub(crate) folder: PathBuf,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Lvsd {
    /// Nobody listens; there is not even a socket.
    pub(crate) fn absent() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("piranhactl-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self { folder, requests: Arc::default() }
    }

    /// Writes what `answer` makes of the number of the request, and closes the connection.
    pub(crate) fn answering(mut answer: impl FnMut(usize) -> Vec<u8> + Send + 'static) -> Self {
        let lvsd = Self::absent();
        let (listener, requests) = (UnixListener::bind(lvsd.socket()).unwrap(), Arc::clone(&lvsd.requests));
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let mut request = String::new();
                BufReader::new(&stream).read_line(&mut request).unwrap();
                requests.lock().unwrap().push(request.trim_end().to_owned());
                // piranhactl may be gone by then.
                let _ = stream.write_all(&answer(number));
            }
        });
        lvsd
    }

    /// Gives these answers, the last one for ever.
    pub(crate) fn saying(answers: &[Answer]) -> Self {
        let lines: Vec<_> = answers.iter().map(|answer| control::lines::encode(answer).unwrap()).collect();
        Self::answering(move |number| lines[number.min(lines.len() - 1)].clone())
    }

    /// The same with a pulse that tells this.
    pub(crate) fn beside(self, routers: &pulse::Status) -> Self {
        let line = control::lines::encode(&pulse::Answer::Status(Box::new(routers.clone()))).unwrap();
        let listener = UnixListener::bind(self.folder.join("pulse.sock")).unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = String::new();
                BufReader::new(&stream).read_line(&mut request).unwrap();
                assert_eq!(request, "{\"version\":1,\"command\":\"status\"}\n");
                // piranhactl may be gone by then.
                let _ = stream.write_all(&line);
            }
        });
        self
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("lvsd.sock")
    }

    /// The requests so far, as lines.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(PIRANHACTL);
        command.args(words).arg("--socket").arg(self.socket());
        command.arg("--pulse-socket").arg(self.folder.join("pulse.sock"));
        command
    }

    /// Runs piranhactl; gives standard output, standard error and the exit status, without the names of the folder
    /// and the release.
    pub(crate) fn asked(&self, words: &[&str]) -> String {
        let told = told(&self.command(words).output().unwrap());
        told.replace(&format!("{}/", self.folder.display()), "").replace(env!("CARGO_PKG_VERSION"), "VERSION")
    }
}

impl Drop for Lvsd {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What a program wrote, and its exit status in brackets.
pub(crate) fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = output.status.code().map_or("killed".to_owned(), |code| code.to_string());
    format!("{}{}[{status}]\n", text(&output.stdout), text(&output.stderr))
}

/// A status with `web/three` draining.
pub(crate) fn status() -> Status {
    serde_json::from_str(include_str!("../status.json")).unwrap()
}

/// An active router whose partner has failed.
pub(crate) fn routers() -> pulse::Status {
    serde_json::from_str(include_str!("../pulse.json")).unwrap()
}

pub(crate) fn done(message: &str) -> Answer {
    Answer::Done { message: message.to_owned() }
}

pub(crate) fn refused(reason: &str) -> Answer {
    Answer::Refused { reason: reason.to_owned() }
}
