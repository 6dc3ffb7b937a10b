//! A process that watches real servers: one task, which listens to it, speaks to it and sees its end.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use control::lines::{Decoder, encode};
use control::pool::{FromPool, Number};
use control::report::{DESCRIPTOR, FromNanny};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::child::Link;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// How long it may take to end after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(2);
/// Words that are written together at most.
const BATCH: usize = 64;

/// What a process has to do with lvsd.
#[derive(Debug)]
pub(super) struct News {
    /// The process, or the real server that it speaks of.
    pub(super) number: Number,
    /// What happened.
    pub(super) event: Event,
}

/// What happens to processes.
#[derive(Debug)]
pub(super) enum Event {
    /// A report on a real server.
    Report(FromNanny),
    /// A real server that the process does not watch, for this reason.
    Refused(String),
    /// The process ended, or never ran, for this reason; it had run for this long.
    Ended(Result<ExitStatus, String>, Duration),
}

impl News {
    /// What the nanny of one real server says.
    pub(super) fn of_nanny(number: Number, report: FromNanny) -> Self {
        Self { number, event: Event::Report(report) }
    }

    /// What a pool says.
    pub(super) fn of_pool(_: Number, message: FromPool) -> Self {
        match message {
            FromPool::Report { server, message } => Self { number: server, event: Event::Report(message) },
            FromPool::Refused { server, reason } => Self { number: server, event: Event::Refused(reason) },
        }
    }
}

/// Where news are handed in.
#[derive(Debug)]
pub(super) struct Desk {
    /// Of the process.
    pub(super) number: Number,
    /// All desks share it.
    pub(super) news: mpsc::Sender<News>,
}

/// A running process.
#[derive(Debug)]
pub(super) struct Process {
    /// None if it could not be started.
    pub(super) pid: Option<u32>,
    words: mpsc::Sender<Vec<u8>>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Process {
    /// Starts a program with a report socket. One that cannot be executed is reported as ended, like one that died at
    /// once. `room` is for words that it has not heard yet; `hear` makes news of what the process of this number says.
    pub(super) fn start<M: DeserializeOwned + Send + 'static>(
        program: &OsStr,
        arguments: &[OsString],
        room: usize,
        desk: Desk,
        hear: fn(Number, M) -> News,
    ) -> Self {
        let (words, waiting) = mpsc::channel(room);
        let (stop, stopped) = oneshot::channel();
        let (pid, task) = match spawn(program, arguments) {
            Ok((child, socket)) => {
                (child.id(), tokio::spawn(run(child, socket, waiting, stopped, desk, hear)))
            }
            Err(error) => {
                let why = format!("cannot execute {}: {error}", program.display());
                (None, tokio::spawn(desk.tell_end(Err(why), Duration::ZERO)))
            }
        };
        Self { pid, words, stop, task }
    }

    /// Has a word said to it; false if it does not listen.
    pub(super) fn tell(&self, word: &impl Serialize) -> bool {
        encode(word).is_ok_and(|line| self.words.try_send(line).is_ok())
    }

    /// The same for a word that is not worth the last room.
    pub(super) fn ask(&self, word: &impl Serialize) -> bool {
        self.words.capacity() > self.words.max_capacity() / 2 && self.tell(word)
    }

    /// Ends it; its end is no news. The task is over when the process is.
    pub(super) fn stop(self) -> JoinHandle<()> {
        // One that just ended by itself needs no word.
        let _ = self.stop.send(());
        self.task
    }
}

impl Desk {
    async fn tell(&self, news: News) {
        // At the end of lvsd nobody listens any more.
        let _ = self.news.send(news).await;
    }

    async fn tell_end(self, ending: Result<ExitStatus, String>, ran: Duration) {
        self.tell(News { number: self.number, event: Event::Ended(ending, ran) }).await;
    }
}

fn spawn(program: &OsStr, arguments: &[OsString]) -> io::Result<(Child, UnixStream)> {
    let link = Link::new()?;
    let child = Command::new(program)
        .args(arguments)
        .env(DESCRIPTOR, link.number())
        .env_remove(control::readiness::DESCRIPTOR)
        .stdin(Stdio::null())
        .spawn()?;
    Ok((child, UnixStream::from_std(link.keep())?))
}

async fn run<M: DeserializeOwned>(
    mut child: Child,
    socket: UnixStream,
    words: mpsc::Receiver<Vec<u8>>,
    stop: oneshot::Receiver<()>,
    desk: Desk,
    hear: fn(Number, M) -> News,
) {
    let started = Instant::now();
    let (mut reader, writer) = socket.into_split();
    let ended = tokio::select! {
        () = listen(&mut reader, &desk, hear) => None,
        () = speak(writer, words) => None,
        status = child.wait() => Some(status),
        _ = stop => {
            end(&mut child).await;
            return;
        }
    };
    let status = if let Some(status) = ended {
        // What it said last is still in the socket.
        listen(&mut reader, &desk, hear).await;
        status
    } else {
        // It closed its socket, or says what is no report: either way it tells lvsd nothing any more.
        end(&mut child).await;
        child.wait().await
    };
    desk.tell_end(status.map_err(|error| error.to_string()), started.elapsed()).await;
}

/// Hands on what it says until the stream ends.
async fn listen<M: DeserializeOwned>(reader: &mut OwnedReadHalf, desk: &Desk, hear: fn(Number, M) -> News) {
    let mut decoder = Decoder::default();
    let mut buffer = [0; 2048];
    while let Ok(length @ 1..) = reader.read(&mut buffer).await {
        match decoder.feed(&buffer[..length]) {
            Ok(messages) => {
                for message in messages {
                    desk.tell(hear(desk.number, message)).await;
                }
            }
            Err(error) => {
                tracing::error!("a monitor does not speak our protocol: {error}");
                return;
            }
        }
    }
}

/// Says the words as they come; ends when it hears no more.
async fn speak(mut writer: OwnedWriteHalf, mut words: mpsc::Receiver<Vec<u8>>) {
    let mut batch = Vec::new();
    while words.recv_many(&mut batch, BATCH).await > 0 {
        if writer.write_all(&batch.concat()).await.is_err() {
            return;
        }
        batch.clear();
    }
    // Nobody has words for it any more; it is about to be stopped.
    std::future::pending::<()>().await;
}

/// SIGTERM, and SIGKILL to what does not heed it.
pub(super) async fn end(child: &mut Child) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()).filter(|&pid| pid > 1) {
        // It may have ended meanwhile.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
    if tokio::time::timeout(PATIENCE, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}
