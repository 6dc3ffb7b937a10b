//! Links, and news about them.

use std::{
    collections::HashSet,
    os::fd::AsFd,
    time::{Duration, Instant},
};

use netdev::{Change, Interfaces, Link, Monitor, OperationalState};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::{
    Check,
    lab::{Lab, link, run},
};

pub(crate) const CHECKS: &[Check] = &[
    ("a link's name, hardware address, type and state are those that iproute2 shows", as_shown),
    ("the holder of an address is found", holder),
    ("a cut cable and its repair are told", cable),
    ("addresses that come and go are told", addresses_change),
    ("a link that vanishes is told", link_gone),
];

fn eth0() -> Link {
    link("eth0")
}

fn as_shown() {
    let _lab = Lab::new();
    let link = eth0();
    let shown = run("ip -brief link show eth0");
    assert!(shown.contains(&link.hardware_address.unwrap().to_string()), "{shown}");
    assert_eq!((link.hardware_type, link.carrier, link.state), (1, true, OperationalState::Up));
    assert!(link.is_up() && link.is_running());
    run("ip link set eth0 down");
    let link = eth0();
    assert!(!link.is_up() && !link.is_running() && !link.carrier);
    assert_eq!(link.state, OperationalState::Down);
}

fn holder() {
    let _lab = Lab::new();
    let mut interfaces = Interfaces::open().unwrap();
    assert_eq!(interfaces.holder([192, 168, 26, 1].into()).unwrap(), Some(eth0()));
    assert_eq!(interfaces.holder([127, 0, 0, 1].into()).unwrap().unwrap().name, "lo");
    assert_eq!(interfaces.holder([192, 168, 26, 99].into()).unwrap(), None);
}

/// Collects changes until `is_wanted` is among them.
fn expect(monitor: &mut Monitor, is_wanted: impl Fn(&Change) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    let mut seen = Vec::new();
    while !seen.iter().any(&is_wanted) {
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "not among {seen:?}");
        let left = PollTimeout::try_from(left).unwrap();
        poll(&mut [PollFd::new(monitor.as_fd(), PollFlags::POLLIN)], left).unwrap();
        seen.extend(monitor.changes().unwrap());
    }
}

fn cable() {
    let lab = Lab::new();
    let mut monitor = Monitor::open().unwrap();
    let of_eth0 = |change: &Change, running| matches!(change, Change::Link(l) if l.name == "eth0" && l.is_running() == running);
    lab.host("ip link set eth0 down");
    expect(&mut monitor, |change| of_eth0(change, false));
    assert!(eth0().is_up() && !eth0().carrier, "only the cable is cut");
    lab.host("ip link set eth0 up");
    expect(&mut monitor, |change| of_eth0(change, true));
    assert!(eth0().is_running());
}

fn addresses_change() {
    let _lab = Lab::new();
    let mut monitor = Monitor::open().unwrap();
    for command in ["add", "del"] {
        for address in ["192.168.26.77/24", "2001:db8::77/64"] {
            monitor.changes().unwrap();
            run(&format!("ip address {command} {address} dev eth0"));
            expect(&mut monitor, |change| *change == Change::Addresses);
        }
    }
}

fn link_gone() {
    let _lab = Lab::new();
    let mut monitor = Monitor::open().unwrap();
    run("ip link del eth0");
    expect(&mut monitor, |change| matches!(change, Change::LinkGone(link) if link.name == "eth0"));
    let names: HashSet<_> =
        Interfaces::open().unwrap().links().unwrap().into_iter().map(|l| l.name).collect();
    assert!(!names.contains("eth0"));
}
