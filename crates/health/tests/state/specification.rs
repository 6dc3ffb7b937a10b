//! The tables of specification nanny.md 5, 6, 9 and 10.

use std::time::Duration;

use health::failure::Cause;
use health::line::Line;
use health::state::{Action, Known};
use proptest::prelude::*;

use crate::watched::{Watched, changes, failure, log, policy};

#[test]
fn reentry_is_counted_in_whole_intervals() {
    let cases = [
        // interval, reentry, good checks before and including the return
        (10, 180, 18),
        (2, 6, 3),
        (10, 15, 1),
        (10, 9, 1),
        (10, 10, 1),
        (10, 20, 2),
        (7, 20, 2),
        (10, 0, 18),
        (60, 0, 3),
    ];
    for (interval, reentry, needed) in cases {
        let mut watched = Watched::new(policy(interval, reentry, 1), Known::Nothing);
        watched.check(false);
        let returned = (1..=needed + 1).find(|_| changes(&watched.check(true)) == "up1");
        assert_eq!(returned, Some(needed), "interval {interval}, reentry {reentry}");
    }
}

#[test]
fn the_state_machine_follows_the_specification() {
    let cases = [
        // known at the start, checks, what happens
        (Known::Nothing, "+", "up1"),
        (Known::Nothing, "-", "down"),
        (Known::Nothing, "--+++", "down . . . up1"),
        (Known::Nothing, "-++-+++", "down . . . . . up1"),
        (Known::Nothing, "+-+++-", "up1 down . . up1 down"),
        (Known::Down, "+++", ". . up1"),
        (Known::Down, "-+++", "down . . up1"),
        (Known::Up { weight: 1 }, "++", ". ."),
        (Known::Up { weight: 1 }, "-+++", "down . . up1"),
    ];
    for (known, checks, wanted) in cases {
        assert_eq!(Watched::new(policy(2, 6, 1), known).table_changes(checks), wanted, "{known:?} {checks}");
    }
}

#[test]
fn weights_rise_in_the_order_of_the_specification() {
    let cases: [(u32, &[u32]); 8] = [
        (0, &[0]),
        (1, &[1]),
        (2, &[1, 2]),
        (10, &[1, 2, 4, 8, 10]),
        (31, &[1, 2, 4, 8, 16, 31]),
        (64, &[2, 4, 8, 16, 32, 64]),
        (100, &[3, 6, 12, 24, 48, 96, 100]),
        (65535, &[2047, 4094, 8188, 16376, 32752, 65504, 65535]),
    ];
    for (configured, wanted) in cases {
        let mut watched = Watched::new(policy(10, 180, configured), Known::Nothing);
        let weights: Vec<u32> = (0..200)
            .flat_map(|_| watched.check(true))
            .filter_map(|action| match action {
                Action::Up { weight } | Action::Weight { weight } => Some(weight),
                _ => None,
            })
            .collect();
        assert_eq!(weights, wanted);
    }
}

#[test]
fn the_slow_start_has_the_cadence_of_the_specification() {
    for (interval, every) in [
        (1, 20),
        (2, 10),
        (3, 6),
        (4, 5),
        (5, 4),
        (6, 3),
        (7, 2),
        (10, 2),
        (11, 1),
        (20, 1),
        (21, 1),
        (60, 1),
    ] {
        let mut watched = Watched::new(policy(interval, 180, 64), Known::Nothing);
        let steps: Vec<usize> = (0..200).filter(|_| changes(&watched.check(true)).contains('=')).collect();
        let gaps: Vec<usize> = steps.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(gaps, [every; 4], "interval {interval}");
    }
}

#[test]
fn the_first_step_may_come_with_the_addition() {
    let mut watched = Watched::new(policy(6, 15, 64), Known::Nothing);
    assert_eq!(watched.table_changes("++"), "up2,=4 .");
}

#[test]
fn an_adopted_weight_is_kept_and_rises_from_there() {
    let adopted = |weight| Watched::new(policy(20, 180, 64), Known::Up { weight });
    assert_eq!(adopted(64).table_changes("+++"), ". . .");
    assert_eq!(adopted(20).table_changes("+++"), "=40 =64 .");
    assert_eq!(adopted(0).table_changes("+++"), "=2 =4 =8");
    assert_eq!(adopted(100).table_changes("++"), "=64 .", "above the configured weight");
    let mut drained = Watched::new(policy(1, 180, 0), Known::Up { weight: 5 });
    assert_eq!(drained.table_changes("++"), "=0 .", "a drained server is lowered at its first good check");
}

