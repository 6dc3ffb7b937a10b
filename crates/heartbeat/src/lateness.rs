//! A loop that comes too late cannot judge silence: it was stopped itself, and the partner's heartbeats with it
//! (specification pulse.md section 23, F15).

use crate::Moment;
use std::time::Duration;

/// How late the loop is, and whether that has been excused already.
#[derive(Debug, Default)]
pub(crate) struct Lateness {
    late: Option<Duration>,
    excused: bool,
}

impl Lateness {
    /// The loop comes now and had wanted to come then. Answers with how late it is, if that is news.
    pub(crate) fn notice(
        &mut self,
        wanted: Option<Moment>,
        tolerance: Duration,
        now: Moment,
    ) -> Option<Duration> {
        let late = now.saturating_sub(wanted?);
        let news = self.late.is_none() && late > tolerance;
        news.then(|| *self.late.insert(late))
    }

    /// How late the loop is, once: a loop that is late again must act.
    pub(crate) fn excuse(&mut self) -> Option<Duration> {
        let excuse = self.late.filter(|_| !self.excused);
        self.excused = excuse.is_some();
        excuse
    }

    pub(crate) fn is_late(&self) -> bool {
        self.late.is_some()
    }

    /// All timers have been looked at.
    pub(crate) fn caught_up(&mut self) {
        self.late = None;
    }

    /// The partner has been heard.
    pub(crate) fn forgive(&mut self) {
        self.excused = false;
    }
}
