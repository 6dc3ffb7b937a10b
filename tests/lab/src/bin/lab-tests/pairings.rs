//! Two routers of which one may run Piranha's own pulse (specification pulse.md sections 24 and 25): every story is told for
//! ours with ours, ours with an original and an original with ours.

mod clock;
mod failures;
mod hearing;
mod links;
pub(crate) mod original;
mod program;
mod router;
mod stops;
mod telling;
mod told;
mod wire;

use std::time::Duration;

use clock::a_clock_that_is_set_moves_no_address_of_ours;
use failures::{
    a_hangup_reaches_lvsd_and_a_killed_nanny_is_replaced,
    a_missing_lvsd_is_left_to_the_partner_and_waited_for_alone,
};
use lab::suite::Test;
use lab::wait::holds_for;
use lab::{Moment, wait_until};
use links::a_failed_link_moves_the_service;
use nix::sys::signal::Signal;
use router::Couple;
pub(crate) use router::{Pairing, Pulse};
use stops::{a_router_restarts_right_after_its_activation, a_stop_in_the_middle_leaves_nothing};
use telling::the_status_tells_what_the_partner_says;
use wire::heartbeats_are_those_of_an_original;

const PATIENCE: Duration = Duration::from_secs(15);
const KEEPALIVE: Duration = Duration::from_secs(1);
const DEADTIME: Duration = Duration::from_secs(3);
/// What a decision may be late on a busy computer.
const LATENESS: Duration = Duration::from_millis(500);
/// Two heartbeats each way: long enough for a wrong answer to one.
const WATCHED: Duration = Duration::from_secs(2);
/// An original that yielded may announce for five seconds more; then its partner has to be heard again (section 24, rule
/// 9).
const AFTER_YIELD: Duration = Duration::from_millis(5500);
/// Long enough for a takeover because of silence.
const SILENCE: Duration = Duration::from_millis(3500);

/// The words of a backup and of a primary that hear a second owner.
const YIELDING: &str = "partner active: deactivating LVS";
const ANNOUNCING: &str = "partner active: resending arps";

pub(crate) const OURS: Pairing = Pairing { primary: Pulse::Ours, backup: Pulse::Ours };
pub(crate) const ORIGINAL_BACKUP: Pairing = Pairing { primary: Pulse::Ours, backup: Pulse::Original };
pub(crate) const ORIGINAL_PRIMARY: Pairing = Pairing { primary: Pulse::Original, backup: Pulse::Ours };

/// Names each story as three tests, one for each pairing: `GROUP::STORY::PRIMARY_and_BACKUP`.
macro_rules! in_three_pairings {
    ($group:literal: $($story:ident),+ $(,)?) => {
        [$(
            Test { name: concat!($group, "::", stringify!($story), "::ours_and_ours"), run: || $story(OURS) },
            Test {
                name: concat!($group, "::", stringify!($story), "::ours_and_original"),
                run: || $story(ORIGINAL_BACKUP),
            },
            Test {
                name: concat!($group, "::", stringify!($story), "::original_and_ours"),
                run: || $story(ORIGINAL_PRIMARY),
            },
        )+]
    };
}
pub(crate) use in_three_pairings;

pub(crate) fn tests() -> Vec<Test> {
    let stories = in_three_pairings!("pairings":
        a_cold_start_makes_one_owner,
        a_dead_primary_and_then_a_stopped_backup_are_replaced,
        a_tie_is_lost_by_the_backup,
        a_cut_of_all_links_heals,
        a_suspended_standby_and_then_a_killed_lvsd_leave_one_owner,
        heartbeats_are_those_of_an_original,
        a_missing_lvsd_is_left_to_the_partner_and_waited_for_alone,
        a_hangup_reaches_lvsd_and_a_killed_nanny_is_replaced,
        a_stop_in_the_middle_leaves_nothing,
        a_router_restarts_right_after_its_activation,
        a_clock_that_is_set_moves_no_address_of_ours,
        a_failed_link_moves_the_service,
        the_status_tells_what_the_partner_says,
    );
    [&stories[..], &hearing::tests()].concat()
}

/// Section 25, row 2.
fn a_cold_start_makes_one_owner(pairing: Pairing) {
    let couple = Couple::boot(pairing);
    let [primary, backup] = couple.routers();
    for [first, second] in [[primary, backup], [backup, primary]] {
        let event = Moment::now();
        first.start();
        second.start();
        wait_until("one owner", PATIENCE, || couple.owner().is_some());
        let owner = couple.owner().expect("one owner");
        assert!(owner.time_to_decide(event) <= DEADTIME + KEEPALIVE + LATENESS);
        assert!(pairing.is_mixed() || owner.is(primary), "of two of ours the primary serves");
        holds_for("there is one owner", WATCHED, || couple.only(owner));
        couple.stop();
        assert!(!primary.owns() && !backup.owns(), "a stopped router has no floating address");
    }
}