#[test]
fn the_load_decides_only_after_the_slow_start() {
    let mut watched = Watched::new(policy(20, 180, 4).following_load(2), Known::Nothing);
    assert_eq!(changes(&watched.health.loaded(0.0)), ".", "not in service");
    assert_eq!(watched.table_changes("++"), "up1,=2 =4");
    assert_eq!(watched.table_changes("+"), "load?");
    assert_eq!(changes(&watched.health.loaded(0.0)), "=6");
    assert_eq!(changes(&watched.health.loaded(0.0)), "=8");
    assert_eq!(changes(&watched.health.loaded(0.0)), ".", "at most twice the configured weight");
    assert_eq!(changes(&watched.health.loaded(9.0)), "=4");
    assert_eq!(watched.table_changes("-"), "down");
    assert_eq!(changes(&watched.health.loaded(0.0)), ".", "not in service");
    watched.health.force_up();
    assert_eq!(changes(&watched.health.loaded(0.0)), ".", "forced");
}

#[test]
fn the_load_of_a_drained_server_does_not_matter() {
    let mut drained = Watched::new(policy(20, 180, 0).following_load(10), Known::Nothing);
    assert_eq!(drained.table_changes("++"), "up0 .");
    assert_eq!(changes(&drained.health.loaded(0.0)), ".");
}

#[test]
fn an_adopted_weight_above_the_largest_is_lowered() {
    let mut adopted = Watched::new(policy(1, 180, 4).following_load(2), Known::Up { weight: 9 });
    assert_eq!(adopted.table_changes("+"), "=8");
}

#[test]
fn transitions_are_logged_in_the_words_of_piranha() {
    let mut watched = Watched::new(policy(10, 10, 1), Known::Nothing);
    assert_eq!(log(&watched.check(true), false), ["[ active ] making 10.1.1.2:80 available"]);
    assert_eq!(log(&watched.check(true), false), [""; 0]);
    assert_eq!(
        log(&watched.check(false), false),
        ["READ to 10.1.1.2:80 timed out", "[inactive] shutting down 10.1.1.2:80 due to connection failure"]
    );
}

#[test]
fn a_first_bad_check_is_reported_without_a_transition_line() {
    let mut watched = Watched::new(policy(10, 180, 1), Known::Nothing);
    let timed_out = Line::Failed(failure(Cause::ReadTimedOut));
    assert_eq!(
        watched.check(false),
        [
            Action::Log(timed_out.clone()),
            Action::Log(Line::Counted { good: false, active: false, count: 18 }),
            Action::Log(Line::ReentryBroken),
            Action::Down { reason: timed_out.to_string(), forced: false },
        ]
    );
}

#[test]
fn the_verbose_log_shows_the_counters() {
    let mut watched = Watched::new(policy(20, 180, 2), Known::Nothing);
    assert_eq!(
        log(&watched.check(true), true),
        [
            "avail: 1 active: 0: count: 10",
            "DEBUG -- In nextState = 2",
            "[ active ] making 10.1.1.2:80 available",
            "Adjusting weight of 10.1.1.2:80 to 2",
        ]
    );
}

#[test]
fn an_unchanged_failure_is_logged_once_a_minute() {
    let mut watched = Watched::new(policy(10, 180, 1), Known::Nothing);
    let refused = || failure(Cause::Connect(nix::errno::Errno::ECONNREFUSED));
    let logged: Vec<usize> =
        (0..13).filter(|_| !log(&watched.check_with(Err(refused())), false).is_empty()).collect();
    assert_eq!(logged, [0, 6, 12]);
    assert_eq!(log(&watched.check(false), false).len(), 1, "another failure is news");
    watched.check(true);
    assert_eq!(log(&watched.check(false), false).len(), 1, "a failure after a good check is news");
}

#[test]
fn a_check_that_says_nothing_changes_nothing() {
    let nothing = || {
        let program = "/no".to_owned();
        Err(failure(Cause::NotStarted { program, errno: nix::errno::Errno::ENOENT }))
    };
    let mut unknown = Watched::new(policy(10, 180, 64), Known::Nothing);
    assert_eq!(changes(&unknown.check_with(nothing())), "up2", "as with Piranha");
    assert_eq!(changes(&unknown.check_with(nothing())), "=4", "it is in use like any other");
    assert_eq!(unknown.table_changes("-"), "down");

    let mut down = Watched::new(policy(10, 30, 1), Known::Nothing);
    assert_eq!(down.table_changes("-++"), "down . .");
    assert_eq!(changes(&down.check_with(nothing())), ".");
    assert_eq!(down.table_changes("+"), "up1");

    let mut waiting = Watched::new(policy(10, 30, 1), Known::Down);
    assert_eq!(changes(&waiting.check_with(nothing())), ".");
    let logged: Vec<usize> =
        (0..12).filter(|_| !log(&waiting.check_with(nothing()), false).is_empty()).collect();
    assert_eq!(logged, [5, 11], "once a minute");
}

