//! When the checks of a real server begin and how long they may last: specification nanny.md 9 and 13, row 10.

use std::time::{Duration, Instant};

use crate::probe::Limit;

/// Time between two checks in place of none: `timeout` below 1 counts as 1 (nanny.md 13, row 21).
const IN_PLACE_OF_NONE: Duration = Duration::from_secs(1);

/// When checks begin and how long they may last. There are never two checks of one real server at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// Piranha's: this pause from the end of a check to the beginning of the next, and as long for each phase of a
    /// check. A slow answer puts the next check off.
    Pauses(Duration),
    /// From beginning to beginning.
    Beats {
        /// Time from the beginning of a check to the beginning of the next. A check that lasts longer has beats left
        /// out, but shifts none.
        interval: Duration,
        /// Time that a whole check may take.
        timeout: Duration,
    },
}

impl Cadence {
    /// The cadence in the terms of lvs.cf: `pause` is its `timeout`, then come `check_interval` and `check_timeout`.
    /// With neither it is Piranha's; with one, `timeout` is the interval that is not given, and the interval the time
    /// that a check may take.
    pub fn new(pause: Duration, interval: Option<Duration>, timeout: Option<Duration>) -> Self {
        let between = Some(interval.unwrap_or(pause)).filter(|between| !between.is_zero());
        let between = between.unwrap_or(IN_PLACE_OF_NONE);
        if interval.is_none() && timeout.is_none() {
            return Self::Pauses(between);
        }
        Self::Beats { interval: between, timeout: timeout.unwrap_or(between) }
    }

    /// Time between two checks.
    pub fn interval(&self) -> Duration {
        match self {
            Self::Pauses(interval) | Self::Beats { interval, .. } => *interval,
        }
    }

    /// How long a check may last.
    pub fn limit(&self) -> Limit {
        match self {
            Self::Pauses(pause) => Limit::Phase(*pause),
            Self::Beats { timeout, .. } => Limit::Check(*timeout),
        }
    }

    /// When the check after one that was due then, and has ended now, is due; none if that is beyond all clocks.
    pub fn next(&self, due: Instant, ended: Instant) -> Option<Instant> {
        match self {
            Self::Pauses(pause) => ended.checked_add(*pause),
            Self::Beats { interval, .. } => {
                let interval = interval.as_nanos().max(1);
                let beats = ended.saturating_duration_since(due).as_nanos().div_ceil(interval).max(1);
                let passed = u64::try_from(beats.saturating_mul(interval)).ok()?;
                due.checked_add(Duration::from_nanos(passed))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::Cadence;
    use crate::probe::Limit;

    const SECOND: Duration = Duration::from_secs(1);

    fn beats(interval: Duration) -> Cadence {
        Cadence::new(SECOND, Some(interval), None)
    }

    #[test]
    fn what_is_not_given_follows_from_what_is() {
        let (short, long) = (Duration::from_millis(250), SECOND * 6);
        let cases = [
            (None, None, Cadence::Pauses(SECOND)),
            (Some(long), None, Cadence::Beats { interval: long, timeout: long }),
            (None, Some(short), Cadence::Beats { interval: SECOND, timeout: short }),
            (Some(short), Some(long), Cadence::Beats { interval: short, timeout: long }),
        ];
        for (interval, timeout, wanted) in cases {
            assert_eq!(Cadence::new(SECOND, interval, timeout), wanted, "{interval:?} {timeout:?}");
        }
    }

    #[test]
    fn piranhas_limit_is_for_each_phase_and_the_other_for_the_whole_check() {
        assert_eq!(Cadence::new(SECOND, None, None).limit(), Limit::Phase(SECOND));
        assert_eq!(Cadence::new(SECOND, None, Some(SECOND / 4)).limit(), Limit::Check(SECOND / 4));
    }

    #[test]
    fn a_check_that_lasts_longer_has_beats_left_out() {
        let due = Instant::now();
        for (lasted, next) in [(0, 1000), (1, 1000), (1000, 1000), (1001, 2000), (2500, 3000), (3000, 3000)] {
            let next = due + Duration::from_millis(next);
            assert_eq!(beats(SECOND).next(due, due + Duration::from_millis(lasted)), Some(next), "{lasted}");
        }
    }

    proptest! {
        #[test]
        fn beats_never_drift(interval in 1u64..5000, lasting in prop::collection::vec(0u64..20_000, 1..50)) {
            let interval = Duration::from_millis(interval);
            let first = Instant::now();
            let mut due = first;
            for lasted in lasting {
                let ended = due + Duration::from_millis(lasted);
                let next = beats(interval).next(due, ended).unwrap();
                prop_assert!(next > due, "one check at a time");
                prop_assert!(next >= ended, "a beat that has passed is left out");
                prop_assert!(next.duration_since(ended) <= interval, "and no other");
                prop_assert_eq!(next.duration_since(first).as_nanos() % interval.as_nanos(), 0);
                due = next;
            }
        }

        #[test]
        fn a_pause_begins_at_the_end_of_the_check(pause in 1u64..5000, lasted in 0u64..20_000) {
            let due = Instant::now();
            let (pause, ended) = (Duration::from_millis(pause), due + Duration::from_millis(lasted));
            prop_assert_eq!(Cadence::new(pause, None, None).next(due, ended), Some(ended + pause));
        }
    }
}
