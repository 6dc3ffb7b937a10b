//! What happened, what a visitor noticed of it, and whether that was allowed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One thing that happened. Clones of [`Events`] share the list, so that what was measured survives a story that breaks off.
#[derive(Debug, Clone)]
struct Event {
    what: &'static str,
    silence: Duration,
    longest: Duration,
    failed: usize,
    most: Option<usize>,
}

/// Everything that happened so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events(Arc<Mutex<Vec<Event>>>);

impl Events {
    /// Notes an event: the longest time without an answer and the longest allowed, requests that failed and how many may.
    pub(crate) fn note(
        &self,
        what: &'static str,
        (silence, longest): (Duration, Duration),
        (failed, most): (usize, Option<usize>),
    ) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.push(Event { what, silence, longest, failed, most });
    }

    /// Whether nothing was worse than allowed.
    pub(crate) fn all_held(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().all(Event::held)
    }
}

impl Event {
    fn held(&self) -> bool {
        self.silence <= self.longest && self.most.is_none_or(|most| self.failed <= most)
    }
}

impl fmt::Display for Events {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["event", "longest time without an answer", "allowed", "requests failed", ""];
        writeln!(out, "{:<44} {:>30} {:>8} {:>16} {}", head[0], head[1], head[2], head[3], head[4])?;
        for event in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let (silence, longest) = (seconds(event.silence), seconds(event.longest));
            let verdict = if event.held() { "held" } else { "NOT HELD" };
            writeln!(out, "{:<44} {silence:>30} {longest:>8} {:>16} {verdict}", event.what, event.failed)?;
        }
        Ok(())
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
