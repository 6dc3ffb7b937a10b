//! Routers that are stopped in the middle, and started again at once (specification pulse.md section 25, rows 8 and 9).

use lab::{Moment, wait_until};
use nix::sys::signal::Signal;

use super::program::{put_back, replace};
use super::router::{Couple, END, Pairing, Pulse, Router};
use super::{KEEPALIVE, LATENESS, PATIENCE};

/// An lvsd that takes its time.
const SLOW_LVSD: &str = "#!/bin/sh\nsleep 10\nexec /run/lvsd \"$@\"\n";
/// An original announces five times, a second apart, and holds the heartbeat's port meanwhile (F21). On a busy computer
/// five seconds are soon over; with this they are eight, which is what ours waits.
const SLOW_SEND_ARP: &str = "#!/bin/sh\nsleep 0.6\n";

/// Row 8.
pub(super) fn a_stop_in_the_middle_leaves_nothing(pairing: Pairing) {
    let couple = Couple::boot(pairing);
    let (ours, partner) = couple.ours_and_partner();
    stop_while_it_becomes_active(&couple, ours, partner);
    stop_while_it_becomes_inactive(&couple, partner, ours);
    stop_while_it_becomes_inactive(&couple, ours, partner);
}

/// The partner has heard that it is no longer wanted, and is wanted again.
fn stop_while_it_becomes_active(couple: &Couple, ours: &Router, partner: &Router) {
    replace(&ours.machine, "lvsd", SLOW_LVSD);
    partner.start();
    ours.start_forced();
    partner.wait_until_heard();
    assert!(!ours.machine.processes_named("lvsd").is_empty() && !ours.owns(), "lvsd is not slow");
    let event = Moment::now();
    ours.terminate();
    couple.hands_over_to(partner);
    assert!(partner.time_to_decide(event) <= KEEPALIVE + LATENESS);
    expect_nothing_left(ours);
    put_back(&ours.machine, "lvsd");
}

/// lvsd does not end. An original waits for it for ever, with the floating address and without a word (section 24, rule
/// 11); ours has no address by then, has said so, and ends it.
fn stop_while_it_becomes_inactive(couple: &Couple, active: &Router, standby: &Router) {
    standby.start();
    standby.wait_until_heard();
    let event = Moment::now();
    active.machine.signal("lvsd", Signal::SIGSTOP);
    active.terminate();
    if active.pulse == Pulse::Ours {
        // Somebody does not want to wait for lvsd.
        active.terminate();
        couple.hands_over_to(standby);
        assert!(standby.time_to_decide(event) <= KEEPALIVE + LATENESS);
    } else {
        wait_until("a takeover because of silence", END, || standby.owns());
        assert!(active.owns(), "an original keeps the address until lvsd has ended");
        active.machine.signal("lvsd", Signal::SIGCONT);
    }
    expect_nothing_left(active);
    couple.pair.wait_until_active(&standby.machine);
    assert!(couple.only(standby));
}

fn expect_nothing_left(router: &Router) {
    router.wait_for_end();
    wait_until("the end of every process", PATIENCE, || router.machine.processes().len() == 1);
    assert!(!router.owns());
    assert_eq!(router.machine.read("/run/pulse.pid"), None);
}

/// Row 9. Ours leaves nothing that holds the port; and where an original has left something, ours waits for that.
pub(super) fn a_router_restarts_right_after_its_activation(pairing: Pairing) {
    let couple = Couple::boot(pairing);
    let (ours, partner) = couple.ours_and_partner();
    ours.start();
    wait_until("ours has the address", PATIENCE, || ours.owns());
    ours.terminate();
    ours.wait_for_end();
    ours.start();
    couple.pair.wait_until_active(&ours.machine);

    replace(&partner.machine, "send_arp", SLOW_SEND_ARP);
    partner.start();
    partner.wait_until_heard();
    ours.terminate();
    wait_until("the partner has the address", PATIENCE, || partner.owns());
    partner.terminate();
    partner.wait_for_pulse_to_end();
    let successor = Router { machine: partner.machine.clone(), pulse: Pulse::Ours };
    assert!(partner.pulse == Pulse::Ours || partner.is_announcing(), "nobody holds the port");
    successor.start();
    assert!(partner.pulse == Pulse::Ours || !partner.is_announcing(), "nobody held the port");
    couple.pair.wait_until_active(&successor.machine);
    assert!(couple.only(&successor));
    assert_eq!(successor.count("failed to bind to heartbeat address"), 0);
}
