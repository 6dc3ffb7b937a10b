//! Words for the watch over one real server, until it takes them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use control::report::Force;
use service::signals::Signal;
use tokio::sync::Notify;

/// What somebody wants of the watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// By a signal that does not end nanny. As with Piranha it takes effect in a pause, not during a check.
    Signal(Signal),
    /// By lvsd: a state is forced or released.
    Force(Force),
    /// By lvsd: how do the checks go?
    Inquire,
}

/// What the watch is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occupation {
    /// It waits for the time of the next check.
    Pause,
    /// It waits for the end of a check.
    Check,
}

/// The words that wait, in order. One of a kind is enough, so there are never many.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    words: Mutex<VecDeque<Word>>,
    arrival: Notify,
}

impl Mailbox {
    /// Leaves a word. An equal one that waits already is said later instead of twice.
    pub(crate) fn post(&self, word: Word) {
        let mut words = self.words();
        words.retain(|waiting| *waiting != word);
        words.push_back(word);
        self.arrival.notify_one();
    }

    /// Waits for the next word that takes effect now. May be dropped and called again.
    pub(crate) async fn next(&self, occupation: Occupation) -> Word {
        loop {
            if let Some(word) = self.take(occupation) {
                return word;
            }
            self.arrival.notified().await;
        }
    }

    fn take(&self, occupation: Occupation) -> Option<Word> {
        let deferred = |word: &Word| occupation == Occupation::Check && matches!(word, Word::Signal(_));
        let mut words = self.words();
        let place = words.iter().position(|word| !deferred(word))?;
        words.remove(place)
    }

    fn words(&self) -> MutexGuard<'_, VecDeque<Word>> {
        // A word is posted or taken whole, whatever else went wrong.
        self.words.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
