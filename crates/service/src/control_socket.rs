//! A daemon's control socket: what administrators ask, and the answers on their way out. Each client has a task of its own,
//! so that a slow one holds nobody up, least of all the daemon's loop.

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::process::give_memory_back;
use control::lines::{Decoder, LONGEST_LINE, encode};
use control::request::{Line, Question, Request};
use nix::sys::stat::{Mode, umask};
use nix::unistd::Group;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::UCred;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc, oneshot};
use tokio::task::{AbortHandle, JoinHandle, spawn_blocking};
use tokio::time::{sleep, timeout};

/// Clients at the same time. One more takes the place of the one that came first.
const MOST_CLIENTS: usize = 32;
/// A client that does not take its answer, or does not end a long request, for this long has gone away, or should.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause after a client could not be let in, for example because descriptors have run out.
const RECOVERY: Duration = Duration::from_secs(1);

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody listens there.
    #[error("another {daemon} answers at {}", path.display())]
    Taken {
        /// Who that should be.
        daemon: &'static str,
        /// The socket.
        path: PathBuf,
    },
    /// The system does not let it be.
    #[error("cannot {what} {}: {reason}", path.display())]
    Failed {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
}

/// Who may ask, among those who may open the socket: by the user and the group that the client runs as (unix(7),
/// `SO_PEERCRED`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peers {
    /// All of them.
    All,
    /// Root, and these.
    Only {
        /// Users.
        users: Vec<u32>,
        /// Groups.
        groups: Vec<u32>,
    },
}

impl Peers {
    /// The one that may open the socket.
    fn group(&self) -> Option<u32> {
        match self {
            Self::All => None,
            Self::Only { groups, .. } => groups.first().copied(),
        }
    }

    fn have(&self, peer: &UCred) -> bool {
        match self {
            Self::All => true,
            Self::Only { users, groups } => {
                peer.uid() == 0 || users.contains(&peer.uid()) || groups.contains(&peer.gid())
            }
        }
    }
}

/// What an administrator asks.
#[derive(Debug)]
pub struct Asked<Q: Question> {
    /// What is asked.
    pub command: Q,
    /// By whom: the user that the client runs as.
    pub uid: u32,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Q::Answer>,
}

/// The socket, which is there as long as this value.
#[derive(Debug)]
pub struct ControlSocket<Q: Question> {
    /// To be removed at the end; none if somebody else has made it.
    path: Option<PathBuf>,
    task: JoinHandle<()>,
    asked: mpsc::Receiver<Asked<Q>>,
}

impl<Q: Question> ControlSocket<Q> {
    /// Listens at `path`; what a dead daemon left there is replaced. Whoever may open the socket may command: root, and
    /// the group piranha where there is one.
    ///
    /// # Errors
    ///
    /// What was tried and what the system said; or that another daemon answers there.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        Self::open_to(Peers::All, path).await
    }

    /// The same for some of them.
    ///
    /// # Errors
    ///
    /// As above.
    pub async fn open_to(peers: Peers, path: &Path) -> Result<Self, Error> {
        let listener = listen(Q::DAEMON, path, peers.group()).await?;
        Ok(Self::serve(peers, listener, Some(path.to_owned())))
    }

    /// The same at a socket that is there already, and stays ([`crate::systemd::listener`]). Call it inside the event loop.
    ///
    /// # Errors
    ///
    /// If the event loop does not take it.
    pub fn handed_on(peers: Peers, listener: std::os::unix::net::UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self::serve(peers, UnixListener::from_std(listener)?, None))
    }

    fn serve(peers: Peers, listener: UnixListener, path: Option<PathBuf>) -> Self {
        let (sender, asked) = mpsc::channel(MOST_CLIENTS);
        let house = Arc::new(House { peers, asked: sender, long: Semaphore::new(1) });
        Self { path, task: tokio::spawn(let_in(listener, house)), asked }
    }

    /// The next question. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Asked<Q>> {
        self.asked.recv().await
    }
}

impl<Q: Question> Drop for ControlSocket<Q> {
    fn drop(&mut self) {
        self.task.abort();
        let _it_may_have_been_removed = self.path.as_ref().map(fs::remove_file);
    }
}

/// Removes the socket that a daemon left behind which was killed.
///
/// # Errors
///
/// That another daemon answers there, or what was tried and what the system said.
pub fn remove_dead(daemon: &'static str, path: &Path) -> Result<(), Error> {
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(Error::Taken { daemon, path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(failed("remove what a dead daemon left at", path))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("see who listens at", path)(error)),
    }
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |reason| Error::Failed { what, path, reason }
}

