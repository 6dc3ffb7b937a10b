//! One check of a real server: specification nanny.md 3 and 13.

mod external;
mod tcp;
mod udp;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::timeout;

use crate::expect::Expect;
use crate::failure::{Cause, Failure, errno};
use crate::program::Program;

/// What a check does.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Address and real port.
    pub real_server: SocketAddr,
    /// How the real server is asked.
    pub question: Question,
    /// What the answer must be. Of a program, its whole output but for the last line's end; with [`Expect::Nothing`]
    /// its exit status counts.
    pub expect: Expect,
    /// Longest duration of each phase: connecting, sending, reading; or of a program.
    pub limit: Duration,
}

/// How a real server is asked.
#[derive(Debug, Clone)]
pub enum Question {
    /// By this text, as it is, over a connection; without one, by the connection alone.
    Tcp(Option<Vec<u8>>),
    /// By a datagram with this text.
    Udp(Option<Vec<u8>>),
    /// By a program.
    Program(Program),
}

impl Probe {
    /// Checks the real server once. Lasts at most three times the limit; dropping it ends the check.
    ///
    /// # Errors
    ///
    /// A [`Failure`] with the step that went wrong; the real server is not to be used then.
    pub async fn check(&self) -> Result<(), Failure> {
        let outcome = match (&self.question, &self.expect) {
            (_, Expect::Impossible(reason)) => Err(Cause::Expression(reason.clone())),
            (Question::Tcp(send), _) => tcp::check(self, send.as_deref()).await,
            (Question::Udp(send), _) => udp::check(self, send.as_deref()).await,
            (Question::Program(program), _) => external::check(self, program).await,
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
