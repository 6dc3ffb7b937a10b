//! The socket to lvsd: what it knows at the beginning, what is reported to it, and that it lives.

use std::io;
use std::os::unix::net::UnixStream;

use control::lines::{Decoder, encode};
use control::report::{self, FromNanny, ToNanny};
use health::state::Known;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tracing::error;

/// Splits the socket that lvsd shared. Call it inside the event loop.
///
/// # Errors
///
/// If the event loop refuses the socket.
pub(crate) fn join(socket: UnixStream) -> io::Result<(Hearing, Speaking)> {
    socket.set_nonblocking(true)?;
    let (reader, writer) = tokio::net::UnixStream::from_std(socket)?.into_split();
    Ok((Hearing { reader, decoder: Decoder::default() }, Speaking { writer }))
}

/// What lvsd says.
#[derive(Debug)]
pub(crate) struct Hearing {
    reader: OwnedReadHalf,
    decoder: Decoder,
}

impl Hearing {
    /// Waits for the first message; none if there will be none. May be dropped and called again.
    pub(crate) async fn begin(&mut self) -> Option<Known> {
        loop {
            let received = self.read().await?;
            match self.decoder.feed(&received) {
                Ok(messages) => {
                    if let Some(ToNanny::Begin { known }) = messages.first() {
                        return Some(translate(*known));
                    }
                }
                Err(reason) => {
                    error!("lvsd does not speak this nanny's language: {reason}");
                    return None;
                }
            }
        }
    }

    /// Waits until lvsd is gone. May be dropped and called again.
    pub(crate) async fn end(&mut self) {
        while self.read().await.is_some() {}
    }

    async fn read(&mut self) -> Option<Vec<u8>> {
        let mut received = Vec::with_capacity(1024);
        match self.reader.read_buf(&mut received).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(received),
        }
    }
}

/// What nanny says to lvsd.
#[derive(Debug)]
pub(crate) struct Speaking {
    writer: OwnedWriteHalf,
}

impl Speaking {
    /// Reports a change.
    pub(crate) async fn report(&mut self, message: &FromNanny) {
        let sent = match encode(message) {
            Ok(line) => self.writer.write_all(&line).await,
            Err(reason) => Err(io::Error::other(reason)),
        };
        // If lvsd is gone, the end of its stream ends nanny, too.
        if let Err(reason) = sent {
            error!("failed to report to lvsd: {reason}");
        }
    }
}

fn translate(known: report::Known) -> Known {
    match known {
        report::Known::Nothing => Known::Nothing,
        report::Known::Up { weight } => Known::Up { weight },
        report::Known::Down => Known::Down,
    }
}
