//! One nanny for many real servers, under lvsd.

use std::time::Duration;

use lab::lvs_cf::LvsCf;
use lab::pair::{SERVICE, destinations};
use lab::suite::Test;
use lab::wait::holds_for;
use lab::{Machine, Pair, tests, wait_until};
use nix::sys::signal::Signal;

use crate::lvsd::{PATIENCE, configured, reload, start_lvsd};

pub(crate) fn tests() -> Vec<Test> {
    tests!("pool":
        one_nanny_checks_a_hundred_real_servers,
        the_state_of_one_among_many_is_forced_and_released,
        a_killed_pool_is_started_again_and_changes_nothing,
        reloads_between_nannies_and_a_pool_change_nothing,
        the_end_of_lvsd_is_the_end_of_the_pool,
    )
}

/// Number of the first real server, and the last part of its address.
const FIRST: usize = 101;

/// A router whose file has so many real servers, all well and in its table. They share three machines.
fn balancer(count: usize, pool: Option<&str>) -> (Pair, LvsCf) {
    let (pair, file) = configured(|file| {
        if let Some(pool) = pool {
            file.set("#% nanny_pool", pool);
        }
        let web = file.virtual_server("web");
        // A hundred web servers on one processor may keep a check waiting.
        web.set("#% check_timeout", "2");
        web.real_servers.clear();
        for number in FIRST..FIRST + count {
            web.add(&format!("s{number}"), &format!("192.168.26.{number}"));
        }
    });
    for number in FIRST..FIRST + count {
        change_address(&pair, number, "add");
    }
    start_lvsd(&pair.primary);
    wait_until("every real server in the table", PATIENCE, || destinations(&pair.primary) == count);
    (pair, file)
}

/// Switches a real server on or off.
fn change_address(pair: &Pair, number: usize, change: &str) {
    let machine = &pair.real_servers[number % pair.real_servers.len()];
    let address = format!("192.168.26.{number}/24");
    machine.run("ip", &["addr", change, &address, "dev", "eth0"]).expect_success();
}

fn weight(router: &Machine, number: usize) -> Option<u32> {
    router.table().weight(SERVICE, &format!("192.168.26.{number}:80"))
}

fn nannies(router: &Machine) -> Vec<i32> {
    router.processes_named("nanny").iter().map(|nanny| nanny.pid).collect()
}

fn piranhactl(router: &Machine, command: &str, number: usize) {
    router.run("/usr/sbin/piranhactl", &[command, &format!("web/s{number}")]).expect_success();
}

/// Waits until these many nannies have taken the place of those before, with a table that never changes.
fn expect_new_nannies(router: &Machine, before: &[i32], count: usize) {
    let table = router.table().sorted();
    wait_until(&format!("{count} new nannies"), PATIENCE, || {
        assert_eq!(router.table().sorted(), table);
        let now = nannies(router);
        now.len() == count && now.iter().all(|nanny| !before.contains(nanny))
    });
    holds_for("the table", Duration::from_secs(3), || router.table().sorted() == table);
}

fn expect_death_is_noticed(pair: &Pair, number: usize) {
    change_address(pair, number, "del");
    wait_until("the dead real server out of the table", PATIENCE, || weight(&pair.primary, number).is_none());
}

/// The other 99 are in the table; one that a busy processor has kept from answering comes back.
fn expect_only_missing(router: &Machine, number: usize) {
    wait_until("the other 99 in the table", PATIENCE, || {
        assert_eq!(weight(router, number), None, "s{number} is out of service");
        destinations(router) == 99
    });
}

fn one_nanny_checks_a_hundred_real_servers() {
    let (pair, _) = balancer(100, None);
    let router = &pair.primary;
    router.wait_for_log("create_monitor for web/s200 running as pid", PATIENCE);
    let [pool] = nannies(router)[..] else { panic!("{:?} are not one nanny", nannies(router)) };
    for number in FIRST..FIRST + 100 {
        let line = format!("create_monitor for web/s{number} running as pid {pool}");
        assert!(router.logged(&line), "{line}");
    }

    // lvsd itself has made the first check; the death shall be nanny's discovery.
    router.wait_for_log("making 192.168.26.142:80 available", PATIENCE);
    expect_death_is_noticed(&pair, 142);
    expect_only_missing(router, 142);
    router.wait_for_log(
        "[inactive] shutting down 192.168.26.142:80 due to connection failure \
         virtual_server=192.168.26.10:80 real_server=192.168.26.142:80",
        PATIENCE,
    );
    change_address(&pair, 142, "add");
    wait_until("all of them", PATIENCE, || destinations(router) == 100);
}

fn the_state_of_one_among_many_is_forced_and_released() {
    let (pair, _) = balancer(100, None);
    let router = &pair.primary;
    piranhactl(router, "down", 150);
    wait_until("150 out of the table", PATIENCE, || weight(router, 150).is_none());
    expect_only_missing(router, 150);
    router.wait_for_log(
        "opaque glasses on virtual_server=192.168.26.10:80 real_server=192.168.26.150:80",
        PATIENCE,
    );
    piranhactl(router, "release", 150);
    wait_until("150 in the table", PATIENCE, || weight(router, 150) == Some(1));

    expect_death_is_noticed(&pair, 151);
    piranhactl(router, "up", 151);
    wait_until("151 in the table", PATIENCE, || weight(router, 151) == Some(1));
    piranhactl(router, "release", 151);
    wait_until("151 out of the table", PATIENCE, || weight(router, 151).is_none());
}

fn a_killed_pool_is_started_again_and_changes_nothing() {
    let (pair, _) = balancer(100, None);
    let router = &pair.primary;
    expect_death_is_noticed(&pair, 120);
    piranhactl(router, "down", 130);
    wait_until("130 out of the table", PATIENCE, || weight(router, 130).is_none());

    let before = nannies(router);
    router.signal("nanny", Signal::SIGKILL);
    expect_new_nannies(router, &before, 1);
    router.wait_for_log("nanny for web/s101 and 99 others ended", PATIENCE);
    // The new one is at work.
    expect_death_is_noticed(&pair, 110);
    piranhactl(router, "release", 130);
    wait_until("130 in the table", PATIENCE, || weight(router, 130) == Some(1));
}

fn reloads_between_nannies_and_a_pool_change_nothing() {
    let (pair, mut file) = balancer(20, None);
    let router = &pair.primary;
    assert_eq!(nannies(router).len(), 20);
    expect_death_is_noticed(&pair, 105);
    for (pool, count) in [("1", 1), ("0", 20), ("1", 1)] {
        let before = nannies(router);
        file.set("#% nanny_pool", pool);
        reload(&pair, &file);
        expect_new_nannies(router, &before, count);
    }
    expect_death_is_noticed(&pair, 106);
    change_address(&pair, 105, "add");
    wait_until("105 in the table", PATIENCE, || weight(router, 105) == Some(1));
}

fn the_end_of_lvsd_is_the_end_of_the_pool() {
    let (pair, _) = balancer(100, None);
    let router = &pair.primary;
    router.signal("lvsd", Signal::SIGTERM);
    wait_until("the end of lvsd and its pool", Duration::from_secs(2), || {
        router.processes_named("lvsd").is_empty() && nannies(router).is_empty()
    });
    assert_eq!(router.table().sorted(), "");

    start_lvsd(router);
    wait_until("a pool", PATIENCE, || nannies(router).len() == 1);
    router.signal("lvsd", Signal::SIGKILL);
    wait_until("the end of the pool", PATIENCE, || nannies(router).is_empty());
}
