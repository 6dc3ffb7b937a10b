//! What interrupts a pause, and what ends nanny.

use std::time::Instant;

use health::state::Known;
use service::signals::{Signal, Signals};
use tokio::time::sleep_until;

use crate::lvsd::Hearing;

/// Why nanny ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// SIGTERM or SIGINT.
    Signal(Signal),
    /// lvsd is gone.
    Orphaned,
}

/// How a pause ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    /// The time has come.
    Over,
    /// A signal that does not end nanny.
    Cut(Signal),
    /// nanny ends.
    End(End),
}

/// Everything that reaches nanny from outside, but for answers to its checks.
#[derive(Debug)]
pub(crate) struct Events {
    signals: Signals,
    lvsd: Option<Hearing>,
    /// Signals that arrived during a check: as with Piranha they take effect in the pause after it.
    deferred: Vec<Signal>,
}

impl Events {
    /// `lvsd` is what is heard from lvsd, if it started this nanny.
    pub(crate) fn new(signals: Signals, lvsd: Option<Hearing>) -> Self {
        Self { signals, lvsd, deferred: Vec::new() }
    }

    /// Waits until lvsd says what it knows of the real server. Without lvsd nothing is known.
    ///
    /// # Errors
    ///
    /// The end of nanny, if that comes first.
    pub(crate) async fn begin(&mut self) -> Result<Known, End> {
        let Some(lvsd) = &mut self.lvsd else { return Ok(Known::Nothing) };
        loop {
            tokio::select! {
                biased;
                signal = self.signals.next() => {
                    if signal.ends() {
                        return Err(End::Signal(signal));
                    }
                    defer(&mut self.deferred, signal);
                }
                known = lvsd.begin() => return known.ok_or(End::Orphaned),
            }
        }
    }

    /// Waits for the end of nanny. May be dropped at any time; signals that do not end nanny are kept for the pause.
    pub(crate) async fn end(&mut self) -> End {
        loop {
            match self.next().await {
                Pause::End(end) => return end,
                Pause::Cut(signal) => defer(&mut self.deferred, signal),
                Pause::Over => {}
            }
        }
    }

    /// Waits until the time has come, for ever without one, or until something happens.
    pub(crate) async fn pause(&mut self, until: Option<Instant>) -> Pause {
        if !self.deferred.is_empty() {
            return Pause::Cut(self.deferred.remove(0));
        }
        let over = async {
            match until {
                Some(until) => sleep_until(until.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            event = self.next() => event,
            () = over => Pause::Over,
        }
    }

    async fn next(&mut self) -> Pause {
        let silence = async {
            match &mut self.lvsd {
                Some(lvsd) => lvsd.end().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            signal = self.signals.next() => if signal.ends() { Pause::End(End::Signal(signal)) } else { Pause::Cut(signal) },
            () = silence => Pause::End(End::Orphaned),
        }
    }
}

/// Keeps one signal of each kind.
fn defer(deferred: &mut Vec<Signal>, signal: Signal) {
    if !deferred.contains(&signal) {
        deferred.push(signal);
    }
}
