//! What the router says of itself, besides the four bytes.

use super::departure::Reason;
use super::{Duty, Machine};
use crate::Moment;
use crate::insight::{Insight, Parts};
use crate::trailer::{Departure, Standing, Timers, Trailer};

impl Machine {
    /// Role, state, times, and why it is no longer active.
    pub fn account(&self) -> Trailer {
        Trailer {
            standing: Some(Standing { role: self.settings.role, state: self.state() }),
            timers: Some(Timers { keepalive: self.settings.keepalive, deadtime: self.settings.deadtime }),
            departure: self.departure.map(Reason::departure),
            hand_over: self.hand_over.said(),
            ..Trailer::default()
        }
    }

    /// What it knows.
    pub fn insight(&self, now: Moment) -> Insight {
        let Self { settings, history, hold_down, heard, links, .. } = self;
        Parts { settings, history, hold_down, heard, links }.insight(now)
    }

    /// The partner believes this router once it has heard what it hears, and need not wait for that until the next
    /// heartbeat is due. (It has heard this router before, so that has spoken.)
    pub(super) fn introduce(&mut self, now: Moment) {
        if !matches!(self.duty, Duty::Ending(_)) {
            self.send_due = now;
            self.send_if_due(now);
        }
    }
}

impl Reason {
    /// As `docs/heartbeat.md` lists them.
    fn departure(self) -> Departure {
        let (code, text) = match self {
            Self::Tie => (1, "both routers were active, and the primary stays"),
            Self::Link => (2, "a link is down"),
            Self::Lvsd => (3, "lvsd cannot be kept running"),
            Self::Signal => (4, "pulse was told to end"),
            Self::HandOver => (5, "an administrator wants the other router to serve"),
        };
        Departure { code, text: text.to_owned() }
    }
}
