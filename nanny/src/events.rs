//! What interrupts a pause, and what ends nanny.

use std::future::pending;
use std::time::Instant;

use health::load;
use health::state::Known;
use service::signals::{Signal, Signals};
use tokio::sync::mpsc::Receiver;
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
#[derive(Debug)]
pub(crate) enum Pause {
    /// The time has come.
    Over,
    /// A signal that does not end nanny.
    Cut(Signal),
    /// The load that was asked for, or why it is not known.
    Load(Result<f64, load::Error>),
    /// nanny ends.
    End(End),
}

/// Everything that reaches nanny from outside, but for answers to its checks.
#[derive(Debug)]
pub(crate) struct Events {
    interrupts: Interrupts,
    /// Signals that arrived during a check: as with Piranha they take effect in the pause after it.
    deferred: Vec<Signal>,
    loads: Option<Receiver<Result<f64, load::Error>>>,
}

/// What may interrupt anything.
#[derive(Debug)]
struct Interrupts {
    signals: Signals,
    lvsd: Option<Hearing>,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interrupt {
    End(End),
    Signal(Signal),
}

impl Events {
    /// `lvsd` is what is heard from lvsd, if it started this nanny; `loads` is where answers of the load monitor come
    /// out, if there is one.
    pub(crate) fn new(
        signals: Signals,
        lvsd: Option<Hearing>,
        loads: Option<Receiver<Result<f64, load::Error>>>,
    ) -> Self {
        Self { interrupts: Interrupts { signals, lvsd }, deferred: Vec::new(), loads }
    }

    /// Waits until lvsd says what it knows of the real server. Without lvsd nothing is known.
    ///
    /// # Errors
    ///
    /// The end of nanny, if that comes first.
    pub(crate) async fn begin(&mut self) -> Result<Known, End> {
        let Interrupts { signals, lvsd } = &mut self.interrupts;
        let Some(lvsd) = lvsd else { return Ok(Known::Nothing) };
        loop {
            tokio::select! {
                biased;
                signal = signals.next() => match signal {
                    signal if signal.ends() => return Err(End::Signal(signal)),
                    signal => defer(&mut self.deferred, signal),
                },
                known = lvsd.begin() => return known.ok_or(End::Orphaned),
            }
        }
    }

    /// Waits for the end of nanny. May be dropped at any time; signals that do not end nanny are kept for the pause.
    pub(crate) async fn end(&mut self) -> End {
        loop {
            match self.interrupts.next().await {
                Interrupt::End(end) => return end,
                Interrupt::Signal(signal) => defer(&mut self.deferred, signal),
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
                None => pending().await,
            }
        };
        let load = async {
            match &mut self.loads {
                Some(loads) => loads.recv().await,
                None => None,
            }
        };
        tokio::select! {
            biased;
            interrupt = self.interrupts.next() => match interrupt {
                Interrupt::End(end) => Pause::End(end),
                Interrupt::Signal(signal) => Pause::Cut(signal),
            },
            Some(load) = load => Pause::Load(load),
            () = over => Pause::Over,
        }
    }
}

impl Interrupts {
    async fn next(&mut self) -> Interrupt {
        let silence = async {
            match &mut self.lvsd {
                Some(lvsd) => lvsd.end().await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            signal = self.signals.next() => match signal {
                signal if signal.ends() => Interrupt::End(End::Signal(signal)),
                signal => Interrupt::Signal(signal),
            },
            () = silence => Interrupt::End(End::Orphaned),
        }
    }
}

/// Keeps one signal of each kind.
fn defer(deferred: &mut Vec<Signal>, signal: Signal) {
    if !deferred.contains(&signal) {
        deferred.push(signal);
    }
}
