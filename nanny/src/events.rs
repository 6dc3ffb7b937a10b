//! What reaches a nanny for one real server from outside, but for answers to its checks.

use control::report::ToNanny;
use health::state::Known;
use service::signals::{Signal, Signals};

use crate::lvsd::{Hearing, known};
use crate::mailbox::{Mailbox, Word};

/// Why nanny ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// SIGTERM, SIGINT or SIGQUIT.
    Signal(Signal),
    /// lvsd is gone.
    Orphaned,
}

/// Signals, and what lvsd says.
#[derive(Debug)]
pub(crate) struct Events {
    signals: Signals,
    lvsd: Option<Hearing<ToNanny>>,
}

impl Events {
    /// `lvsd` is what is heard from lvsd, if it started this nanny.
    pub(crate) fn new(signals: Signals, lvsd: Option<Hearing<ToNanny>>) -> Self {
        Self { signals, lvsd }
    }

    /// Waits until lvsd says what it knows of the real server. Signals meanwhile are left in the mailbox. Without lvsd
    /// nothing is known.
    ///
    /// # Errors
    ///
    /// The end of nanny, if that comes first.
    pub(crate) async fn begin(&mut self, mailbox: &Mailbox) -> Result<Known, End> {
        if self.lvsd.is_none() {
            return Ok(Known::Nothing);
        }
        loop {
            match self.next().await? {
                Event::Signal(signal) => mailbox.post(Word::Signal(signal)),
                Event::Said(ToNanny::Begin { known: begin }) => return Ok(known(begin)),
                Event::Said(message) => deliver(message, mailbox),
            }
        }
    }

    /// Puts what arrives into the mailbox until nanny has to end. May be dropped and called again.
    pub(crate) async fn deliver(&mut self, mailbox: &Mailbox) -> End {
        loop {
            match self.next().await {
                Ok(Event::Signal(signal)) => mailbox.post(Word::Signal(signal)),
                Ok(Event::Said(message)) => deliver(message, mailbox),
                Err(end) => return end,
            }
        }
    }

    async fn next(&mut self) -> Result<Event, End> {
        let said = async {
            match &mut self.lvsd {
                Some(lvsd) => lvsd.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            signal = self.signals.next() => {
                if signal.ends() { Err(End::Signal(signal)) } else { Ok(Event::Signal(signal)) }
            }
            message = said => message.map(Event::Said).ok_or(End::Orphaned),
        }
    }
}

enum Event {
    /// One that does not end nanny.
    Signal(Signal),
    Said(ToNanny),
}

/// Leaves a message of lvsd to the watch. The beginning is said but once.
pub(crate) fn deliver(message: ToNanny, mailbox: &Mailbox) {
    match message {
        ToNanny::Force(force) => mailbox.post(Word::Force(force)),
        ToNanny::Inquire => mailbox.post(Word::Inquire),
        ToNanny::Begin { .. } => {}
    }
}
