//! Checks that begin after their time, and when that is worth a line. Pure.

use std::fmt;
use std::time::{Duration, Instant};

/// A check that begins this long after its time is late.
const LATE: Duration = Duration::from_millis(200);
/// Pause before late checks are told again.
const REPEAT: Duration = Duration::from_secs(60);

/// The late checks that nobody was told of.
#[derive(Debug, Default)]
pub(crate) struct Lateness {
    late: u64,
    worst: Duration,
    told: Option<Instant>,
}

/// What is told of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LateChecks {
    count: u64,
    worst: Duration,
}

impl Lateness {
    /// A check begins now that was due then. Gives what is to be told, the first time at once.
    pub(crate) fn begin(&mut self, due: Instant, now: Instant) -> Option<LateChecks> {
        let late = now.saturating_duration_since(due);
        if late > LATE {
            self.late = self.late.saturating_add(1);
            self.worst = self.worst.max(late);
        }
        let silent = self.told.is_some_and(|told| now.saturating_duration_since(told) < REPEAT);
        if self.late == 0 || silent {
            return None;
        }
        let checks = LateChecks { count: self.late, worst: self.worst };
        *self = Self { told: Some(now), ..Self::default() };
        Some(checks)
    }
}

impl fmt::Display for LateChecks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, limit, worst) = (self.count, LATE.as_secs_f64(), self.worst.as_secs_f64());
        let checks = if count == 1 { "check" } else { "checks" };
        write!(f, "{count} {checks} began more than {limit} s late, {worst:.1} s at the most")
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{LATE, Lateness, REPEAT};

    #[test]
    fn the_first_late_check_is_told_at_once_and_more_once_a_minute() {
        let mut lateness = Lateness::default();
        let begin = Instant::now();
        let mut told = Vec::new();
        for (at, late) in [(0, 0), (1, 200), (2, 201), (3, 700), (4, 4000), (59, 0), (63, 0), (200, 0)] {
            let due = begin + Duration::from_secs(at);
            if let Some(checks) = lateness.begin(due, due + Duration::from_millis(late)) {
                told.push(format!("{at}: {checks}"));
            }
        }
        assert_eq!((LATE, REPEAT), (Duration::from_millis(200), Duration::from_secs(60)));
        assert_eq!(
            told,
            [
                "2: 1 check began more than 0.2 s late, 0.2 s at the most",
                "63: 2 checks began more than 0.2 s late, 4.0 s at the most",
            ]
        );
    }
}
