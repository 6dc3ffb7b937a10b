//! The way of Red Hat's manual, from an empty file to a site that serves and loses a real server.

use lab::Pair;
use lab::pair::{CONFIGURATION, FLOATING};

use super::person::Person;

/// Somebody who has just logged in on the primary router sets up a site with two real servers, starts it, and watches it.
pub(crate) fn go(person: &mut impl Person, pair: &Pair) {
    person.expect("CONTROL / MONITORING");
    person.expect("Daemon: stopped");
    global_settings(person);
    redundancy(person);
    virtual_server(person);
    for number in 1..=2 {
        real_server(person, &format!("web{number}"), &pair.real_address(number));
    }
    person.press("VIRTUAL SERVERS");
    person.tick_row("web");
    person.press("(DE)ACTIVATE");
    person.expect("up");
    assert_eq!(file(pair), FILE);
    start(person, pair);
    lose_a_real_server(person, pair);
    change_a_weight(person, pair);
    restart_and_stop(person, pair);
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
}

/// What the walk writes: in the layout, with the defaults and the order of the original's pages.
const FILE: &str = r#"primary = 192.168.26.9
backup_active = 1
backup = 192.168.26.8
heartbeat = 1
heartbeat_port = 539
keepalive = 1
deadtime = 3
network = direct
virtual web {
     active = 1
     address = 192.168.26.10 eth0:1
     vip_nmask = 255.255.255.0
     port = 80
     send = "GET / HTTP/1.0\r\n\r\n"
     expect = "HTTP"
     use_regex = 0
     load_monitor = none
     scheduler = rr
     protocol = tcp
     timeout = 1
     reentry = 2
     quiesce_server = 0
     server web1 {
         address = 192.168.26.1
         active = 1
         weight = 1
     }
     server web2 {
         address = 192.168.26.2
         active = 1
         weight = 1
     }
}
"#;

/// The file without its serial number, which counts how often was saved.
fn file(pair: &Pair) -> String {
    let file = pair.primary.read(CONFIGURATION).unwrap_or_default();
    let (serial, rest) = file.split_once('\n').unwrap_or_default();
    assert!(serial.starts_with("serial_no = "), "{file}");
    rest.to_owned()
}

/// The table fills before one's eyes.
fn start(person: &mut impl Person, pair: &Pair) {
    person.press("CONTROL/MONITORING");
    person.press("START");
    person.update_until("the daemons run", |page| page.contains("Daemon: running"));
    for number in 1..=2 {
        let real_server = format!("{}:80", pair.real_address(number));
        person.update_until(&real_server, |page| routed(page, &real_server).is_some());
    }
    person.expect(&format!("{FLOATING}:80 rr"));
}

/// A real server stops, which is seen, and comes back.
fn lose_a_real_server(person: &mut impl Person, pair: &Pair) {
    let real_server = format!("{}:80", pair.real_address(1));
    pair.real_servers[0].stop_web();
    person.update_until("web1 is out of the table", |page| routed(page, &real_server).is_none());
    person.update_until("web1 is down", |page| {
        page.lines().any(|line| line.contains("web1") && line.contains("down"))
    });
    pair.real_servers[0].start_web(80);
    person.update_until("web1 is back", |page| routed(page, &real_server).is_some());
}

/// A change on the page of a real server comes into force by a reload.
fn change_a_weight(person: &mut impl Person, pair: &Pair) {
    person.press("VIRTUAL SERVERS");
    person.press("EDIT");
    person.press("REAL SERVER");
    person.tick_row("web2");
    person.press("EDIT");
    person.fill("Weight", "7");
    person.press("ACCEPT");
    person.press("CONTROL/MONITORING");
    // The first press asks, and shows what would be done.
    person.press("RELOAD");
    person.expect(&format!("-e -t {FLOATING}:80 -r {}:80", pair.real_address(2)));
    person.press("RELOAD");
    let real_server = format!("{}:80", pair.real_address(2));
    person.update_until("the weight of web2", |page| routed(page, &real_server) == Some(7));
}

/// The helper calls the init script.
fn restart_and_stop(person: &mut impl Person, pair: &Pair) {
    let pulse = || pair.primary.processes_named("pulse").first().map(|process| process.pid);
    let before = pulse();
    for (button, question) in
        [("RESTART", "Restart pulse on this router?"), ("STOP", "Stop pulse on this router?")]
    {
        person.press("CONTROL/MONITORING");
        // The first press asks.
        person.press(button);
        person.expect(question);
        person.press(button);
        person.expect(&format!("/etc/rc.d/init.d/pulse {}: done", button.to_lowercase()));
        person.press("CONTROL/MONITORING");
        if button == "RESTART" {
            person.expect("Daemon: running");
            assert!(pulse().is_some() && pulse() != before, "{before:?} became {:?}", pulse());
        }
    }
    person.expect("Daemon: stopped");
    assert_eq!(pulse(), None);
    assert!(!pair.primary.has_address(FLOATING), "left after a stop");
}

/// The weight of a real server in the routing table as the page shows it: `  -> 192.168.26.1:80   Route   1   0   0`.
fn routed(page: &str, real_server: &str) -> Option<u32> {
    let line = page.lines().find(|line| line.trim_start().starts_with(&format!("-> {real_server}")))?;
    line.split_whitespace().nth(3)?.parse().ok()
}
