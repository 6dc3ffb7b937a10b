//! Waiting for a condition instead of sleeping.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Shortest pause between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until `condition` holds and returns how long that took.
///
/// # Panics
///
/// When `limit` has passed; `what` says what was waited for.
pub fn wait_until(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !look(&mut condition) {
        assert!(start.elapsed() < limit, "waited {limit:?} in vain for: {what}");
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
        assert!(look(&mut condition), "no longer true after {:?}: {what}", start.elapsed());
    }
}

/// Looks, and rests if the answer is no or may become no. Looking may mean to start programs on the only processor that all
/// machines share, so it gets a third of it at most.
fn look(condition: &mut impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    let answer = condition();
    sleep(PAUSE.max(2 * start.elapsed()));
    answer
}
