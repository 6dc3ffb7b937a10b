//! Load monitoring from the line of lvs.cf to the weight in the kernel's table.

use std::time::Duration;

use lab::lvs_cf::LvsCf;
use lab::pair::{CONFIGURATION, SERVICE};
use lab::suite::Test;
use lab::{Machine, Pair, Routing, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(15);
const REAL: &str = "192.168.26.1:80";

pub(crate) fn tests() -> Vec<Test> {
    tests!("load":
        uptime_is_asked_for_through_rsh_command,
        any_program_is_asked_with_the_address,
        none_asks_nobody,
    )
}

/// A program that notes what it was told the first time and finds the real server idle.
fn idle(router: &Machine, path: &str) {
    router.write(
        path,
        format!(
            "#!/bin/sh\n[ -e {path}.told ] || echo \"$@\" > {path}.told\necho 'load average: 0.00, 0.00, 0.00'\n"
        ),
    );
    router.run("chmod", &["+x", path]).expect_success();
}

/// lvsd on one router, for one real server with weight 4 and a check each minute.
fn follow(change: impl FnOnce(&Pair, &mut LvsCf)) -> Pair {
    let pair = Pair::boot(Routing::Direct);
    let mut file = pair.configuration();
    let web = file.virtual_server("web");
    web.remove("web2");
    web.remove("web3");
    web.set("timeout", "60");
    web.real_server("web1").set("weight", "4");
    change(&pair, &mut file);
    pair.primary.write(CONFIGURATION, file.to_string());
    pair.primary.run("/usr/sbin/lvsd", &["-v"]).expect_success();
    pair
}

/// Has checks begin until the real server has this weight; with a check each minute, each is a step.
fn check_until(router: &Machine, weight: u32) {
    wait_until(&format!("weight {weight}"), PATIENCE, || {
        router.signal("nanny", Signal::SIGALRM);
        router.table().weight(SERVICE, REAL) == Some(weight)
    });
}

fn uptime_is_asked_for_through_rsh_command() {
    let pair = follow(|pair, file| {
        idle(&pair.primary, "/run/shell");
        file.set("rsh_command", "/run/shell");
        file.virtual_server("web").set("load_monitor", "uptime");
    });
    pair.primary.wait_for_log("starting LVS client monitor", PATIENCE);
    // Ten times the configured weight is the most.
    check_until(&pair.primary, 40);
    assert_eq!(pair.primary.read("/run/shell.told").as_deref(), Some("192.168.26.1\n"));
}

fn any_program_is_asked_with_the_address() {
    let pair = follow(|pair, file| {
        idle(&pair.primary, "/run/own");
        file.virtual_server("web").set("load_monitor", "/run/own");
    });
    pair.primary.wait_for_log("starting LVS client monitor", PATIENCE);
    check_until(&pair.primary, 40);
    assert_eq!(pair.primary.read("/run/own.told").as_deref(), Some("192.168.26.1\n"));
}

fn none_asks_nobody() {
    let pair = follow(|_, file| file.virtual_server("web").set("load_monitor", "none"));
    pair.primary.wait_for_log("starting LVS client monitor", PATIENCE);
    check_until(&pair.primary, 4);
    let checks = || pair.primary.log().iter().filter(|line| line.text.contains("avail: 1 active: 1")).count();
    for _ in 0..2 {
        let before = checks();
        pair.primary.signal("nanny", Signal::SIGALRM);
        wait_until("a check", PATIENCE, || checks() > before);
    }
    assert!(!pair.primary.logged("Invoking"), "nobody is asked");
    assert_eq!(pair.primary.table().weight(SERVICE, REAL), Some(4));
}
