//! lvsd and nanny that end, or cannot be started (specification pulse.md section 25, row 7).

use lab::pair::{FLOATING, destinations};
use lab::wait::holds_for;
use lab::{Machine, wait_until};
use nix::sys::signal::Signal;

use super::program::{hide, put_back};
use super::router::{Couple, END, Pairing, Pulse, Router};
use super::{PATIENCE, SILENCE, WATCHED};

const NOT_STARTED: &str = "cannot execute /usr/sbin/lvsd: No such file or directory";

/// Ours lets a living partner serve, and tries for ever when there is none.
pub(super) fn a_missing_lvsd_is_left_to_the_partner_and_waited_for_alone(pairing: Pairing) {
    let couple = Couple::boot(pairing);
    let (ours, partner) = couple.ours_and_partner();
    couple.start_serving(ours);
    hide(&ours.machine, "lvsd");
    ours.machine.signal("lvsd", Signal::SIGKILL);
    couple.hands_over_to(partner);
    ours.machine.wait_for_log("leaving the service to the partner", PATIENCE);
    holds_for("the partner serves", WATCHED, || couple.only(partner));

    let tries = ours.count(NOT_STARTED);
    partner.terminate();
    wait_until("another try, alone", END, || ours.count(NOT_STARTED) > tries);
    put_back(&ours.machine, "lvsd");
    couple.pair.wait_until_active(&ours.machine);
    wait_until("one owner", END, || couple.only(ours));
}

/// Also row 8: SIGHUP on both routers.
pub(super) fn a_hangup_reaches_lvsd_and_a_killed_nanny_is_replaced(pairing: Pairing) {
    let couple = Couple::boot(pairing);
    couple.start();
    let Couple { pair, primary, backup } = &couple;
    let lvsd = primary.machine.processes_named("lvsd");
    for hard_shutdown in ["1", "0"] {
        pair.configure(&pair.configuration().with("hard_shutdown", hard_shutdown));
        hang_up(primary, "configuration file is in force");
        kill_a_nanny(&primary.machine);
        assert_eq!(destinations(&primary.machine), 3, "hard_shutdown = {hard_shutdown}");
        assert_eq!(pids(&primary.machine, "lvsd"), lvsd.iter().map(|lvsd| lvsd.pid).collect::<Vec<_>>());
        assert!(couple.only(primary), "hard_shutdown = {hard_shutdown}");
    }
    // An original that stands by would never do anything again (F24).
    if backup.pulse == Pulse::Ours {
        hang_up(backup, "rereading configuration file");
    }
    holds_for("the backup stands by", SILENCE, || couple.only(primary));
    primary.terminate();
    couple.hands_over_to(backup);
}

/// Waits until `words` have been said once more.
fn hang_up(router: &Router, words: &str) {
    let before = router.count(words);
    router.signal(Signal::SIGHUP);
    wait_until(words, PATIENCE, || router.count(words) > before);
}

/// Waits for another one, and complains if the floating address goes meanwhile.
fn kill_a_nanny(machine: &Machine) {
    let nannies = machine.processes_named("nanny");
    nannies[0].signal(Signal::SIGKILL);
    wait_until("another nanny", PATIENCE, || {
        assert!(machine.has_address(FLOATING));
        let now = pids(machine, "nanny");
        now.len() == nannies.len() && !now.contains(&nannies[0].pid)
    });
}

fn pids(machine: &Machine, name: &str) -> Vec<i32> {
    machine.processes_named(name).iter().map(|process| process.pid).collect()
}
