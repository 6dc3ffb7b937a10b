//! The control socket: what administrators ask, and the answers on their way out. Each client has a task of its own, so
//! that a slow one holds nobody up.

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use control::command::{Answer, Command, LONGEST_REQUEST, Request};
use control::lines::{Decoder, encode};
use nix::sys::stat::{Mode, umask};
use nix::unistd::Group;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{sleep, timeout};

/// Clients at the same time. One more takes the place of the one that came first.
const MOST_CLIENTS: usize = 32;
/// A client that does not take its answer for this long has gone away, or should.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause after a client could not be let in, for example because descriptors have run out.
const RECOVERY: Duration = Duration::from_secs(1);

/// A command of an administrator.
#[derive(Debug)]
pub(crate) struct Asked {
    /// What is asked.
    pub(crate) command: Command,
    /// By whom: the user that the client runs as.
    pub(crate) uid: u32,
    /// Where the answer goes.
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// The socket, which is there as long as this value.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    path: PathBuf,
    task: JoinHandle<()>,
    asked: mpsc::Receiver<Asked>,
}

impl ControlSocket {
    /// Listens at `path`; what a dead lvsd left there is replaced. Whoever may open the socket may command: root, and
    /// the group piranha where there is one.
    ///
    /// # Errors
    ///
    /// What was tried and what the system said; or that another lvsd answers there.
    pub(crate) async fn open(path: &Path) -> Result<Self> {
        let listener = listen(path).await?;
        let (sender, asked) = mpsc::channel(MOST_CLIENTS);
        Ok(Self { path: path.to_owned(), task: tokio::spawn(let_in(listener, sender)), asked })
    }

    /// The next command. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Option<Asked> {
        self.asked.recv().await
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        self.task.abort();
        let _it_may_have_been_removed = fs::remove_file(&self.path);
    }
}

async fn listen(path: &Path) -> Result<UnixListener> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let made = DirBuilder::new().mode(0o755).create(directory);
    if !matches!(&made, Err(error) if error.kind() == io::ErrorKind::AlreadyExists) {
        made.with_context(|| format!("cannot make {}", directory.display()))?;
    }
    match UnixStream::connect(path).await {
        Ok(_) => bail!("another lvsd answers at {}", path.display()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)
            .with_context(|| format!("cannot remove {} of a dead lvsd", path.display()))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| format!("cannot see who listens at {}", path.display()));
        }
    }
    // Nobody gets in before owner and mode are what they shall be.
    let before = umask(Mode::from_bits_truncate(0o177));
    let listener = UnixListener::bind(path);
    umask(before);
    let listener = listener.with_context(|| format!("cannot listen at {}", path.display()))?;
    if let Ok(Some(piranha)) = Group::from_name("piranha") {
        chown(path, None, Some(piranha.gid.as_raw()))
            .with_context(|| format!("cannot give {} to the group piranha", path.display()))?;
    }
    fs::set_permissions(path, Permissions::from_mode(0o660))
        .with_context(|| format!("cannot set the mode of {}", path.display()))?;
    Ok(listener)
}

async fn let_in(listener: UnixListener, asked: mpsc::Sender<Asked>) {
    let mut clients: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!("cannot let an administrator's program in: {error}");
                sleep(RECOVERY).await;
                continue;
            }
        };
        clients.retain(|client| !client.is_finished());
        if clients.len() >= MOST_CLIENTS
            && let Some(first) = clients.pop_front()
        {
            first.abort();
        }
        clients.push_back(tokio::spawn(serve(stream, asked.clone())).abort_handle());
    }
}

/// Answers one client, one request after the other, until it leaves or says what is no line of JSON.
async fn serve(mut stream: UnixStream, asked: mpsc::Sender<Asked>) {
    let Ok(peer) = stream.peer_cred() else { return };
    let mut decoder = Decoder::up_to(LONGEST_REQUEST);
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let lines = match decoder.feed(&buffer[..length]) {
            Ok(lines) => lines,
            Err(error) => {
                let reason = format!("not a line of the control protocol: {error}");
                let _it_may_be_gone = say(&mut stream, Answer::Refused { reason }).await;
                return;
            }
        };
        for line in lines {
            let answer = match Request::understand(line) {
                Ok(command) => ask(command, peer.uid(), &asked).await,
                Err(reason) => Answer::Refused { reason },
            };
            if say(&mut stream, answer).await.is_err() {
                return;
            }
        }
    }
}

async fn ask(command: Command, uid: u32, asked: &mpsc::Sender<Asked>) -> Answer {
    let (answer, answered) = oneshot::channel();
    // At the end of lvsd nobody listens any more.
    let _ = asked.send(Asked { command, uid, answer }).await;
    answered.await.unwrap_or_else(|_| Answer::Refused { reason: "lvsd is shutting down".to_owned() })
}

async fn say(stream: &mut UnixStream, answer: Answer) -> io::Result<()> {
    // 20 ms with 10,000 real servers, in which the main loop has better things to do.
    let line = tokio::task::spawn_blocking(move || encode(&answer)).await?.map_err(io::Error::other)?;
    timeout(PATIENCE, stream.write_all(&line)).await?
}
