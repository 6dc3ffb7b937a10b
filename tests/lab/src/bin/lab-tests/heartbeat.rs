//! Signed heartbeats: a pair that requires them takes over as ever, believes no third machine, and gets there, and to
//! another key, while it serves.

use std::time::Duration;

use lab::lvs_cf::LvsCf;
use lab::pair::{CONFIGURATION, start_pulse, stop_pulse, wait_until_heard};
use lab::suite::Test;
use lab::wait::holds_for;
use lab::{Machine, Pair, Routing, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(15);
/// Sudden death with keepalive 1 and deadtime 3.
const DEATH: Duration = Duration::from_millis(3500);

const KEY_FILE: &str = "/etc/sysconfig/ha/heartbeat.key";
const OLD: &str = "1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
const NEW: &str = "2 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f\n";

pub(crate) fn tests() -> Vec<Test> {
    tests!("heartbeat":
        a_pair_that_requires_signatures_takes_over_and_takes_its_partner_back,
        a_running_pair_climbs_to_require_and_no_forged_stop_counts_any_more,
        a_router_that_verifies_pairs_with_one_that_does_not_sign,
        keys_change_while_the_pair_serves,
    )
}

fn write_keys(router: &Machine, keys: &[&str]) {
    router.write(KEY_FILE, keys.concat());
    router.run("chmod", &["600", KEY_FILE]).expect_success();
}

fn configuration(pair: &Pair, authentication: &str) -> LvsCf {
    let file = pair.configuration().with("#% heartbeat_key_file", KEY_FILE);
    file.with("#% heartbeat_auth", authentication)
}

fn signing_pair(authentication: &str) -> Pair {
    let pair = Pair::boot(Routing::Direct);
    for router in pair.routers() {
        write_keys(router, &[OLD]);
    }
    pair.start_with(&configuration(&pair, authentication));
    pair
}

fn reload(router: &Machine) {
    let before = count(router, "rereading configuration file");
    router.signal("pulse", Signal::SIGHUP);
    wait_until("the reload", PATIENCE, || count(router, "rereading configuration file") > before);
}

fn count(router: &Machine, text: &str) -> usize {
    router.log().iter().filter(|line| line.text.contains(text)).count()
}

/// STOPPED to the backup, with the address of the primary for its own.
fn forge_a_stop(pair: &Pair) {
    let hardware_address = pair.backup.run("cat", &["/sys/class/net/eth0/address"]).expect_success();
    let script = format!(
        // Nobody shall learn from this machine's ARP where the primary is.
        "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore
         ip neighbour replace 192.168.26.8 lladdr {} dev eth0
         ip address add 192.168.26.9/32 dev lo
         ip route replace 192.168.26.8/32 dev eth0 src 192.168.26.9
         printf '\\xbd\\xda\\xbd\\xad' > /dev/udp/192.168.26.8/539
         ip route delete 192.168.26.8/32 dev eth0
         ip address delete 192.168.26.9/32 dev lo",
        hardware_address.trim()
    );
    pair.client.run("bash", &["-ec", &script]).expect_success();
}

fn a_pair_that_requires_signatures_takes_over_and_takes_its_partner_back() {
    let pair = signing_pair("require");
    for router in pair.routers() {
        router.wait_for_log("the partner's heartbeats are authentic key=1", PATIENCE);
    }
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(10);

    let event = traffic.moment();
    pair.lab.power_off(&pair.primary);
    traffic.expect_answers_within(DEATH, event);
    pair.wait_until_active(&pair.backup);

    let event = traffic.moment();
    pair.lab.power_on(&pair.primary);
    write_keys(&pair.primary, &[OLD]);
    start_pulse(&pair.primary);
    holds_for("no fail-back", Duration::from_secs(6), || pair.only(&pair.backup));
    traffic.expect_no_failure_since(event);

    stop_pulse(&pair.backup);
    pair.wait_until_active(&pair.primary);
    pair.primary.wait_for_log("the partner leaves: pulse was told to end reason=4", PATIENCE);
    pair.primary.wait_for_log("backup inactive: activating lvs", PATIENCE);
    assert_eq!(count(&pair.primary, "partner dead"), 0, "the goodbye of the backup was believed");
}

fn a_running_pair_climbs_to_require_and_no_forged_stop_counts_any_more() {
    let pair = Pair::boot(Routing::Direct);
    pair.start();
    let activations = || count(&pair.backup, "activating lvs");
    forge_a_stop(&pair);
    wait_until("a forged stop is believed without signatures", PATIENCE, || activations() == 1);
    wait_until("one owner", PATIENCE, || pair.only(&pair.primary));
    pair.backup.wait_for_log("partner active: deactivating LVS", PATIENCE);

    for router in pair.routers() {
        write_keys(router, &[OLD]);
    }
    for authentication in ["verify", "require"] {
        for router in pair.routers() {
            router.write(CONFIGURATION, configuration(&pair, authentication).to_string());
            reload(router);
            wait_until_heard(router, 2);
        }
        for router in pair.routers() {
            router.wait_for_log("the partner's heartbeats are authentic key=1", PATIENCE);
        }
    }
    pair.primary.wait_for_log("lvs.cf differs from the partner's", PATIENCE);
    pair.primary.wait_for_log("lvs.cf is the same as the partner's again", PATIENCE);
    assert!(pair.only(&pair.primary) && activations() == 1, "nobody fell silent on the way");

    for _ in 0..5 {
        forge_a_stop(&pair);
    }
    pair.backup.wait_for_log("heartbeat refused: not signed link=public count=1", PATIENCE);
    holds_for("the primary alone serves", Duration::from_secs(4), || pair.only(&pair.primary));
    assert_eq!(activations(), 1);
    assert_eq!(count(&pair.backup, "heartbeat refused"), 1, "one line a minute");
}

fn a_router_that_verifies_pairs_with_one_that_does_not_sign() {
    let pair = Pair::boot(Routing::Direct);
    pair.configure(&pair.configuration());
    write_keys(&pair.backup, &[OLD]);
    pair.backup.write(CONFIGURATION, configuration(&pair, "verify").to_string());
    start_pulse(&pair.primary);
    pair.wait_until_active(&pair.primary);
    start_pulse(&pair.backup);
    pair.backup.wait_for_log("heartbeat not authentic, believed all the same: not signed", PATIENCE);
    holds_for("the primary alone serves", Duration::from_secs(5), || pair.only(&pair.primary));

    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(10);
    let event = traffic.moment();
    pair.lab.power_off(&pair.primary);
    traffic.expect_answers_within(DEATH, event);
    pair.wait_until_active(&pair.backup);
}

fn keys_change_while_the_pair_serves() {
    let pair = signing_pair("require");
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(10);
    let event = traffic.moment();
    for keys in [&[OLD, NEW][..], &[NEW, OLD], &[NEW]] {
        for router in pair.routers() {
            write_keys(router, keys);
            reload(router);
            wait_until_heard(router, 2);
        }
        for router in pair.routers() {
            let key = keys[0].split(' ').next().unwrap_or_default();
            router.wait_for_log(&format!("the partner's heartbeats are authentic key={key}"), PATIENCE);
        }
    }
    holds_for("the primary alone serves", Duration::from_secs(4), || pair.only(&pair.primary));
    traffic.expect_no_failure_since(event);
    for router in pair.routers() {
        assert_eq!(count(router, "heartbeat refused"), 0);
    }
}
