//! Waiting for a condition instead of sleeping.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Pause between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until `condition` holds and returns how long that took.
///
/// # Panics
///
/// When `limit` has passed; `what` says what was waited for.
pub fn wait_until(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < limit, "waited {limit:?} in vain for: {what}");
        sleep(PAUSE);
    }
    start.elapsed()
}

/// Watches that `condition` goes on holding for the whole `period`.
///
/// # Panics
///
/// As soon as it does not hold; `what` says what should have been.
pub fn holds_for(what: &str, period: Duration, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while start.elapsed() < period {
        assert!(condition(), "no longer true after {:?}: {what}", start.elapsed());
        sleep(PAUSE);
    }
}
