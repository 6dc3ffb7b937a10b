//! A standby whose lvsd runs: its table is programmed and its real servers are checked before the active router dies
//! (`#% hot_standby`). Piranha's standby runs nothing but pulse.

use super::{Duty, Machine};
use crate::Moment;
use crate::line::Line;
use std::time::Duration;

impl Machine {
    /// Starts lvsd on a router that is not active, if it shall run there.
    pub(super) fn keep_hot(&mut self, now: Moment) {
        if self.is_hot() && self.lvsd.is_gone() {
            self.start_lvsd(now);
        }
    }

    /// Ends lvsd on a router that is not active, unless it shall run there.
    pub(super) fn stop_idle_lvsd(&mut self, now: Moment) {
        if !self.is_hot() {
            self.stop_lvsd(now);
        }
    }

    /// It ended by itself after it had been ready for so long, if it ever was. Nobody is waiting for it: it may take its
    /// time.
    pub(super) fn pause_hot_lvsd(&mut self, ready_for: Option<Duration>, now: Moment) {
        if self.is_hot() {
            self.lvsd.count_failure(ready_for.unwrap_or_default());
            let (attempt, pause) = self.lvsd.pause(now);
            self.log(Line::RestartingLvsd { attempt, pause });
        }
    }

    /// One that has failed, or cannot take over because of its links, stays cold until it can.
    fn is_hot(&self) -> bool {
        let able = !self.hold_down.failed && self.link_failure.is_none();
        self.settings.hot_standby && able && matches!(self.duty, Duty::Standby)
    }
}
