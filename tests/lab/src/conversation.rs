//! Connections that stay open: a server that answers every line with its name, and a client that holds many of them and
//! sees that the same server goes on answering.

pub(crate) mod answerer;
pub(crate) mod holder;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::machine::{Machine, Running};
use crate::role;
use crate::traffic::Moment;
use crate::wait::wait_until;

/// Within this time all connections are made, or have had one more answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that answers lines, until this value is dropped.
#[derive(Debug)]
pub struct Answerer(Running);

/// Connections that are held until this value is dropped.
#[derive(Debug)]
pub struct Conversations {
    process: Running,
    count: usize,
}

/// How the connections are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Health {
    open: usize,
    /// Every open connection has had an answer to a question of this time or later.
    all_answered: Moment,
}

impl Machine {
    /// Starts a server that answers every line by TCP, and every datagram, with the name of the machine and `port`; it
    /// listens when this returns.
    ///
    /// # Panics
    ///
    /// If it cannot have the port.
    pub fn answer(&self, port: u16) -> Answerer {
        let mut role = role::cast(role::ANSWERER);
        role.arg(format!("{}:{port}", self.name())).arg(port.to_string());
        let process = self.cast(&role, "answerer");
        wait_until("the port is taken", PATIENCE, || process.output().contains("listening"));
        Answerer(process)
    }

    /// Makes `count` connections to the [answerer](Machine::answer) at `target` and talks on all of them from time to time.
    ///
    /// # Panics
    ///
    /// If one cannot be made.
    pub fn converse(&self, target: SocketAddr, count: usize) -> Conversations {
        let mut role = role::cast(role::HOLDER);
        role.arg(target.to_string()).arg(count.to_string());
        let conversations = Conversations { process: self.cast(&role, "conversations"), count };
        wait_until(&format!("{count} connections"), PATIENCE, || {
            conversations.expect_unbroken();
            conversations.health().is_some_and(|health| health.open == count)
        });
        conversations
    }
}

impl Conversations {
    /// Waits until every connection has been asked and answered after `since`, by the server that it began with.
    ///
    /// # Panics
    ///
    /// If one broke.
    pub fn expect_all_since(&self, since: Moment) {
        wait_until("an answer on every connection", PATIENCE, || {
            self.expect_unbroken();
            self.health().is_some_and(|health| health.open == self.count && health.all_answered >= since)
        });
    }

    /// How many have broken.
    pub fn broken(&self) -> usize {
        self.process.output().lines().filter(|line| line.starts_with("broken")).count()
    }

    /// Looks whether every connection that was made is still open and answered by the server that it began with.
    ///
    /// # Panics
    ///
    /// If one broke.
    pub fn expect_unbroken(&self) {
        let output = self.process.output();
        let broken: Vec<&str> = output.lines().filter(|line| line.starts_with("broken")).collect();
        assert!(broken.is_empty(), "{} of {} connections: {broken:#?}", broken.len(), self.count);
    }

    fn health(&self) -> Option<Health> {
        // The last line may be in the making.
        let output = self.process.output();
        let (whole, _) = output.rsplit_once('\n')?;
        let mut words = whole.lines().rfind(|line| line.starts_with("open"))?.split(' ').skip(1);
        let open = words.next()?.parse().ok()?;
        Some(Health { open, all_answered: Moment::from_microseconds(words.next()?.parse().ok()?) })
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        self.0.kill();
    }
}

impl Drop for Conversations {
    fn drop(&mut self) {
        self.process.kill();
    }
}

/// Says an empty line and hears the server's name.
pub(crate) async fn ask(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    stream.write_all(b"\n").await?;
    let mut name = String::new();
    match stream.read_line(&mut name).await? {
        0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection")),
        _ => Ok(name.trim_end().to_owned()),
    }
}