async fn listen(daemon: &'static str, path: &Path, group: Option<u32>) -> Result<UnixListener, Error> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let made = DirBuilder::new().mode(0o755).create(directory);
    if !matches!(&made, Err(error) if error.kind() == io::ErrorKind::AlreadyExists) {
        made.map_err(failed("make", directory))?;
    }
    remove_dead(daemon, path)?;
    // Who is in a group may be known to a server that does not answer.
    let piranha = || Group::from_name("piranha").ok().flatten().map(|group| group.gid.as_raw());
    let group = spawn_blocking(move || group.or_else(piranha)).await.ok().flatten();
    // Nobody gets in before owner and mode are what they shall be.
    let before = umask(Mode::from_bits_truncate(0o177));
    let listener = UnixListener::bind(path);
    umask(before);
    let listener = listener.map_err(failed("listen at", path))?;
    if group.is_some() {
        chown(path, None, group).map_err(failed("give to the group that may open", path))?;
    }
    fs::set_permissions(path, Permissions::from_mode(0o660)).map_err(failed("set the mode of", path))?;
    Ok(listener)
}

/// What the clients share.
struct House<Q: Question> {
    peers: Peers,
    asked: mpsc::Sender<Asked<Q>>,
    /// For one client at a time that sends more than [`LONGEST_LINE`]: many of them would take much memory.
    long: Semaphore,
}

async fn let_in<Q: Question>(listener: UnixListener, house: Arc<House<Q>>) {
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
        clients.push_back(tokio::spawn(serve(stream, Arc::clone(&house))).abort_handle());
    }
}

/// Serves one client to its end.
async fn serve<Q: Question>(mut stream: UnixStream, house: Arc<House<Q>>) {
    let mut was_long = false;
    converse(&mut stream, &house, &mut was_long).await;
    if was_long {
        let _nothing_is_lost = spawn_blocking(give_memory_back).await;
    }
}

/// Answers one request after the other, until the client leaves or says what is no line of JSON. Tells whether one of them was
/// long.
async fn converse<Q: Question>(stream: &mut UnixStream, house: &House<Q>, was_long: &mut bool) {
    let Ok(peer) = stream.peer_cred() else { return };
    if !house.peers.have(&peer) {
        tracing::warn!("user {} (group {}) may not ask {}", peer.uid(), peer.gid(), Q::DAEMON);
        let reason = format!("user {} may not ask {}", peer.uid(), Q::DAEMON);
        let _it_may_be_gone = say::<Q>(stream, Q::refused(reason)).await;
        return;
    }
    let mut decoder = Decoder::up_to(Q::LONGEST_REQUEST);
    while let Ok(Some((lines, _turn))) = hear(stream, &mut decoder, &house.long, was_long).await {
        let lines = match lines {
            Ok(lines) => lines,
            Err(error) => {
                let reason = format!("not a line of the control protocol: {error}");
                let _it_may_be_gone = say::<Q>(stream, Q::refused(reason)).await;
                return;
            }
        };
        for line in lines {
            let command = Request::understand(&line);
            drop(line);
            let answer = match command {
                Ok(command) => ask(command, peer.uid(), &house.asked).await,
                Err(reason) => Q::refused(reason),
            };
            if say::<Q>(stream, answer).await.is_err() {
                return;
            }
        }
    }
}

type Lines = Result<Vec<Line>, control::lines::Error>;

/// The next lines, and the turn of a long one, which lasts until it is answered; nothing at the end.
async fn hear<'a>(
    stream: &mut UnixStream,
    decoder: &mut Decoder,
    long: &'a Semaphore,
    was_long: &mut bool,
) -> io::Result<Option<(Lines, Option<SemaphorePermit<'a>>)>> {
    let lines = read(stream, decoder, LONGEST_LINE).await?;
    let unfinished = lines.as_ref().is_some_and(|lines| lines.as_ref().is_ok_and(Vec::is_empty));
    if !unfinished {
        return Ok(lines.map(|lines| (lines, None)));
    }
    let turn = long.acquire().await.map_err(io::Error::other)?;
    *was_long = true;
    let lines = timeout(PATIENCE, read(stream, decoder, usize::MAX)).await??;
    Ok(lines.map(|lines| (lines, Some(turn))))
}

/// Reads until there is a line, or more than so many bytes of one.
async fn read(stream: &mut UnixStream, decoder: &mut Decoder, most: usize) -> io::Result<Option<Lines>> {
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Ok(None);
        }
        match decoder.feed(&buffer[..length]) {
            Ok(lines) if lines.is_empty() && decoder.pending() <= most => {}
            lines => return Ok(Some(lines)),
        }
    }
}

async fn ask<Q: Question>(command: Q, uid: u32, asked: &mpsc::Sender<Asked<Q>>) -> Q::Answer {
    let (answer, answered) = oneshot::channel();
    // At the end of the daemon nobody listens any more.
    let _ = asked.send(Asked { command, uid, answer }).await;
    answered.await.unwrap_or_else(|_| Q::refused(format!("{} is shutting down", Q::DAEMON)))
}

async fn say<Q: Question>(stream: &mut UnixStream, answer: Q::Answer) -> io::Result<()> {
    // lvsd's status: 20 ms with 10,000 real servers, in which the main loop has better things to do.
    let line = spawn_blocking(move || encode(&answer)).await?.map_err(io::Error::other)?;
    timeout(PATIENCE, stream.write_all(&line)).await?
}
