//! A check by UDP: one datagram each way.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use nix::errno::Errno;
use tokio::net::UdpSocket;
use tokio::time::timeout;
use tracing::debug;

use super::Attempt;
use super::reading::{ANSWER, compared, returned, wait};
use crate::expect::Expect;
use crate::failure::{Cause, errno, shown};

/// Bytes of the largest datagram (RFC 768: its length field has 16 bits).
const LARGEST_DATAGRAM: usize = 65535;
/// How long an ICMP error is awaited where no answer can be asked for.
const ERROR_WAIT: Duration = Duration::from_millis(500);

pub(super) async fn check(attempt: &Attempt<'_>, send: Option<&[u8]>) -> Result<(), Cause> {
    debug!("Opening UDP socket to remote service port {}...", attempt.real_server.port());
    let socket = open(attempt.real_server).await?;
    match (send, attempt.expect) {
        (None, Expect::Nothing) => knock(attempt, &socket).await,
        (send, expect) => {
            if let Some(text) = send {
                debug!("Sending len={}, text=\"{}\"", text.len(), shown(text));
                attempt.phase(socket.send(text), Cause::Write(Errno::ETIMEDOUT), Cause::Write).await?;
            }
            let mut datagram = vec![0; LARGEST_DATAGRAM];
            let receive = receive(&socket, &mut datagram, expect.wanted().max(1));
            let length = attempt.phase(receive, Cause::ReadTimedOut, Cause::Read).await?;
            datagram.truncate(length);
            compared(expect, &datagram);
            expect.judge_whole(&datagram)
        }
    }
}

async fn receive(socket: &UdpSocket, datagram: &mut [u8], wanted: usize) -> io::Result<usize> {
    wait(socket.ready(ANSWER), wanted).await?;
    let outcome = socket.recv(datagram).await;
    returned(&outcome);
    outcome
}

async fn open(real_server: SocketAddr) -> Result<UdpSocket, Cause> {
    let any: SocketAddr = match real_server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await.map_err(|error| Cause::Socket(errno(&error)))?;
    debug!("Connecting socket to remote address...");
    socket.connect(real_server).await.map_err(|error| Cause::Connect(errno(&error)))?;
    Ok(socket)
}

/// Without anything to send or expect, a server is up unless an ICMP error says otherwise (nanny.md 13, row 6).
async fn knock(attempt: &Attempt<'_>, socket: &UdpSocket) -> Result<(), Cause> {
    attempt.phase(socket.send(&[]), Cause::Write(Errno::ETIMEDOUT), Cause::Write).await?;
    match timeout(ERROR_WAIT.min(attempt.left()), socket.recv(&mut [0])).await {
        Ok(Err(error)) => Err(Cause::Read(errno(&error))),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}
