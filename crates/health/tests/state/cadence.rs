//! When checks begin: specification nanny.md 9 and 13, row 10.

use std::time::{Duration, Instant};

use health::cadence::Cadence;
use health::policy::Policy;
use health::state::{Health, Known};

use crate::watched::{Watched, real_server};

const SECOND: Duration = Duration::from_secs(1);

/// A real server that is checked this often, from beginning to beginning.
fn beating(interval: Duration, first: Instant) -> Health {
    let cadence = Cadence::new(SECOND, Some(interval), None);
    Health::new(real_server(), Policy::new(cadence, SECOND * 180, 64), Known::Nothing, first)
}

#[test]
fn checks_begin_on_the_beat_however_long_they_last() {
    let first = Instant::now();
    let mut health = beating(SECOND, first);
    let mut begun = Vec::new();
    for lasted in [10, 900, 1000, 1001, 2500, 0] {
        let due = health.due().expect("a check is due");
        begun.push(due.duration_since(first).as_secs());
        health.checked(Ok(()), due + Duration::from_millis(lasted));
    }
    assert_eq!(begun, [0, 1, 2, 3, 5, 8]);
}

#[test]
fn the_first_check_waits_for_its_turn() {
    let turn = Instant::now() + SECOND * 3;
    assert_eq!(beating(SECOND, turn).due(), Some(turn));
}

#[test]
fn a_check_that_was_asked_for_begins_a_new_beat() {
    let first = Instant::now();
    let mut health = beating(SECOND, first);
    health.checked(Ok(()), first);
    let asked = first + SECOND / 4;
    health.check_now(asked);
    assert_eq!(health.due(), Some(asked));
    health.checked(Ok(()), asked + SECOND / 8);
    assert_eq!(health.due(), Some(asked + SECOND));
}

#[test]
fn the_slow_start_takes_its_time_at_any_interval() {
    // Milliseconds, and how many checks lie between two steps: 20 s and no more.
    for (interval, every) in
        [(50, 400), (500, 40), (1500, 13), (2500, 8), (7500, 2), (19_999, 1), (30_000, 1)]
    {
        let policy = beating(Duration::from_millis(interval), Instant::now());
        let mut watched = Watched { health: policy, now: Instant::now() };
        let steps: Vec<usize> =
            (0..2500).filter(|_| crate::watched::changes(&watched.check(true)).contains('=')).collect();
        let gaps: Vec<usize> = steps.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(gaps, [every; 4], "interval {interval}");
    }
}

#[test]
fn the_reentry_time_is_counted_in_whole_intervals_of_any_length() {
    let reentry = |interval| {
        let cadence = Cadence::new(SECOND, Some(Duration::from_millis(interval)), None);
        Policy::new(cadence, SECOND * 6, 1).threshold()
    };
    assert_eq!([reentry(250), reentry(500), reentry(2500), reentry(6001)], [24, 12, 2, 0]);
}
