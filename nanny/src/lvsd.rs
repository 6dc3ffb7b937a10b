//! The socket to lvsd: what it says, what is reported to it, and that it lives.

use std::collections::VecDeque;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use control::lines::{self, Decoder, encode};
use control::pool::FromPool;
use control::report;
use health::state::Known;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tracing::error;

use crate::reports::Reports;

/// Splits the socket that lvsd shared. Call it inside the event loop.
///
/// # Errors
///
/// If the event loop refuses the socket.
pub(crate) fn join<M>(socket: UnixStream) -> io::Result<(Hearing<M>, Speaking)> {
    socket.set_nonblocking(true)?;
    let (reader, writer) = tokio::net::UnixStream::from_std(socket)?.into_split();
    Ok((Hearing { reader, decoder: Decoder::default(), heard: VecDeque::new() }, Speaking { writer }))
}

/// What lvsd says.
#[derive(Debug)]
pub(crate) struct Hearing<M> {
    reader: OwnedReadHalf,
    decoder: Decoder,
    heard: VecDeque<M>,
}

impl<M: DeserializeOwned> Hearing<M> {
    /// Waits for the next message; none if there will be none. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Option<M> {
        while self.heard.is_empty() {
            let mut received = Vec::with_capacity(16 * 1024);
            match self.reader.read_buf(&mut received).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
            match self.decoder.feed(&received) {
                Ok(messages) => self.heard.extend::<Vec<M>>(messages),
                Err(reason) => {
                    error!("lvsd does not speak this nanny's language: {reason}");
                    return None;
                }
            }
        }
        self.heard.pop_front()
    }
}

/// What nanny says to lvsd.
#[derive(Debug)]
pub(crate) struct Speaking {
    writer: OwnedWriteHalf,
}

impl Speaking {
    /// Tells lvsd all reports as they come, in as few writes as it takes them, until it hears nothing any more.
    pub(crate) async fn tell(mut self, reports: Arc<Reports>, line: Line) {
        loop {
            let batch = reports.next().await;
            let lines: Result<Vec<_>, _> = batch.iter().map(line).collect();
            let told = match lines {
                Ok(lines) => self.writer.write_all(&lines.concat()).await,
                Err(reason) => Err(io::Error::other(reason)),
            };
            // If lvsd is gone, the end of its stream ends nanny, too.
            if let Err(reason) = told {
                error!("failed to report to lvsd: {reason}");
                return;
            }
        }
    }
}

/// How a report becomes a line.
pub(crate) type Line = fn(&FromPool) -> Result<Vec<u8>, lines::Error>;

/// The line of a nanny for one real server, which needs no number.
pub(crate) fn line_of_one(report: &FromPool) -> Result<Vec<u8>, lines::Error> {
    match report {
        FromPool::Report { message, .. } => encode(message),
        FromPool::Refused { .. } => encode(report),
    }
}

/// In the words of the checks.
pub(crate) fn known(known: report::Known) -> Known {
    match known {
        report::Known::Nothing => Known::Nothing,
        report::Known::Up { weight } => Known::Up { weight },
        report::Known::Down => Known::Down,
    }
}
