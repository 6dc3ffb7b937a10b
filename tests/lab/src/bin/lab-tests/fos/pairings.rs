//! The same two routers, of which one may run Piranha's own pulse (specification pulse.md 20 and 24). fos is ours on both:
//! Piranha's pulse starts it as well.

use lab::suite::Test;
use lab::wait::holds_for;
use lab::{Moment, wait_until};
use nix::sys::signal::Signal;

use super::routers::{Couple, PATIENCE, Router, often_checked};
use super::{CHECKED, DEADTIME, KEEPALIVE, LATENESS, STARTS, STOPPED, STOPS, WATCHED};
use crate::pairings::{ORIGINAL_BACKUP, ORIGINAL_PRIMARY, OURS, Pairing, Pulse, in_three_pairings};

pub(super) fn tests() -> Vec<Test> {
    in_three_pairings!("fos":
        a_cold_start_makes_one_owner,
        a_dead_primary_and_then_a_stopped_backup_are_replaced,
        a_failed_service_of_the_primary_moves,
        a_failed_service_of_the_backup_moves,
        a_tie_is_lost_by_the_backup,
    )
    .to_vec()
}

fn a_cold_start_makes_one_owner(pairing: Pairing) {
    let couple = Couple::of(pairing);
    let [primary, backup] = couple.routers();
    for [first, second] in [[primary, backup], [backup, primary]] {
        let event = Moment::now();
        first.start();
        second.start();
        wait_until("one owner", PATIENCE, || couple.owner().is_some());
        let owner = couple.owner().expect("one owner");
        assert!(owner.time_to_decide(event) <= DEADTIME + KEEPALIVE + LATENESS);
        assert!(pairing.is_mixed() || owner.is(primary), "of two of ours the primary serves");
        owner.wait_until_serving();
        couple.other(owner).wait_until_watching();
        holds_for("there is one owner", WATCHED, || couple.only(owner));
        for router in [couple.other(owner), owner] {
            router.terminate();
            router.wait_for_end();
        }
        assert!(!primary.owns() && !backup.owns(), "a stopped router has no floating address");
    }
}

/// The farewell of ours is a STOPPED, an original only falls silent.
fn a_dead_primary_and_then_a_stopped_backup_are_replaced(pairing: Pairing) {
    let couple = Couple::of(pairing);
    couple.start();
    let Couple { lab, primary, backup, .. } = &couple;
    let event = Moment::now();
    lab.power_off(&primary.machine);
    backup.wait_until_serving();
    assert!(backup.time_to_decide(event) <= DEADTIME + LATENESS);
    primary.return_to_power(&couple);
    primary.wait_until_watching();
    holds_for("no fail-back", WATCHED, || couple.only(backup));

    let event = Moment::now();
    backup.terminate();
    primary.wait_until_serving();
    if backup.pulse == Pulse::Ours {
        let stopped = backup.last_logged("fos", STOPPED);
        assert!(primary.time_to_decide(stopped) <= KEEPALIVE + LATENESS);
    } else {
        assert!(primary.time_to_decide(event) <= DEADTIME + LATENESS);
    }
    assert_eq!(backup.commands_since(event), STOPS);
    assert_eq!(primary.commands_since(event), STARTS);
    backup.wait_for_end();
}

fn a_failed_service_of_the_primary_moves(pairing: Pairing) {
    let couple = Couple::of(pairing);
    couple.configure(&often_checked());
    couple.start();
    let Couple { primary, backup, .. } = &couple;
    a_failed_service_moves(&couple, primary, backup);
    assert_eq!(primary.count("PARTNER HAS TOLD US TO GO INACTIVE!"), 1);
}

/// A backup that hears STOPME takes it for a tie, and yields.
fn a_failed_service_of_the_backup_moves(pairing: Pairing) {
    let couple = Couple::of(pairing);
    couple.configure(&often_checked());
    let Couple { primary, backup, .. } = &couple;
    backup.start();
    backup.wait_until_serving();
    primary.start();
    primary.wait_until_watching();
    a_failed_service_moves(&couple, backup, primary);
    assert_eq!(backup.count("partner active: deactivating FOS"), 1);
}

/// Stop commands on the loser, start commands on the winner, by each fos once.
fn a_failed_service_moves(couple: &Couple, loser: &Router, winner: &Router) {
    wait_until("the services are seen", PATIENCE, || winner.count("Remote service") == 2);
    let event = Moment::now();
    loser.signal("mail", Signal::SIGTERM);
    winner.wait_for_log("seems like a remote network fault; performing service failover");
    loser.wait_until_watching();
    winner.wait_until_serving();
    holds_for("the services stay", CHECKED, || winner.owns() && loser.watches());
    assert_eq!(loser.commands_since(event), [STOPS, STOPS].concat());
    assert_eq!(winner.commands_since(event), STARTS);
    assert_eq!(winner.count("Notifying partner WE are taking control!"), 1);
    assert!(
        couple
            .client
            .run("curl", &["-sf", "http://192.168.26.10/"])
            .stdout
            .starts_with(winner.machine.name())
    );
}

fn a_tie_is_lost_by_the_backup(pairing: Pairing) {
    let couple = Couple::of(pairing);
    couple.start();
    let Couple { lab, primary, backup, .. } = &couple;
    lab.cut(&primary.machine, "eth0");
    backup.wait_until_serving();
    assert!(primary.owns(), "a router that is cut off serves whom it reaches");
    let event = Moment::now();
    lab.mend(&primary.machine, "eth0");
    backup.wait_until_watching();
    holds_for("the primary serves alone", WATCHED, || primary.owns() && backup.watches());
    assert_eq!(backup.count("partner active: deactivating FOS"), 1);
    assert!((1..=2).contains(&primary.count("partner active")), "one for each heartbeat of the backup");
    assert_eq!(backup.commands_since(event), [STOPS, STOPS].concat());
    assert_eq!(primary.commands_since(event), [""; 0]);
}