#[test]
fn the_pause_is_counted_from_the_end_of_a_check() {
    let mut watched = Watched::new(policy(10, 180, 1), Known::Nothing);
    let end = watched.health.due().unwrap() + Duration::from_secs(7);
    watched.health.checked(Ok(()), end);
    assert_eq!(watched.health.due(), Some(end + Duration::from_secs(10)));
}

#[test]
fn a_forced_state_stops_checks_until_it_is_released() {
    let mut watched = Watched::new(policy(20, 180, 64), Known::Nothing);
    watched.check(true);

    let down = watched.health.force_down();
    assert_eq!(log(&down, false), ["opaque glasses on"]);
    assert_eq!(changes(&down), "down");
    assert_eq!(watched.health.due(), None);
    watched.health.check_now(watched.now);
    assert_eq!(watched.health.due(), None);
    assert_eq!(watched.health.checked(Ok(()), watched.now), []);

    let up = watched.health.force_up();
    assert_eq!(log(&up, false), ["rose-colored glasses on"]);
    assert_eq!(changes(&up), "up64");
    assert_eq!(changes(&watched.health.force_up()), ".", "it is up already");
    assert_eq!(changes(&watched.health.force_down()), "down");
    assert_eq!(changes(&watched.health.force_down()), ".", "it is down already");

    assert_eq!(log(&watched.health.release(watched.now), false), ["DEBUG -- removing glasses"]);
    assert_eq!(watched.health.due(), Some(watched.now));
    assert_eq!(watched.table_changes("++"), "up2,=4 =8", "at once, without the re-entry time");
}

#[test]
fn a_server_that_was_forced_up_keeps_its_weight_when_it_is_released() {
    let mut watched = Watched::new(policy(20, 180, 64), Known::Nothing);
    assert_eq!(changes(&watched.health.force_up()), "up64");
    watched.health.release(watched.now);
    assert_eq!(watched.table_changes("++-"), ". . down");
}

#[test]
fn a_release_without_a_forced_state_admits_a_waiting_server() {
    let mut watched = Watched::new(policy(10, 180, 1), Known::Nothing);
    watched.table_changes("-+");
    watched.health.release(watched.now);
    assert_eq!(watched.health.due(), Some(watched.now));
    assert_eq!(watched.table_changes("+"), "up1");
}

#[test]
fn a_check_can_be_made_due_now() {
    let mut watched = Watched::new(policy(10, 180, 1), Known::Nothing);
    watched.check(true);
    watched.health.check_now(watched.now);
    assert_eq!(watched.health.due(), Some(watched.now));
}

proptest! {
    #[test]
    fn no_server_is_used_without_its_good_checks(
        interval in 1u64..70, reentry in 0u64..300, weight in 0u32..70_000, checks: Vec<bool>,
    ) {
        let policy = policy(interval, reentry, weight);
        let mut watched = Watched::new(policy, Known::Nothing);
        let mut in_use: Option<u32> = None;
        let mut told_down = false;
        let mut good_in_a_row = policy.threshold();
        for good in checks {
            good_in_a_row = if good { good_in_a_row + 1 } else { 0 };
            for action in watched.check(good) {
                match action {
                    Action::Up { weight: first } => {
                        prop_assert!(good && in_use.is_none() && good_in_a_row >= policy.threshold());
                        in_use = Some(first);
                    }
                    Action::Weight { weight: next } => {
                        prop_assert!(good && in_use.is_some_and(|weight| weight < next));
                        in_use = Some(next);
                    }
                    Action::Down { .. } => {
                        prop_assert!(!good && (in_use.is_some() || !told_down));
                        in_use = None;
                        told_down = true;
                    }
                    Action::MeasureLoad | Action::Log(_) => {}
                }
            }
            prop_assert_eq!(in_use.is_some(), watched.health.is_up());
            prop_assert_eq!(in_use.is_some(), good && (in_use.is_some() || good_in_a_row >= policy.threshold()));
            prop_assert!(in_use.is_none_or(|used| used <= weight && (used > 0) == (weight > 0)));
        }
    }
}
