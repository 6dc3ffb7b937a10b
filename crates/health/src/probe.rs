//! One check of a real server: specification nanny.md 3 and 13.

mod external;
mod reading;
mod tcp;
mod udp;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use nix::errno::Errno;
use tokio::time::{Instant, timeout_at};

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
    /// How long it may last.
    pub limit: Limit,
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

/// How long a check may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// So long for each phase: connecting, sending, reading; or for a program.
    Phase(Duration),
    /// So long for the whole check.
    Check(Duration),
}

impl Probe {
    /// Checks the real server once, within its limit. Dropping this ends the check.
    ///
    /// # Errors
    ///
    /// A [`Failure`] with the step that went wrong; the real server is not to be used then.
    pub async fn check(&self) -> Result<(), Failure> {
        self.check_since(Instant::now().into()).await
    }

    /// The same by somebody who knows what time it is now: to look at the clock is not always cheap.
    ///
    /// # Errors
    ///
    /// Those of [`Probe::check`].
    pub async fn check_since(&self, now: std::time::Instant) -> Result<(), Failure> {
        let attempt = Attempt {
            real_server: self.real_server,
            expect: &self.expect,
            limit: self.limit,
            begun: now.into(),
        };
        let outcome = match (&self.question, &self.expect) {
            (_, Expect::Impossible(reason)) => Err(Cause::Expression(reason.clone())),
            (Question::Tcp(send), _) => tcp::check(&attempt, send.as_deref()).await,
            (Question::Udp(send), _) => udp::check(&attempt, send.as_deref()).await,
            // Its buffers would make every check kilobytes larger.
            (Question::Program(program), _) => Box::pin(external::check(&attempt, program)).await,
        };
        outcome.map_err(|cause| Failure { real_server: self.real_server, cause })
    }
}

/// A check under way.
struct Attempt<'a> {
    real_server: SocketAddr,
    expect: &'a Expect,
    limit: Limit,
    begun: Instant,
}

impl Attempt<'_> {
    /// When a phase has to be over that begins now.
    fn deadline(&self) -> Instant {
        match self.limit {
            Limit::Phase(limit) => Instant::now() + limit,
            Limit::Check(limit) => self.begun + limit,
        }
    }

    /// How long a phase may last that begins now.
    fn left(&self) -> Duration {
        match self.limit {
            Limit::Phase(limit) => limit,
            Limit::Check(limit) => limit.saturating_sub(self.begun.elapsed()),
        }
    }

    /// Waits for one phase of the check.
    async fn phase<T>(
        &self,
        phase: impl Future<Output = io::Result<T>>,
        timed_out: Cause,
        failed: fn(Errno) -> Cause,
    ) -> Result<T, Cause> {
        timeout_at(self.deadline(), phase)
            .await
            .map_err(|_| timed_out)?
            .map_err(|error| failed(errno(&error)))
    }
}
