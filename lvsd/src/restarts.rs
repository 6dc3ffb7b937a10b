//! When a process that ended is started again. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::monitors::Watcher;

/// Pauses before the first, second, ... restart. After the last one the process is given up.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];
/// One that ran this long was sound: its failures are forgotten.
const SOUND: Duration = Duration::from_secs(60);

/// What to do about a process that ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is started again after this pause.
    Again(Duration),
    /// It fails again and again.
    GiveUp,
}

/// The processes that wait for their restart, and how often each has failed.
#[derive(Debug, Default)]
pub(crate) struct Restarts {
    failures: BTreeMap<Watcher, usize>,
    due: BTreeMap<Watcher, Duration>,
}

impl Restarts {
    /// A process ended that nobody had asked to end, after it had run for `ran`.
    pub(crate) fn ended(&mut self, watcher: &Watcher, ran: Duration, now: Duration) -> Decision {
        let failures = self.failures.entry(watcher.clone()).or_default();
        if ran >= SOUND {
            *failures = 0;
        }
        let Some(&pause) = PAUSES.get(*failures) else { return Decision::GiveUp };
        *failures += 1;
        self.due.insert(watcher.clone(), now + pause);
        Decision::Again(pause)
    }

    /// The processes whose pause is over; each is told once.
    pub(crate) fn take_due(&mut self, now: Duration) -> Vec<Watcher> {
        let due: Vec<_> =
            self.due.iter().filter(|(_, at)| **at <= now).map(|(watcher, _)| watcher.clone()).collect();
        self.due.retain(|_, at| *at > now);
        due
    }

    /// When the next pause is over.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.due.values().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Decision, PAUSES, Restarts, SOUND};
    use crate::monitors::Watcher;

    fn watcher() -> Watcher {
        Watcher::Pool("/usr/sbin/nanny".into())
    }

    #[test]
    fn pauses_grow_and_end() {
        let mut restarts = Restarts::default();
        let mut now = Duration::ZERO;
        for pause in PAUSES {
            assert_eq!(restarts.ended(&watcher(), Duration::ZERO, now), Decision::Again(pause));
            assert_eq!(restarts.next(), Some(now + pause));
            assert_eq!(restarts.take_due(now + pause / 2), []);
            now += pause;
            assert_eq!(restarts.take_due(now), [watcher()]);
            assert_eq!(restarts.take_due(now), []);
        }
        assert_eq!(restarts.ended(&watcher(), Duration::ZERO, now), Decision::GiveUp);
    }

    #[test]
    fn a_process_that_ran_well_is_forgiven() {
        let mut restarts = Restarts::default();
        for _ in 0..20 {
            assert_eq!(restarts.ended(&watcher(), SOUND, Duration::ZERO), Decision::Again(PAUSES[0]));
        }
    }
}
