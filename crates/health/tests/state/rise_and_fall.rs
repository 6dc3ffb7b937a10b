//! How many checks in a row it takes: specification nanny.md 13, rows 11 and 22.

use health::state::{Action, Known};
use proptest::prelude::*;

use crate::watched::{Watched, changes, log, policy};

#[test]
fn a_real_server_falls_and_rises_after_so_many_checks_in_a_row() {
    let cases = [
        // rise, fall, known at the start, checks, what happens
        (3, 1, Known::Nothing, "+", "up1"),
        (3, 1, Known::Nothing, "-++-+++", "down . . . . . up1"),
        (1, 1, Known::Nothing, "-+-+", "down up1 down up1"),
        (3, 2, Known::Nothing, "+-+--+++", "up1 . . . down . . up1"),
        (2, 3, Known::Nothing, "+--+---++", "up1 . . . . . down . up1"),
        (2, 3, Known::Nothing, "-", "down"),
        (2, 3, Known::Up { weight: 1 }, "---", ". . down"),
        (2, 3, Known::Down, "++", ". up1"),
    ];
    for (rise, fall, known, checks, wanted) in cases {
        let policy = policy(10, 180, 1).rising_after(rise).falling_after(fall);
        assert_eq!(
            Watched::new(policy, known).table_changes(checks),
            wanted,
            "{rise} {fall} {known:?} {checks}"
        );
    }
}

#[test]
fn a_bad_check_below_the_limit_is_named_but_is_no_transition() {
    let mut watched = Watched::new(policy(10, 180, 1).falling_after(3), Known::Nothing);
    watched.check(true);
    assert_eq!(log(&watched.check(false), false), ["READ to 10.1.1.2:80 timed out bad=1 fall=3"]);
    assert_eq!(log(&watched.check(false), false), [""; 0], "the same again is not repeated");
    assert_eq!(
        log(&watched.check(false), false),
        ["READ to 10.1.1.2:80 timed out", "[inactive] shutting down 10.1.1.2:80 due to connection failure"]
    );
}

#[test]
fn a_bad_check_below_the_limit_holds_the_slow_start_but_does_not_begin_it_again() {
    let mut watched = Watched::new(policy(10, 20, 64).falling_after(2), Known::Nothing);
    assert_eq!(watched.table_changes("++++"), "up2 =4 . =8");
    assert_eq!(watched.table_changes("-+-+++"), ". . . =16 . =32");
}

#[test]
fn a_check_that_says_nothing_neither_takes_out_nor_pardons() {
    let nothing = || {
        let program = "/no".to_owned();
        Err(crate::watched::failure(health::failure::Cause::NotStarted {
            program,
            errno: nix::errno::Errno::ENOENT,
        }))
    };
    let mut watched = Watched::new(policy(10, 180, 1).falling_after(2), Known::Up { weight: 1 });
    watched.check(false);
    assert_eq!(changes(&watched.check_with(nothing())), ".");
    assert_eq!(watched.table_changes("-"), "down");
}

#[test]
fn a_release_pardons_bad_checks() {
    let mut watched = Watched::new(policy(10, 180, 1).falling_after(2), Known::Up { weight: 1 });
    watched.check(false);
    watched.health.release(watched.now);
    assert_eq!(watched.table_changes("-+--"), ". . . down");
}

proptest! {
    #[test]
    fn no_real_server_comes_or_goes_before_its_number_of_checks_and_none_stays_after_it(
        rise in 1u32..8, fall in 1u32..8, weight in 0u32..200,
        checks in prop::collection::vec(prop::bool::weighted(0.6), 0..300),
    ) {
        let policy = policy(10, 180, weight).rising_after(rise).falling_after(fall);
        let mut watched = Watched::new(policy, Known::Nothing);
        // The first good check is enough.
        let (mut good_in_a_row, mut bad_in_a_row, mut used) = (rise, 0, false);
        for good in checks {
            (good_in_a_row, bad_in_a_row) = if good { (good_in_a_row + 1, 0) } else { (0, bad_in_a_row + 1) };
            used = if used { bad_in_a_row < fall } else { good_in_a_row >= rise };
            let before = watched.health.is_up();
            let actions = watched.check(good);
            let ups = actions.iter().filter(|action| matches!(action, Action::Up { .. })).count();
            let downs = actions.iter().filter(|action| matches!(action, Action::Down { .. })).count();
            prop_assert_eq!(watched.health.is_up(), used);
            prop_assert_eq!(ups == 1, used && !before);
            prop_assert!(downs <= 1 && (downs == 0 || !used));
            prop_assert!(downs == 1 || used || !before);
        }
    }
}
