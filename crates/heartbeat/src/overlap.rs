//! Both routers active at once: for how long, as far as one of them can know (specification pulse.md section 23, F8).

use crate::Moment;
use crate::line::Line;

/// The time in which both are active.
#[derive(Debug, Default)]
pub(crate) struct Overlap {
    known: Option<(Moment, Moment)>,
}

impl Overlap {
    /// The partner, active since then, says so now, and this router has been active, too.
    pub(crate) fn extend(&mut self, own: Moment, partner: Moment, now: Moment) {
        let since = self.known.map_or(own.max(partner), |(since, _)| since);
        self.known = Some((since, now));
    }

    /// One of them is active no more; answers with what is to be told if both were.
    pub(crate) fn end(&mut self) -> Option<Line> {
        self.known.take().map(|(since, until)| Line::BothActive { time: until.saturating_sub(since) })
    }
}
