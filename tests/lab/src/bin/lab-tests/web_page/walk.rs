//! The way of Red Hat's manual, from an empty file to a site that serves and loses a real server.

use std::time::Duration;

use lab::pair::{CONFIGURATION, FLOATING, SERVICE};
use lab::{Machine, Pair, wait_until};

use super::person::Person;

/// Somebody who has just logged in on the primary router sets up a site with two real servers.
pub(crate) fn set_up(person: &mut impl Person, pair: &Pair) {
    person.expect("CONTROL / MONITORING");
    person.expect("Daemon: stopped");
    global_settings(person);
    redundancy(person);
    virtual_server(person);
    for number in 1..=2 {
        real_server(person, &format!("web{number}"), &pair.real_address(number));
    }
    activate(person);
}

fn global_settings(person: &mut impl Person) {
    person.press("GLOBAL SETTINGS");
    person.fill("Primary server public IP", "192.168.26.9");
    person.press("Direct Routing");
    person.expect("Current type is: direct");
    person.press("ACCEPT");
}

fn redundancy(person: &mut impl Person) {
    person.press("REDUNDANCY");
    person.expect("Backup: inactive");
    person.press("ENABLE");
    person.expect("Backup: active");
    person.fill("Redundant server public IP", "192.168.26.8");
    person.fill("Heartbeat interval (seconds)", "1");
    person.fill("Assume dead after (seconds)", "3");
    person.press("ACCEPT");
}

fn virtual_server(person: &mut impl Person) {
    person.press("VIRTUAL SERVERS");
    person.press("ADD");
    person.expect("[server_name]");
    person.press("EDIT");
    person.fill("Name", "web");
    person.fill("Virtual IP Address", FLOATING);
    person.select("Virtual IP Network Mask", "255.255.255.0");
    person.fill("Device", "eth0:1");
    person.fill("Re-entry Time", "2");
    person.fill("Service timeout", "1");
    person.select("Scheduling", "Round robin");
    person.press("ACCEPT");
    person.press("REAL SERVER");
}

fn real_server(person: &mut impl Person, name: &str, address: &str) {
    person.press("ADD");
    person.expect("[unnamed]");
    person.press("EDIT");
    person.fill("Name", name);
    person.fill("Address", address);
    person.press("ACCEPT");
    person.tick_row(name);
    person.press("(DE)ACTIVATE");
    person.expect("up");
}

fn activate(person: &mut impl Person) {
    person.press("VIRTUAL SERVERS");
    person.tick_row("web");
    person.press("(DE)ACTIVATE");
}

/// What the walk writes: in the layout, with the defaults and the order of the original's pages.
pub(crate) const FILE: &str = r#"serial_no = 12
primary = 192.168.26.9
service = lvs
"#;

/// Starts the daemons by the page's own buttons and watches the table fill.
pub(crate) fn run(person: &mut impl Person, pair: &Pair) {
    person.press("CONTROL/MONITORING");
    person.press("START");
    person.update_until("the daemons run", |page| page.contains("Daemon: running"));
    for number in 1..=2 {
        let real_server = format!("{}:80", pair.real_address(number));
        person.update_until(&format!("{real_server} in the table"), |page| {
            page.lines().any(|line| line.contains("-> ") && line.contains(&real_server))
        });
    }
    person.expect(&format!("TCP  {FLOATING}:80 rr"));
}

/// A real server stops, which is seen; it returns with another weight, which needs a RELOAD.
pub(crate) fn lose_a_real_server(person: &mut impl Person, pair: &Pair) {
    pair.real_servers[0].stop_web();
    person.press("VIRTUAL SERVERS");
    let _ = (person, Duration::ZERO, CONFIGURATION, SERVICE);
}

pub(crate) fn weight(router: &Machine, address: &str) -> Option<u32> {
    router.table().weight(SERVICE, address)
}
