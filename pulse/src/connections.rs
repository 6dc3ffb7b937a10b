//! The connections of this router, told to the partner's sync daemon before the service moves there.
//!
//! The kernel's own daemon tells a connection up to three seconds after its third packet, and then rarely. Whatever is
//! younger, or older than the partner's start, would be reset by a partner that has never heard of it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::Duration;

use ipvs::{Client, Connection, ConnectionState, Protocol, SYNC_GROUP, sync_messages};
use nix::sys::socket::{setsockopt, sockopt::BindToDevice};

use crate::plan::SyncSettings;

const LIST: &str = "/proc/net/ip_vs_conn";
/// More connections than these are left to the kernel's daemon.
const MOST: usize = 131_072;
/// So many are told once more at the end.
const AGAIN: usize = 4096;
/// The kernel gives the list in pieces, each by the number of its first line: where a connection ends between two of
/// them, another is left out. It is in the next list.
const READINGS: usize = 2;
/// Messages that the partner's receive buffer holds for sure, and a pause after so many, in which its daemon reads them.
const AT_ONCE: usize = 64;
const PAUSE: Duration = Duration::from_millis(4);

/// What the partner has been told since the service began to move.
#[derive(Debug, Default)]
pub(crate) struct Told(HashSet<(Protocol, SocketAddr, SocketAddr, ConnectionState)>);

impl Told {
    /// Tells what has not been told.
    ///
    /// # Errors
    ///
    /// What could not be done, on what, and why.
    pub(crate) fn tell(&mut self, settings: &SyncSettings) -> Result<(), String> {
        for _ in 0..READINGS {
            let news: Vec<_> =
                list(MOST)?.into_iter().filter(|connection| self.is_news(connection)).collect();
            say(&news, settings)?;
        }
        Ok(())
    }

    fn is_news(&mut self, connection: &Connection) -> bool {
        let Connection { protocol, client, floating, state, .. } = *connection;
        self.0.insert((protocol, client, floating, state))
    }
}

/// Tells everything, in case a message was lost: nobody answers them.
///
/// # Errors
///
/// As [`Told::tell`].
pub(crate) fn tell_again(settings: &SyncSettings) -> Result<(), String> {
    say(&list(AGAIN)?, settings)
}

/// The first `most` connections of the list.
fn list(most: usize) -> Result<Vec<Connection>, String> {
    read(most).map_err(|error| format!("cannot read {LIST}: {error}"))
}

fn read(most: usize) -> io::Result<Vec<Connection>> {
    let mut connections = Vec::new();
    for line in BufReader::new(File::open(LIST)?).lines() {
        connections.extend(Connection::parse(&line?));
        if connections.len() >= most {
            break;
        }
    }
    Ok(connections)
}

fn say(connections: &[Connection], settings: &SyncSettings) -> Result<(), String> {
    if connections.is_empty() {
        return Ok(());
    }
    let table = Client::connect().and_then(|mut client| client.table()).map_err(|error| error.to_string())?;
    let messages = sync_messages(connections, &table, settings.id);
    send(&settings.interface, &messages)
        .map_err(|error| format!("cannot send to {SYNC_GROUP} on {}: {error}", settings.interface))?;
    tracing::debug!("DEBUG -- {} connection(s) told to the partner", connections.len());
    Ok(())
}

fn send(interface: &str, messages: &[Vec<u8>]) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    setsockopt(&socket, BindToDevice, &interface.into())?;
    socket.set_multicast_loop_v4(false)?;
    for (sent, message) in (1..).zip(messages) {
        socket.send_to(message, SYNC_GROUP)?;
        if sent % AT_ONCE == 0 {
            sleep(PAUSE);
        }
    }
    Ok(())
}
