//! What was done, told on the next page (specification gui.md 5, R3).

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// More notices than these do not wait for their pages.
const MOST: usize = 256;

/// How a notice is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It is done.
    Done,
    /// It is done, or not, and something needs a look.
    Warning,
    /// It is not done.
    Refused,
}

/// Lines above a page, the first of which says the most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) tone: Tone,
    pub(crate) lines: Vec<String>,
    /// Where it is gone on: address and what is on the link.
    pub(crate) links: Vec<(String, String)>,
}

impl Notice {
    pub(crate) fn new(tone: Tone, line: impl Into<String>) -> Self {
        Self { tone, lines: vec![line.into()], links: Vec::new() }
    }

    pub(crate) fn link(mut self, address: impl Into<String>, shown: impl Into<String>) -> Self {
        self.links.push((address.into(), shown.into()));
        self
    }

    pub(crate) fn and(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// In words, since nothing may be told by colour alone.
    pub(crate) fn word(&self) -> &'static str {
        match self.tone {
            Tone::Done => "Done",
            Tone::Warning => "Note",
            Tone::Refused => "Not done",
        }
    }

    /// The class of the style sheet.
    pub(crate) fn class(&self) -> &'static str {
        match self.tone {
            Tone::Done => "done",
            Tone::Warning => "warning",
            Tone::Refused => "refused",
        }
    }
}

/// Notices that wait for the next page of a user.
#[derive(Debug, Default)]
pub(crate) struct Notices(Mutex<VecDeque<(String, Notice)>>);

impl Notices {
    /// Keeps a notice for the next page that this client is shown.
    pub(crate) fn leave(&self, client: &str, notice: Notice) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST {
            waiting.pop_front();
        }
        waiting.push_back((client.to_owned(), notice));
    }

    /// What waits for this client, which is told once.
    pub(crate) fn take(&self, client: &str) -> Vec<Notice> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (his, others) = waiting.drain(..).partition(|(whose, _)| whose == client);
        *waiting = others;
        let his: VecDeque<(String, Notice)> = his;
        his.into_iter().map(|(_, notice)| notice).collect()
    }
}
