//! A check over a TCP connection.

use std::io;
use std::net::SocketAddr;

use nix::errno::Errno;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout_at;
use tracing::debug;

use super::Attempt;
use super::reading::{ANSWER, compared, returned, wait};
use crate::expect::Expect;
use crate::failure::{Cause, SHOWN, errno, shown};

pub(super) async fn check(attempt: &Attempt<'_>, send: Option<&[u8]>) -> Result<(), Cause> {
    debug!("Opening TCP socket to remote service port {}...", attempt.real_server.port());
    let socket = open(attempt.real_server)?;
    debug!("Connecting socket to remote address...");
    debug!("DEBUG -- Posting CONNECT poll()");
    let connecting = socket.connect(attempt.real_server);
    let mut stream = match attempt.phase(connecting, Cause::ConnectTimedOut, Cause::Connect).await {
        // Only after the handshake: a reset in its place is a refusal. More was not asked for (nanny.md 3, step 5).
        Err(Cause::Connect(Errno::ECONNRESET))
            if send.is_none() && matches!(attempt.expect, Expect::Nothing) =>
        {
            return Ok(());
        }
        stream => stream?,
    };
    if let Some(text) = send {
        debug!("Sending len={}, text=\"{}\"", text.len(), shown(text));
        attempt.phase(stream.write_all(text), Cause::Write(Errno::ETIMEDOUT), Cause::Write).await?;
    }
    if matches!(attempt.expect, Expect::Nothing) {
        return Ok(());
    }
    let mut received = Vec::with_capacity(SHOWN);
    let receiving = receive(&mut stream, attempt.expect, &mut received);
    let verdict = match timeout_at(attempt.deadline(), receiving).await {
        Ok(verdict) => verdict,
        Err(_) if received.is_empty() => return Err(Cause::ReadTimedOut),
        Err(_) => attempt.expect.judge_whole(&received),
    };
    compared(attempt.expect, &received);
    verdict
}

fn open(real_server: SocketAddr) -> Result<TcpSocket, Cause> {
    let socket = match real_server {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    };
    socket.map_err(|error| Cause::Socket(errno(&error)))
}

/// Reads until the answer can be judged or ends. What came before the time is up stays in `received`.
async fn receive(stream: &mut TcpStream, expect: &Expect, received: &mut Vec<u8>) -> Result<(), Cause> {
    loop {
        let wanted = expect.wanted().saturating_sub(received.len()).max(1);
        match read(stream, received, wanted).await {
            Ok(0) => return expect.judge_whole(received),
            Ok(_) => {}
            Err(error) => return Err(Cause::Read(errno(&error))),
        }
        if let Some(verdict) = expect.judge(received) {
            return verdict;
        }
    }
}

async fn read(stream: &mut TcpStream, received: &mut Vec<u8>, wanted: usize) -> io::Result<usize> {
    wait(stream.ready(ANSWER), wanted).await?;
    let outcome = stream.read_buf(received).await;
    returned(&outcome);
    outcome
}
