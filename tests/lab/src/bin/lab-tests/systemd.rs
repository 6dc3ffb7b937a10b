//! The units, under a systemd that is the first process of each router.

use std::fs;
use std::time::Duration;

use lab::page::PORT;
use lab::pair::{CONFIGURATION, FLOATING, SERVICE};
use lab::suite::Test;
use lab::{Machine, Pair, Routing, tests, wait_until};
use nix::sys::signal::Signal;

use crate::guides::block::Block;
use crate::web_page::person::Person;

const PATIENCE: Duration = Duration::from_secs(20);

/// What `piranha-passwd` is told.
const PASSWORD: &str = "a good long password";

pub(crate) fn tests() -> Vec<Test> {
    tests!("systemd":
        a_pair_comes_up_at_boot_and_hands_over,
        the_watchdog_ends_a_pulse_that_hangs_and_nothing_is_left,
        the_page_runs_without_rights_and_restarts_pulse,
    )
}

fn a_pair_comes_up_at_boot_and_hands_over() {
    let pair = Pair::boot(Routing::Direct);
    pair.routers().into_iter().for_each(|router| install(router, &pair));
    pair.primary.boot_systemd(&["pulse"]);
    pair.wait_until_active(&pair.primary);
    pair.backup.boot_systemd(&[]);
    assert!(pair.backup.processes_named("pulse").is_empty(), "an installation switches nothing on");
    perform(&pair.backup, "docs/quick-start.md", "systemctl enable pulse");
    perform(&pair.backup, "docs/migration.md", "systemctl daemon-reload");
    assert!(pair.only(&pair.primary));
    let status = pair.primary.run("systemctl", &["status", "--no-pager", "pulse"]).expect_success();
    assert!(status.contains("Active: active (running)"), "{status}");
    assert!(status.contains("Status: \"primary, active: "), "{status}");
    let standby = show(&pair.backup, "StatusText");
    assert!(standby.starts_with("backup, ready: "), "{standby}");

    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(10);
    let before = main_process(&pair.primary);
    pair.primary.run("systemctl", &["reload", "pulse"]).expect_success();
    pair.primary.wait_for_log("rereading configuration file", PATIENCE);
    assert_eq!(main_process(&pair.primary), before, "a reload keeps the process");
    let stop = traffic.moment();
    pair.primary.run("service", &["pulse", "stop"]).expect_success();
    traffic.expect_answers_within(Duration::from_secs(1), stop);
    assert!(pair.only(&pair.backup));
    assert_clear(&pair.primary);
    assert_eq!(pair.primary.run("service", &["pulse", "status"]).code(), 3);
    pair.primary.run("service", &["pulse", "start"]).expect_success();
    pair.primary.run("service", &["pulse", "status"]).expect_success();
    assert!(pair.only(&pair.backup), "who returns stands by");
}

fn the_watchdog_ends_a_pulse_that_hangs_and_nothing_is_left() {
    let pair = Pair::boot(Routing::Direct);
    for router in pair.routers() {
        install(router, &pair);
        shorten_watchdog(router);
        router.boot_systemd(&["pulse"]);
    }
    pair.wait_until_active(&pair.primary);
    pair.primary.signal("pulse", Signal::SIGSTOP);
    pair.wait_until_active(&pair.backup);
    wait_until("the end of a pulse that hangs", PATIENCE, || show(&pair.primary, "ActiveState") == "failed");
    assert_eq!(show(&pair.primary, "Result"), "watchdog");
    assert_clear(&pair.primary);
    assert!(pair.only(&pair.backup));
    pair.primary.run("systemctl", &["start", "pulse"]).expect_success();
    assert!(pair.only(&pair.backup), "who returns stands by");
}

fn the_page_runs_without_rights_and_restarts_pulse() {
    let pair = Pair::boot(Routing::Direct);
    let router = &pair.primary;
    install(router, &pair);
    router.run("piranha-passwd", &[PASSWORD]).expect_success();
    router.boot_systemd(&["pulse", "piranha-gui"]);
    let page = router.processes_named("piranha_gui").first().expect("the web page").pid;
    let status = router.run("cat", &[&format!("/proc/{page}/status")]).expect_success();
    let number = router.run("id", &["-u", "piranha"]).expect_success();
    assert!(status.contains(&format!("Uid:\t{}\t", number.trim())), "{status}");
    for set in ["CapEff", "CapPrm", "CapBnd"] {
        assert!(status.contains(&format!("{set}:\t{:016}\n", 0)), "{status}");
    }

    let mut links = pair.client.links(&format!("http://192.168.26.9:{PORT}/"));
    Person::press(&mut links, "Login");
    links.log_in("piranha", PASSWORD);
    links.expect("CONTROL / MONITORING");
    Person::press(&mut links, "GLOBAL SETTINGS");
    Person::fill(&mut links, "Primary server private IP", "10.0.0.9");
    Person::press(&mut links, "ACCEPT");
    wait_until("what was saved", PATIENCE, || {
        router.read(CONFIGURATION).is_some_and(|file| file.contains("primary_private = 10.0.0.9"))
    });
    let before = main_process(router);
    Person::press(&mut links, "CONTROL/MONITORING");
    Person::press(&mut links, "RESTART");
    links.expect("Restart pulse on this router?");
    Person::press(&mut links, "RESTART");
    wait_until("another pulse", PATIENCE, || {
        show(router, "ActiveState") == "active" && main_process(router) != before
    });
    links.expect("systemctl restart pulse.service: done");
}

/// Does what a guide tells to do where systemd runs.
fn perform(router: &Machine, guide: &'static str, begins: &str) {
    router.run("sh", &["-ec", &Block::commands(guide, begins)]).expect_success();
}

/// Everything, and the file of the pair.
fn install(router: &Machine, pair: &Pair) {
    router.install();
    fs::write(router.path(CONFIGURATION), pair.configuration().to_string()).expect("lvs.cf");
}

/// As `systemctl edit pulse` does.
fn shorten_watchdog(router: &Machine) {
    let folder = router.path("/usr/lib/systemd/system/pulse.service.d");
    fs::create_dir_all(&folder).expect("a folder beside the unit");
    fs::write(folder.join("override.conf"), "[Service]\nWatchdogSec=5s\n").expect("a file in it");
}

fn show(router: &Machine, property: &str) -> String {
    let value = router.run("systemctl", &["show", "--value", "--property", property, "pulse"]);
    value.expect_success().trim().to_owned()
}

fn main_process(router: &Machine) -> String {
    show(router, "MainPID")
}

/// Neither processes nor addresses nor services are left.
fn assert_clear(router: &Machine) {
    assert!(!router.has_address(FLOATING));
    assert!(router.table().service(SERVICE).is_none());
    for program in ["pulse", "lvsd", "nanny"] {
        assert!(router.processes_named(program).is_empty(), "{program} still runs");
    }
}
