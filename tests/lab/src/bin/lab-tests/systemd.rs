//! The units, under a systemd that is the first process of each router.

use std::time::Duration;

use lab::page::PORT;
use lab::pair::{CONFIGURATION, FLOATING, SERVICE};
use lab::suite::Test;
use lab::{Machine, Pair, Routing, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn tests() -> Vec<Test> {
    tests!("systemd":
        a_pair_comes_up_at_boot_and_hands_over,
        what_kills_pulse_leaves_nothing_and_nothing_restarts_it,
        the_page_runs_without_rights_and_restarts_pulse,
    )
}

/// Two routers with everything installed, the file of the pair, and systemd.
fn boot(pair: &Pair, enabled: &[&str]) {
    for router in pair.routers() {
        router.install();
        router.write(CONFIGURATION, pair.configuration().to_string());
        router.boot_systemd(enabled);
    }
}

fn a_pair_comes_up_at_boot_and_hands_over() {
    let pair = Pair::boot(Routing::Direct);
    boot(&pair, &["pulse"]);
    pair.wait_until_active(&pair.primary);
    assert!(pair.only(&pair.primary));
    assert_eq!(show(&pair.backup, "StatusText"), "standby");
    let status = pair.primary.run("systemctl", &["status", "--no-pager", "pulse"]).expect_success();
    assert!(status.contains("Active: active (running)"), "{status}");
    assert!(status.contains("Status: \"active"), "{status}");

    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(10);
    let before = main_process(&pair.primary);
    pair.primary.run("systemctl", &["reload", "pulse"]).expect_success();
    assert_eq!(main_process(&pair.primary), before, "a reload keeps the process");
    let stop = traffic.moment();
    pair.primary.run("service", &["pulse", "stop"]).expect_success();
    traffic.expect_answers_within(Duration::from_secs(1), stop);
    assert!(pair.only(&pair.backup));
    assert_clear(&pair.primary);
    let stopped = pair.primary.run("service", &["pulse", "status"]);
    assert_eq!(stopped.code(), 3, "{}", stopped.stdout);
    pair.primary.run("service", &["pulse", "start"]).expect_success();
    pair.primary.run("service", &["pulse", "status"]).expect_success();
    assert!(pair.only(&pair.backup), "who returns stands by");
}

fn what_kills_pulse_leaves_nothing_and_nothing_restarts_it() {
    let pair = Pair::boot(Routing::Direct);
    boot(&pair, &["pulse"]);
    pair.wait_until_active(&pair.primary);
    // The loop stands still; the watchdog of systemd ends what its partner has replaced already.
    pair.primary.signal("pulse", Signal::SIGSTOP);
    wait_until("the end of a pulse that hangs", Duration::from_secs(60), || {
        show(&pair.primary, "ActiveState") == "failed"
    });
    assert_eq!(show(&pair.primary, "Result"), "watchdog");
    assert_clear(&pair.primary);
    pair.wait_until_active(&pair.backup);
    assert!(pair.only(&pair.backup));
    pair.primary.run("systemctl", &["start", "pulse"]).expect_success();
    assert!(pair.only(&pair.backup));
}

fn the_page_runs_without_rights_and_restarts_pulse() {
    let pair = Pair::boot(Routing::Direct);
    let router = &pair.primary;
    router.install();
    router.write(CONFIGURATION, pair.configuration().to_string());
    router.boot_systemd(&["pulse", "piranha-gui"]);
    wait_until("the web page", PATIENCE, || router.listens(PORT));
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
