//! Links that fail while they are monitored (specification pulse.md section 25, row 12). The stand-in for an original does
//! not monitor its own; it is the partner of one of ours that does.

use std::time::Duration;

use lab::wait::holds_for;
use lab::{Machine, Moment, Pair, wait_until};

use super::router::{Couple, Pairing, Router};
use super::{KEEPALIVE, LATENESS, PATIENCE, told};

/// A link must be down for so long to count as down.
const DEBOUNCE: Duration = Duration::from_millis(500);
/// Longer than that, and than a heartbeat takes.
const UNMOVED: Duration = Duration::from_millis(1500);
const RESTORED: &str = "Local NIC link(s) restored: Pulse enabled";

/// Something that happens to a router, and is undone.
struct Fault {
    happens: fn(&Pair, &Machine),
    ends: fn(&Pair, &Machine),
}

const NO_PUBLIC_CARRIER: Fault = Fault {
    happens: |pair, machine| pair.lab.cut(machine, "eth0"),
    ends: |pair, machine| pair.lab.mend(machine, "eth0"),
};
const NO_PRIVATE_CARRIER: Fault = Fault {
    happens: |pair, machine| pair.lab.cut(machine, "eth2"),
    ends: |pair, machine| pair.lab.mend(machine, "eth2"),
};
const SWITCHED_OFF: Fault = Fault {
    happens: |_, machine| ip(machine, "link set eth0 down"),
    ends: |_, machine| ip(machine, "link set eth0 up"),
};
const NO_ADDRESS: Fault = Fault {
    happens: |_, machine| ip(machine, &format!("address delete {}/24 dev eth0", own_address(machine))),
    ends: |_, machine| ip(machine, &format!("address add {}/24 broadcast + dev eth0", own_address(machine))),
};
/// The original takes every link for down then (specification pulse.md 19).
const NO_LOOPBACK: Fault = Fault {
    happens: |_, machine| ip(machine, "link set lo down"),
    ends: |_, machine| ip(machine, "link set lo up"),
};

fn ip(machine: &Machine, line: &str) {
    let words: Vec<&str> = line.split(' ').collect();
    machine.run("ip", &words).expect_success();
}

fn own_address(machine: &Machine) -> &'static str {
    if machine.name() == "primary" { "192.168.26.9" } else { "192.168.26.8" }
}

/// Whoever is active leaves the service to its partner, and does not want it back.
pub(super) fn a_failed_link_moves_the_service(pairing: Pairing) {
    let couple = Couple::monitoring_links(pairing);
    let (ours, partner) = couple.ours_and_partner();
    couple.start_serving(ours);
    (NO_LOOPBACK.happens)(&couple.pair, &ours.machine);
    holds_for("lo does not matter", UNMOVED, || couple.only(ours));
    (NO_LOOPBACK.ends)(&couple.pair, &ours.machine);

    moves(&couple, &NO_PUBLIC_CARRIER, ours, partner);
    if pairing.is_mixed() {
        return;
    }
    moves(&couple, &NO_PRIVATE_CARRIER, partner, ours);
    moves(&couple, &SWITCHED_OFF, ours, partner);
    moves(&couple, &NO_ADDRESS, partner, ours);
    told::expect(ours, &LINES_OF_THE_PRIMARY);
    told::expect(partner, &LINES_OF_THE_BACKUP);
}

fn moves(couple: &Couple, fault: &Fault, from: &Router, to: &Router) {
    let restorations = from.count(RESTORED);
    let event = Moment::now();
    (fault.happens)(&couple.pair, &from.machine);
    couple.hands_over_to(to);
    assert!(to.time_to_decide(event) <= DEBOUNCE + KEEPALIVE + LATENESS);
    (fault.ends)(&couple.pair, &from.machine);
    wait_until("the link is good again", PATIENCE, || from.count(RESTORED) > restorations);
    holds_for("no fail-back", UNMOVED, || couple.only(to));
}

const LINES_OF_THE_PRIMARY: [&str; 10] = [
    "info STARTING PULSE AS MASTER",
    "info partner dead: activating lvs",
    "warning Primary NIC: link down",
    "warning local link failure: deactivating LVS",
    "info Local NIC link(s) restored: Pulse enabled",
    "info backup inactive: activating lvs",
    "warning Primary NIC: link down",
    "warning local link failure: deactivating LVS",
    "info Local NIC link(s) restored: Pulse enabled",
    "info backup inactive: activating lvs",
];

const LINES_OF_THE_BACKUP: [&str; 9] = [
    "info STARTING PULSE AS BACKUP",
    "info primary inactive: activating lvs",
    "warning Private NIC: link down",
    "warning local link failure: deactivating LVS",
    "info Local NIC link(s) restored: Pulse enabled",
    "info primary inactive: activating lvs",
    "warning Primary NIC: link down",
    "warning local link failure: deactivating LVS",
    "info Local NIC link(s) restored: Pulse enabled",
];
