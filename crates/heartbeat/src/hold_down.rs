//! How long a router that could not keep lvsd running leaves the service to a living partner, and how often the
//! service moves (specification pulse.md section 23, F12 and F13).

use crate::Moment;
use std::collections::VecDeque;
use std::time::Duration;

const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(600);

/// The pause after a failure, doubling from failure to failure.
#[derive(Debug, Default)]
pub(crate) struct HoldDown {
    /// This router is inactive because lvsd could not be kept running, and the partner has not taken over yet.
    pub(crate) failed: bool,
    /// How often it has failed since it last served for long.
    failures: u32,
    until: Option<Moment>,
}

impl HoldDown {
    /// lvsd has failed for good. Answers with the time that is now held down.
    pub(crate) fn begin(&mut self, now: Moment) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let length = self.doubled(SHORTEST, LONGEST);
        self.until = Some(now + length);
        self.failed = true;
        length
    }

    pub(crate) fn holds(&self, now: Moment) -> bool {
        self.until(now).is_some()
    }

    /// The end of it, if it is to come.
    pub(crate) fn until(&self, now: Moment) -> Option<Moment> {
        self.until.filter(|until| now < *until)
    }

    /// For how long a living partner may leave the service alone before this router tries again. Two routers that cannot
    /// serve thus try in turn, and ever more rarely.
    pub(crate) fn patience(&self, deadtime: Duration) -> Duration {
        self.doubled(deadtime, SHORTEST.max(deadtime))
    }

    /// There is nobody to leave the service to.
    pub(crate) fn end(&mut self) {
        self.until = None;
    }

    /// lvsd ran for so long; a failure after the longest pause is the first one again.
    pub(crate) fn served(&mut self, time: Duration) {
        if time >= LONGEST {
            self.failures = 0;
        }
    }

    /// A time that is this one after the first failure.
    fn doubled(&self, first: Duration, longest: Duration) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(16);
        first.saturating_mul(1 << doublings).min(longest)
    }
}

const WINDOW: Duration = Duration::from_secs(300);
const USUAL: usize = 3;

/// The activations of the last five minutes.
#[derive(Debug, Default)]
pub(crate) struct Activations {
    at: VecDeque<Moment>,
}

impl Activations {
    /// Counts one; answers with the number if it is more than usual.
    pub(crate) fn count(&mut self, now: Moment) -> Option<usize> {
        while self.at.front().is_some_and(|at| *at + WINDOW <= now) {
            self.at.pop_front();
        }
        self.at.push_back(now);
        (self.at.len() > USUAL).then_some(self.at.len())
    }
}
