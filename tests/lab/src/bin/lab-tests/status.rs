//! `piranhactl status` on both routers of a pair: what an administrator reads before and after a takeover.

use std::time::Duration;

use lab::pair::{CONFIGURATION, start_pulse, stop_pulse, wait_until_heard};
use lab::suite::Test;
use lab::{Machine, Pair, Routing, tests, wait_until};
use nix::sys::signal::Signal;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(30);
const PIRANHACTL: &str = "/usr/sbin/piranhactl";

pub(crate) fn tests() -> Vec<Test> {
    tests!("status":
        both_routers_tell_of_a_takeover_and_its_cause,
        why_the_partner_left_is_told_on_both_routers,
        files_that_differ_are_told_on_both_routers,
        only_root_and_the_group_piranha_may_ask,
    )
}

fn ask(router: &Machine, words: &[&str]) -> String {
    router.run(PIRANHACTL, words).expect_success()
}

/// What pulse says, in its own JSON.
pub(crate) fn routers(router: &Machine) -> Value {
    serde_json::from_str(&ask(router, &["status", "--pulse", "--json"])).expect("one object")
}

/// Waits until both of these are so, and gives the whole status.
fn wait_for(router: &Machine, texts: &[&str]) -> String {
    wait_until(&format!("{texts:?} in the status of {router}"), PATIENCE, || {
        let outcome = router.run(PIRANHACTL, &["status", "--pulse"]);
        texts.iter().all(|text| outcome.stdout.contains(text))
    });
    ask(router, &["status"])
}

fn both_routers_tell_of_a_takeover_and_its_cause() {
    let pair = Pair::boot(Routing::Direct);
    pair.start();
    let active = wait_for(&pair.primary, &["real servers: 3 of 3 up", "Partner: backup, ready for "]);
    for text in [
        "This router: primary, active for ",
        ": forced at start\n",
        "floating addresses: 1 of 1 up\n",
        "public link: 192.168.26.9:539 to 192.168.26.8:539, heard 0s ago\n",
        "lvs.cf is the same\n",
        "web -t 192.168.26.10:80 rr: 3 of 3 in service",
    ] {
        assert!(active.contains(text), "no {text:?} in\n{active}");
    }
    let standby = wait_for(&pair.backup, &["Partner: primary, active for ", "real servers: 3 of 3 up"]);
    for text in [
        "This router: backup, ready for ",
        ": pulse was started\n",
        "none of 1 up\n",
        "lvsd does not run here",
    ] {
        assert!(standby.contains(text), "no {text:?} in\n{standby}");
    }

    pair.real_servers[2].stop_web();
    wait_for(&pair.backup, &["real servers: 2 of 3 up"]);

    let before = routers(&pair.backup)["transitions"].as_array().map(Vec::len);
    assert_eq!(before, Some(0));
    pair.lab.power_off(&pair.primary);
    let active = wait_for(&pair.backup, &["This router: backup, active for ", "1 of 1 up", "2 of 3 up"]);
    assert!(active.contains(": partner dead\n"), "{active}");
    assert!(
        active.contains("\nPartner: primary, DEAD; heard ") && active.contains(", active then\n"),
        "{active}"
    );
    assert!(active.contains("2 of 3 in service"), "{active}");
    let history = ask(&pair.backup, &["history"]);
    let lines: Vec<_> = history.lines().collect();
    assert_eq!(lines.len(), 2, "{history}");
    assert!(lines[0].contains("Z pulse started, process "), "{history}");
    assert!(lines[1].ends_with("Z ready -> active: partner dead"), "{history}");
}

