//! Times, and what is told of several of them.

use std::time::{Duration, Instant};

/// Does some work and says how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

/// The middle one.
pub(crate) fn median<T: Ord>(mut values: Vec<T>) -> T {
    values.sort();
    values.swap_remove(values.len() / 2)
}

/// For a column of a table.
pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:9.1} ms", time.as_secs_f64() * 1000.0)
}

/// How many times as long.
pub(crate) fn ratio(time: Duration, than: Duration) -> f64 {
    time.as_secs_f64() / than.as_secs_f64()
}
