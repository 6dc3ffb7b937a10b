//! A running nanny, and real servers for it.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use control::lines::{Decoder, encode};
use control::report::{Checks, DESCRIPTOR, FromNanny, Known, ToNanny};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, getsockname, listen as listen_on, socket,
};
use nix::unistd::Pid;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::child::Link;

/// Longest wait for anything that must happen.
pub(crate) const PATIENT: Duration = Duration::from_secs(10);

/// The program under test.
pub(crate) fn nanny(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nanny"));
    command.args(words).stdin(Stdio::null()).env_remove(DESCRIPTOR);
    command
}

/// A nanny in the foreground; it is killed when the test is over.
pub(crate) struct Nanny {
    child: Child,
    log: Receiver<String>,
}

impl Nanny {
    /// Starts a nanny with these words, and `-n -v`.
    pub(crate) fn start(words: &[&str]) -> Self {
        Self::run(&mut nanny(words))
    }

    /// Starts this command in the foreground.
    pub(crate) fn run(command: &mut Command) -> Self {
        let mut child = command.args(["-n", "-v"]).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, log) = channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, log }
    }

    /// Waits until a line of the log contains these words, and gives all lines up to there.
    pub(crate) fn expect_line(&self, words: &str) -> Vec<String> {
        let begin = Instant::now();
        let mut lines = Vec::new();
        while !lines.last().is_some_and(|line: &String| line.contains(words)) {
            let Ok(line) = self.log.recv_timeout(PATIENT.saturating_sub(begin.elapsed())) else {
                panic!("no line with {words:?} among {lines:#?}");
            };
            lines.push(line);
        }
        lines
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Has the next check begin now, however long the interval, once the last one is over; gives the lines of the log
    /// up to a check's result. Before its first line nanny catches no signals.
    pub(crate) fn check_now(&self) -> Vec<String> {
        self.signal(Signal::SIGALRM);
        self.expect_line("avail: ")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid().try_into().unwrap()), signal).unwrap();
    }

    /// Waits for the end, at most this long.
    pub(crate) fn expect_end(&mut self, within: Duration) -> ExitStatus {
        expect_end(&mut self.child, within)
    }
}

impl Drop for Nanny {
    fn drop(&mut self) {
        // It may have ended in good order.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the end of a process, at most this long.
pub(crate) fn expect_end(child: &mut Child, within: Duration) -> ExitStatus {
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(begin.elapsed() < within, "still running after {within:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// lvsd's end of the report socket.
pub(crate) struct Lvsd<R = FromNanny> {
    socket: UnixStream,
    decoder: Decoder,
    reports: VecDeque<R>,
}

impl Lvsd {
    /// A foreground nanny with these words under an lvsd that has not spoken yet.
    pub(crate) fn silent(words: &[&str]) -> (Nanny, Self) {
        Self::share(&mut nanny(words), Nanny::run)
    }

    /// A foreground nanny with these words under an lvsd that knows this of the real server.
    pub(crate) fn start(known: Known, words: &[&str]) -> (Nanny, Self) {
        let (nanny, mut lvsd) = Self::silent(words);
        lvsd.begin(known);
        (nanny, lvsd)
    }

    pub(crate) fn begin(&mut self, known: Known) {
        self.tell(&ToNanny::Begin { known });
    }

    /// The next report, which has to tell how the checks go.
    pub(crate) fn told(&mut self) -> Checks {
        match self.next() {
            FromNanny::Checks(checks) => checks,
            other => panic!("{other:?} is no answer"),
        }
    }
}

impl<R: DeserializeOwned + Debug + PartialEq> Lvsd<R> {
    /// Shares a socket with the nanny that `run` starts.
    pub(crate) fn share<N>(command: &mut Command, run: impl FnOnce(&mut Command) -> N) -> (N, Self) {
        let link = Link::new().unwrap();
        let nanny = run(command.env(DESCRIPTOR, link.number()));
        let socket = link.keep();
        socket.set_nonblocking(false).unwrap();
        socket.set_read_timeout(Some(PATIENT)).unwrap();
        (nanny, Self { socket, decoder: Decoder::default(), reports: VecDeque::new() })
    }

    pub(crate) fn tell(&mut self, message: &impl Serialize) {
        self.say(&encode(message).unwrap());
    }

    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    /// The next report.
    pub(crate) fn next(&mut self) -> R {
        while self.reports.is_empty() {
            let received = self.receive();
            assert!(!received.is_empty(), "nanny closed the report socket");
            self.reports.extend::<Vec<R>>(self.decoder.feed(&received).unwrap());
        }
        self.reports.pop_front().unwrap()
    }

    /// All reports that are left, once nanny has ended.
    pub(crate) fn all(&mut self) -> Vec<R> {
        loop {
            let received = self.receive();
            if received.is_empty() {
                return std::mem::take(&mut self.reports).into();
            }
            self.reports.extend::<Vec<R>>(self.decoder.feed(&received).unwrap());
        }
    }

    /// Waits for the end of the reports.
    pub(crate) fn expect_end(&mut self) {
        assert_eq!(self.receive(), b"");
        assert_eq!(self.reports, VecDeque::new());
    }

    fn receive(&mut self) -> Vec<u8> {
        let mut received = vec![0; 1024];
        let length = self.socket.read(&mut received).unwrap();
        received.truncate(length);
        received
    }

    /// Says nothing any more, but still listens.
    pub(crate) fn fall_silent(&self) {
        self.socket.shutdown(std::net::Shutdown::Write).unwrap();
    }
}

/// A real server that accepts connections.
pub(crate) fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A real server that treats each client so.
pub(crate) fn serve(client: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let (listener, address) = listen();
    thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(client));
    address
}

/// A real server that says these pieces to each client, each in a segment of its own, and stays connected.
pub(crate) fn say(pieces: &'static [&'static [u8]]) -> SocketAddr {
    serve(move |mut client| {
        client.set_nodelay(true).unwrap();
        for piece in pieces {
            // The check may have seen enough.
            let _ = client.write_all(piece);
            // Nothing tells that the other side has read a piece; a short pause keeps two from being read as one.
            thread::sleep(Duration::from_millis(5));
        }
        let _ = client.read_to_end(&mut Vec::new());
    })
}

/// What the first check of this real server finds, with these further options: `up`, or why it is bad.
pub(crate) fn verdict(real_server: SocketAddr, more: &[&str]) -> String {
    let port = real_server.port().to_string();
    let (_nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, more));
    match lvsd.next() {
        FromNanny::Up { .. } => "up".to_owned(),
        FromNanny::Down { reason, .. } => reason.replace(&real_server.to_string(), "SERVER"),
        other => panic!("{other:?}"),
    }
}

/// A real server that drops every request for a connection: its queue is full.
pub(crate) struct BlackHole {
    address: SocketAddr,
    _socket: OwnedFd,
    _queued: TcpStream,
}

impl BlackHole {
    pub(crate) fn new() -> Self {
        let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
        bind(socket.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
        listen_on(&socket, Backlog::new(0).unwrap()).unwrap();
        let bound: SockaddrIn = getsockname(socket.as_raw_fd()).unwrap();
        let address = SocketAddr::from((bound.ip(), bound.port()));
        let queued = TcpStream::connect(address).unwrap();
        Self { address, _socket: socket, _queued: queued }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn port(&self) -> String {
        self.address.port().to_string()
    }
}

/// Options for a check of a local real server behind a virtual server on a port that is not 80.
pub(crate) fn watch<'a>(port: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec!["--lvs", "-h", "127.0.0.1", "-V", "10.0.0.1", "-p", "8080", "-r", port];
    words.extend(more);
    words
}
