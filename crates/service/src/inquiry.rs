//! Asking a daemon at its control socket: one connection, one request, one answer (`docs/control.md`).

use std::io;
use std::path::Path;
use std::time::Duration;

use control::lines::{self, Decoder, encode};
use control::request::{Request, VERSION};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// Longest answer, in bytes: a quarter of a million real servers, each with its reason.
const LONGEST_ANSWER: usize = 256 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The socket is not there, or nobody listens, or one may not.
    #[error("it cannot be reached: {0}")]
    Unreachable(io::Error),
    /// It said nothing for so long.
    #[error("it said nothing for {0:?}")]
    Silent(Duration),
    /// It closed the connection before it had answered.
    #[error("it closed the connection before it had answered")]
    Closed,
    /// What the system said.
    #[error("the connection broke: {0}")]
    Broken(io::Error),
    /// What answers speaks another language.
    #[error("it cannot be understood: {0}")]
    Nonsense(#[from] lines::Error),
}

/// Asks one thing; the daemon may be silent for `patience`.
///
/// # Errors
///
/// Why there is no answer.
pub async fn ask<A: DeserializeOwned>(
    socket: &Path,
    command: impl Serialize,
    patience: Duration,
) -> Result<A, Error> {
    let request = encode(&Request { version: VERSION, command })?;
    let mut stream = UnixStream::connect(socket).await.map_err(Error::Unreachable)?;
    let mut decoder = Decoder::up_to(LONGEST_ANSWER);
    let mut buffer = vec![0; 64 * 1024];
    // It may have closed its end, but not without a word: what counts is what it says.
    let said = timeout(patience, stream.write_all(&request)).await;
    let _it_may_be_gone = said.map_err(|_| Error::Silent(patience))?;
    loop {
        let received = match timeout(patience, stream.read(&mut buffer)).await {
            Ok(Ok(0)) => return Err(Error::Closed),
            Ok(Ok(received)) => received,
            Ok(Err(reason)) => return Err(Error::Broken(reason)),
            Err(_) => return Err(Error::Silent(patience)),
        };
        let answers = decoder.feed(buffer.get(..received).unwrap_or_default())?;
        if let Some(answer) = answers.into_iter().next() {
            return Ok(answer);
        }
    }
}
