//! Times, and what is told of several of them.

use std::fs;
use std::time::{Duration, Instant};

/// Unit of the times in `/proc/PID/stat`: `USER_HZ`, 100 a second on every computer of today.
const TICK: Duration = Duration::from_millis(10);

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

/// What a process of this computer has taken of the processors so far, in user and kernel mode (proc(5)).
pub(crate) fn processor_time(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("a running process");
    // Behind the name in brackets, which may contain anything, comes the third field.
    let fields = stat.rsplit_once(") ").map(|(_, fields)| fields).expect("fields of stat");
    let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u32>().expect("a number"));
    TICK * ticks.sum::<u32>()
}
