//! Without settings that Piranha does not know, a real server comes and goes as with Piranha.

use std::time::Duration;

use health::state::{Action, Known};
use proptest::prelude::*;

use crate::watched::{Watched, failure, log, policy};

/// The loop of specification nanny.md 5 and the slow start of 6, line by line, in whole seconds.
struct Piranha {
    interval: u64,
    configured: u32,
    threshold: u64,
    active: bool,
    count: u64,
    last: u32,
}

impl Piranha {
    fn new(interval: u64, reentry: u64, configured: u32) -> Self {
        let reentry = if reentry == 0 { 180 } else { reentry };
        let threshold = reentry / interval;
        Self { interval, configured, threshold, active: false, count: threshold, last: 0 }
    }

    /// A check: the changes of the table.
    fn check(&mut self, good: bool) -> Vec<String> {
        let mut changes = Vec::new();
        if good {
            self.count += 1;
        }
        if good && !self.active && self.count >= self.threshold {
            self.active = true;
            self.last = (self.configured >> 5).max(1);
            changes.push(format!("add {}", self.last));
        } else if !good && self.active {
            self.count = 0;
            self.active = false;
            changes.push("remove".to_owned());
        } else if !good && self.count != 0 {
            self.count = 0;
        }
        let adjusted = self.active && (self.interval > 20 || self.count.is_multiple_of(20 / self.interval));
        if adjusted && self.last < self.configured {
            self.last = (2 * self.last).min(self.configured);
            changes.push(format!("set {}", self.last));
        }
        changes
    }
}

/// A check by the machine under test, in the same words. A bad check of a real server that is not in service is
/// reported to lvsd once, but changes no table.
fn check(watched: &mut Watched, good: bool) -> (Vec<String>, Vec<String>) {
    let used = watched.health.is_up();
    let actions = watched.check(good);
    let changes = actions.iter().filter_map(|action| match action {
        Action::Up { weight } => Some(format!("add {weight}")),
        Action::Weight { weight } => Some(format!("set {weight}")),
        Action::Down { .. } => used.then(|| "remove".to_owned()),
        Action::MeasureLoad | Action::Log(_) => None,
    });
    let transitions = log(&actions, false).into_iter().filter(|line| line.starts_with('['));
    (changes.collect(), transitions.collect())
}

proptest! {
    #[test]
    fn any_outcomes_have_the_consequences_that_they_had_with_piranha(
        interval in 1u64..100, reentry in 0u64..400, weight in 1u32..70_000,
        checks in prop::collection::vec(prop::bool::weighted(0.9), 0..400),
    ) {
        let mut piranha = Piranha::new(interval, reentry, weight);
        let mut watched = Watched::new(policy(interval, reentry, weight), Known::Nothing);
        for good in checks {
            let wanted = piranha.check(good);
            let (changes, transitions) = check(&mut watched, good);
            prop_assert_eq!(&changes, &wanted);
            let lines: Vec<&str> = wanted.iter().filter_map(|change| match change.as_str() {
                "remove" => Some("[inactive] shutting down 10.1.1.2:80 due to connection failure"),
                add if add.starts_with("add") => Some("[ active ] making 10.1.1.2:80 available"),
                _ => None,
            }).collect();
            prop_assert_eq!(transitions, lines);
        }
    }

    #[test]
    fn the_pause_follows_every_check_as_with_piranha(
        interval in 1u64..100, lasting in prop::collection::vec((0u64..300_000, any::<bool>()), 1..50),
    ) {
        let mut watched = Watched::new(policy(interval, 180, 1), Known::Nothing);
        for (lasted, good) in lasting {
            let end = watched.health.due().expect("a check is due") + Duration::from_millis(lasted);
            let outcome = if good { Ok(()) } else { Err(failure(health::failure::Cause::ReadTimedOut)) };
            watched.health.checked(outcome, end);
            prop_assert_eq!(watched.health.due(), Some(end + Duration::from_secs(interval)));
        }
    }
}
