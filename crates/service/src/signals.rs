//! The signals that a daemon acts on.

use std::fmt;
use std::io;

use nix::sys::signal::{SigSet, Signal as Number};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// A signal that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: end in good order.
    Terminate,
    /// SIGINT: the same, from the terminal.
    Interrupt,
    /// SIGQUIT: the same, from the terminal, too.
    Quit,
    /// SIGHUP: read the configuration again.
    Hangup,
    /// SIGUSR1.
    User1,
    /// SIGUSR2.
    User2,
    /// SIGALRM.
    Alarm,
}

impl Signal {
    /// Whether the daemon shall end.
    pub fn ends(self) -> bool {
        matches!(self, Self::Terminate | Self::Interrupt | Self::Quit)
    }

    /// The number, as the system counts.
    pub fn number(self) -> i32 {
        let number = match self {
            Self::Terminate => Number::SIGTERM,
            Self::Interrupt => Number::SIGINT,
            Self::Quit => Number::SIGQUIT,
            Self::Hangup => Number::SIGHUP,
            Self::User1 => Number::SIGUSR1,
            Self::User2 => Number::SIGUSR2,
            Self::Alarm => Number::SIGALRM,
        };
        number as i32
    }
}

impl fmt::Display for Signal {
    /// The number, as log lines name it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

/// Catches the signals of [`Signal`]. SIGPIPE is ignored from the start by Rust's own runtime.
#[derive(Debug)]
pub struct Signals {
    terminate: Stream,
    interrupt: Stream,
    quit: Stream,
    hangup: Stream,
    user1: Stream,
    user2: Stream,
    alarm: Stream,
}

impl Signals {
    /// Begins to catch. Call it inside the event loop, before anything that must not be cut short.
    ///
    /// Signals that the parent had blocked are let through from here on: the original lvsd starts its monitors with
    /// SIGINT, SIGCHLD, SIGTERM and SIGHUP blocked (specification lvsd.md 5.3).
    ///
    /// # Errors
    ///
    /// What sigaction(2) says.
    pub fn catch() -> io::Result<Self> {
        let signals = Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: signal(SignalKind::hangup())?,
            user1: signal(SignalKind::user_defined1())?,
            user2: signal(SignalKind::user_defined2())?,
            alarm: signal(SignalKind::alarm())?,
        };
        // Only now that they do not kill any more.
        SigSet::all().thread_unblock()?;
        Ok(signals)
    }

    /// Waits for the next signal. Several of one kind that arrive together count as one. May be dropped and called
    /// again without losing any.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.quit.recv() => Signal::Quit,
            _ = self.hangup.recv() => Signal::Hangup,
            _ = self.user1.recv() => Signal::User1,
            _ = self.user2.recv() => Signal::User2,
            _ = self.alarm.recv() => Signal::Alarm,
        }
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::signal::{SigSet, Signal as Number, raise};

    use super::{Signal, Signals};

    #[tokio::test]
    async fn what_the_parent_had_blocked_is_heard() {
        let mut blocked = SigSet::empty();
        for signal in [Number::SIGINT, Number::SIGCHLD, Number::SIGTERM, Number::SIGHUP] {
            blocked.add(signal);
        }
        blocked.thread_block().unwrap();
        let mut signals = Signals::catch().unwrap();
        raise(Number::SIGTERM).unwrap();
        assert_eq!(signals.next().await, Signal::Terminate);
        assert_eq!(SigSet::thread_get_mask().unwrap(), SigSet::empty());
    }
}
