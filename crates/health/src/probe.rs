//! One check of a real server: specification nanny.md 3 and 13.

mod tcp;
mod udp;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::timeout;

use crate::expect::Expect;
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

impl Probe {
    /// Checks the real server once. Lasts at most three times the limit; dropping it ends the check.
    ///
    /// # Errors
    ///
    /// A [`Failure`] with the step that went wrong; the real server is not to be used then.
    pub async fn check(&self) -> Result<(), Failure> {
        let outcome = match (self.protocol, &self.expect) {
            (_, Expect::Impossible(reason)) => Err(Cause::Expression(reason.clone())),
            (Protocol::Tcp, _) => tcp::check(self).await,
            (Protocol::Udp, _) => udp::check(self).await,
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