fn why_the_partner_left_is_told_on_both_routers() {
    let pair = Pair::with_private_link(Routing::Direct);
    let file = pair
        .configuration()
        .with("primary_private", "10.0.0.9")
        .with("backup_private", "10.0.0.8")
        .with("monitor_links", "1");
    pair.start_with(&file);
    wait_for(&pair.backup, &["Partner: primary, active for "]);

    // Its own device, and the partner hears it on the other link.
    pair.primary.run("ip", &["link", "set", "eth0", "down"]).expect_success();
    let left = wait_for(&pair.primary, &["This router: primary, link down for ", "SILENT, DEVICE DOWN"]);
    assert!(left.contains(": the public link is down\n"), "{left}");
    assert!(left.contains("private link: 10.0.0.9:539 to 10.0.0.8:539, heard "), "{left}");
    let took =
        wait_for(&pair.backup, &["This router: backup, active for ", "Partner: primary, link down for "]);
    assert!(took.contains(": primary inactive\n") && took.contains(": a link is down\n"), "{took}");

    pair.primary.run("ip", &["link", "set", "eth0", "up"]).expect_success();
    let back = wait_for(&pair.primary, &["This router: primary, ready for ", "Partner: backup, active for "]);
    assert!(back.contains(": the links are up again\n"), "{back}");
    let history = ask(&pair.primary, &["history"]);
    let changes: Vec<_> =
        history.lines().filter_map(|line| line.split_once("Z ")).map(|(_, what)| what).collect();
    assert_eq!(
        changes[1..],
        [
            "ready -> active: forced at start",
            "active -> leaving: the public link is down",
            "leaving -> link down: the public link is down",
            "link down -> ready: the links are up again",
        ]
    );

    stop_pulse(&pair.backup);
    let outcome = pair.backup.run(PIRANHACTL, &["status"]);
    assert_eq!(outcome.code(), 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("pulse does not run on this router"), "{}", outcome.stderr);
    wait_for(&pair.primary, &["This router: primary, active for ", ": backup inactive\n"]);
    wait_for(&pair.primary, &["Partner: backup, DEAD; heard "]);
}

fn files_that_differ_are_told_on_both_routers() {
    let pair = Pair::boot(Routing::Direct);
    pair.start();
    wait_for(&pair.primary, &["lvs.cf is the same\n"]);
    let other = pair.configuration().with("serial_no", "41");
    pair.backup.write(CONFIGURATION, other.to_string());
    pair.backup.signal("pulse", Signal::SIGHUP);
    wait_for(
        &pair.primary,
        &["LVS.CF DIFFERS: serial_no 41 there, 40 here: make them equal and reload both\n"],
    );
    wait_for(
        &pair.backup,
        &["LVS.CF DIFFERS: serial_no 40 there, 41 here: make them equal and reload both\n"],
    );

    pair.backup.write(CONFIGURATION, "primary = nowhere\n");
    pair.backup.signal("pulse", Signal::SIGHUP);
    wait_for(&pair.backup, &["PULSE REFUSED THE FILE when it was read last", "serial_no 41"]);

    pair.backup.write(CONFIGURATION, pair.configuration().to_string());
    pair.backup.signal("pulse", Signal::SIGHUP);
    for router in pair.routers() {
        wait_for(router, &["lvs.cf is the same\n"]);
    }
    assert!(pair.only(&pair.primary));
}

fn only_root_and_the_group_piranha_may_ask() {
    let pair = Pair::boot(Routing::Direct);
    pair.configure(&pair.configuration());
    let router = &pair.backup;
    let groups = router.read("/etc/group").unwrap_or_default() + "piranha:x:777:\n";
    router.write("/etc/group", groups);
    start_pulse(&pair.primary);
    pair.wait_until_active(&pair.primary);
    start_pulse(router);
    wait_until_heard(router, 1);
    wait_for(router, &["Partner: primary, active for "]);

    let nobody = ["--reuid=65534", "--regid=65534"];
    let asked =
        |groups: &str| router.run("setpriv", &[&nobody[..], &[groups, PIRANHACTL, "status"]].concat());
    let outcome = asked("--clear-groups");
    assert_eq!(outcome.code(), 3, "{}", outcome.stdout);
    let refusal = "only root and members of the group piranha may ask pulse";
    assert!(outcome.stderr.contains(refusal), "{}", outcome.stderr);
    assert!(asked("--groups=777").expect_success().contains("This router: backup, ready for "));
}
