//! The clock that pulse decides by. Nobody sets it, and it goes on while the machine is suspended.
//!
//! [`Instant`] stands still then: an active router that wakes up would go on announcing as if its partner had not served
//! meanwhile, and a standby would give its partner no more than what was left of `deadtime`, while its network devices
//! still come back. With this clock both find themselves late (specification pulse.md section 23, F15). A virtual machine
//! that its host has paused cannot know: no clock of its own goes on. What it hears then decides.

use std::time::{Duration, Instant};

use heartbeat::Moment;
use nix::time::{ClockId, clock_gettime};

/// Counts from its start.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { started: since_boot() }
    }

    pub(crate) fn now(&self) -> Moment {
        since_boot().saturating_sub(self.started)
    }

    /// The moment on the clock of timers, which stands still while the machine is suspended: they come late then.
    pub(crate) fn instant(&self, moment: Moment) -> Instant {
        let ahead = moment.saturating_sub(self.now());
        Instant::now() + ahead
    }
}

/// Linux has had the clock since 2.6.39, and reading one that exists cannot fail (`clock_gettime(2)`).
fn since_boot() -> Duration {
    clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_timers_agree() {
        let clock = Clock::start();
        let moment = clock.now() + Duration::from_secs(3600);
        let before = Instant::now();
        let distance = clock.instant(moment).saturating_duration_since(before);
        assert!(distance.abs_diff(Duration::from_secs(3600)) < Duration::from_secs(60), "{distance:?}");
        assert!(clock.instant(Moment::ZERO) <= Instant::now(), "what is over is due now");
    }
}
