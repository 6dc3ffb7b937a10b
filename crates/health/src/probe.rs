//! One check of a real server: specification nanny.md 3 and 13.

mod tcp;
mod udp;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::timeout;

use crate::failure::{Cause, Failure, SHOWN, errno};

/// What a check does.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Address and real port.
    pub real_server: SocketAddr,
    /// How the real server is asked.
    pub protocol: Protocol,
    /// Sent after connecting, as it is.
    pub send: Option<Vec<u8>>,
    /// What the answer must be.
    pub expect: Expect,
    /// Longest duration of each phase: connecting, sending, reading.
    pub limit: Duration,
}

/// The protocol of a check and of its virtual server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// A connection.
    Tcp,
    /// Datagrams.
    Udp,
}

/// What makes an answer good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// No answer is awaited. With UDP and a send string, any reply.
    Nothing,
    /// At least one byte: the expect string `*`.
    Anything,
    /// An answer that begins with these bytes. With none, a sign of life: any answer or its end.
    Prefix(Vec<u8>),
}

impl Expect {
    /// The meaning of an expect string, after its backslash sequences were translated.
    pub fn from_text(text: Option<Vec<u8>>) -> Self {
        match text {
            None => Self::Nothing,
            Some(text) if text == b"*" => Self::Anything,
            Some(text) => Self::Prefix(text),
        }
    }

    /// Bytes of an answer that are needed to judge it.
    fn wanted(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Anything => 1,
            Self::Prefix(text) => text.len(),
        }
    }

    /// Judges what was received so far: none if more is needed.
    fn judge(&self, received: &[u8]) -> Option<Result<(), Cause>> {
        match self {
            Self::Nothing => Some(Ok(())),
            Self::Anything => (!received.is_empty()).then_some(Ok(())),
            Self::Prefix(text) => {
                if received.iter().zip(text).any(|(got, wanted)| got != wanted) {
                    return Some(Err(Cause::Different { got: received.to_vec(), wanted: text.clone() }));
                }
                (received.len() >= text.len()).then_some(Ok(()))
            }
        }
    }

    /// Judges an answer that ended here.
    fn judge_whole(&self, received: &[u8]) -> Result<(), Cause> {
        let short = Cause::TooShort { got: received.len(), wanted: self.wanted() };
        self.judge(received).unwrap_or(Err(short))
    }
}

impl Probe {
    /// Checks the real server once. Lasts at most three times the limit; dropping it ends the check.
    ///
    /// # Errors
    ///
    /// A [`Failure`] with the step that went wrong; the real server is not to be used then.
    pub async fn check(&self) -> Result<(), Failure> {
        let outcome = match self.protocol {
            Protocol::Tcp => tcp::check(self).await,
            Protocol::Udp => udp::check(self).await,
        };
        outcome.map_err(|cause| Failure { real_server: self.real_server, cause })
    }

    /// Waits for one phase of the check, at most the limit.
    async fn phase<T>(
        &self,
        phase: impl Future<Output = io::Result<T>>,
        timed_out: Cause,
        failed: fn(nix::errno::Errno) -> Cause,
    ) -> Result<T, Cause> {
        timeout(self.limit, phase).await.map_err(|_| timed_out)?.map_err(|error| failed(errno(&error)))
    }
}