/// Section 25, rows 3 and 4: the farewell of ours is a STOPPED, an original only falls silent.
fn a_dead_primary_and_then_a_stopped_backup_are_replaced(pairing: Pairing) {
    let couple = Couple::boot(pairing);
    couple.start();
    let Couple { pair, primary, backup } = &couple;
    let event = Moment::now();
    pair.lab.power_off(&primary.machine);
    couple.hands_over_to(backup);
    assert!(backup.time_to_decide(event) <= DEADTIME + LATENESS);
    primary.return_to_power(&couple);
    holds_for("no fail-back", WATCHED, || couple.only(backup));

    let event = Moment::now();
    backup.terminate();
    couple.hands_over_to(primary);
    let notice = if backup.pulse == Pulse::Ours { KEEPALIVE } else { DEADTIME };
    assert!(primary.time_to_decide(event) <= notice + LATENESS);
    backup.wait_for_end();
    backup.start();
    holds_for("no fail-back", WATCHED, || couple.only(primary));
    told::expect(
        primary,
        &[
            "info STARTING PULSE AS MASTER",
            "info partner dead: activating lvs",
            "info STARTING PULSE AS MASTER",
            if backup.pulse == Pulse::Ours {
                "info backup inactive: activating lvs"
            } else {
                "info partner dead: activating lvs"
            },
        ],
    );
    told::expect(
        backup,
        &[
            "info STARTING PULSE AS BACKUP",
            "info partner dead: activating lvs",
            "info Terminating due to signal N",
            "info STARTING PULSE AS BACKUP",
        ],
    );
}

/// Section 25, row 5, both forced.
fn a_tie_is_lost_by_the_backup(pairing: Pairing) {
    let couple = Couple::with_private_link(pairing);
    couple.primary.start_forced();
    couple.pair.wait_until_active(&couple.primary.machine);
    couple.backup.start_forced();
    expect_tie_resolved(&couple);
    told::expect(
        &couple.primary,
        &[
            "info STARTING PULSE AS MASTER",
            "info Forced active on startup: activating lvs",
            "warning partner active: resending arps",
        ],
    );
    told::expect(
        &couple.backup,
        &[
            "info STARTING PULSE AS BACKUP",
            "info Forced active on startup: activating lvs",
            "warning partner active: deactivating LVS",
        ],
    );
}

/// The backup has yielded, once, and the primary has announced, but not in a storm.
fn expect_tie_resolved(couple: &Couple) {
    let Couple { primary, backup, .. } = couple;
    backup.machine.wait_for_log(YIELDING, PATIENCE);
    primary.machine.wait_for_log(ANNOUNCING, PATIENCE);
    wait_until("the backup stands by", PATIENCE, || backup.stands_by());
    holds_for("the primary serves alone", WATCHED, || primary.owns() && backup.stands_by());
    assert_eq!(backup.count(YIELDING), 1);
    // On each link the usual heartbeats of the interval in which the primary is not heard yet, two at most, and the last
    // before the backup leaves.
    assert!(primary.count(ANNOUNCING) <= 6, "an announcement for each of too many heartbeats");
}

/// Section 25, rows 5 and 6.
fn a_cut_of_all_links_heals(pairing: Pairing) {
    let couple = Couple::with_private_link(pairing);
    couple.start();
    let Couple { pair, primary, backup } = &couple;
    for device in ["eth0", "eth2"] {
        pair.lab.cut(&primary.machine, device);
        holds_for("one link is enough", SILENCE, || couple.only(primary));
        pair.lab.mend(&primary.machine, device);
        backup.wait_until_heard();
    }
    let event = Moment::now();
    for device in ["eth0", "eth2"] {
        pair.lab.cut(&primary.machine, device);
    }
    wait_until("the backup takes over", PATIENCE, || backup.owns());
    assert!(backup.time_to_decide(event) <= DEADTIME + LATENESS);
    assert!(primary.owns(), "a router that is cut off serves whom it reaches");
    let capture = pair.lab.capture();
    for device in ["eth2", "eth0"] {
        pair.lab.mend(&primary.machine, device);
    }
    expect_tie_resolved(&couple);
    let yielded = wire::expect_a_last_running(&capture, backup);
    if backup.pulse == Pulse::Original {
        wire::wait_for_announcement(&capture, primary, yielded);
        wire::wait_for_announcement(&capture, primary, yielded + AFTER_YIELD);
    }
}

/// Section 25, rows 11 and 7: ours starts another lvsd, an original leaves the service to its partner.
fn a_suspended_standby_and_then_a_killed_lvsd_leave_one_owner(pairing: Pairing) {
    let couple = Couple::boot(pairing);
    couple.start();
    let Couple { primary, backup, .. } = &couple;
    backup.signal(Signal::SIGSTOP);
    holds_for("the primary serves alone", DEADTIME * 2, || couple.only(primary));
    backup.signal(Signal::SIGCONT);
    holds_for("the primary serves alone", WATCHED, || primary.owns() && backup.stands_by());

    lvsd_ends(&couple, Signal::SIGKILL, "terminated with signal 9");
    if primary.pulse == Pulse::Original {
        expect_freed(&couple);
        backup.wait_for_end();
        backup.start();
        backup.wait_until_heard();
    }
    lvsd_ends(&couple, Signal::SIGTERM, "exited with status 0");
    told::expect(
        primary,
        &[
            "info STARTING PULSE AS MASTER",
            "info partner dead: activating lvs",
            "warning Child process N terminated with signal N",
            "warning Child process N exited with status N",
        ],
    );
}

fn lvsd_ends(couple: &Couple, signal: Signal, told: &str) {
    let Couple { primary, backup, .. } = couple;
    let event = Moment::now();
    primary.machine.signal("lvsd", signal);
    primary.machine.wait_for_log(told, PATIENCE);
    if primary.pulse == Pulse::Ours {
        couple.pair.wait_until_active(&primary.machine);
        holds_for("the primary goes on serving", WATCHED, || couple.only(primary));
    } else {
        couple.hands_over_to(backup);
        assert!(backup.time_to_decide(event) <= KEEPALIVE + LATENESS);
        holds_for("the backup serves", WATCHED, || couple.only(backup));
    }
}

/// An original that has failed takes over again once it has heard RUNNING (section 24.12).
fn expect_freed(couple: &Couple) {
    couple.backup.terminate();
    couple.hands_over_to(&couple.primary);
}
