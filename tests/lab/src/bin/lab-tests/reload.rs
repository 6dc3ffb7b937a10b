//! SIGHUP to pulse: the file is put in force while clients go on asking.

use std::time::Duration;

use lab::lvs_cf::LvsCf;
use lab::pair::{CONFIGURATION, SERVICE, destinations, stop_pulse};
use lab::suite::Test;
use lab::{Machine, Pair, Routing, Traffic, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(15);
/// A second floating address, with a label of its own.
const SECOND: &str = "192.168.26.11";
const SECOND_SERVICE: &str = "TCP 192.168.26.11:80";

pub(crate) fn tests() -> Vec<Test> {
    tests!("reload":
        a_real_server_goes_and_comes,
        a_weight_changes,
        a_virtual_server_comes_changes_and_goes,
        the_standby_follows_too,
        other_times_are_kept_from_then_on,
    )
}

/// Writes the file to both routers and tells both.
fn reload(pair: &Pair, file: &LvsCf) {
    pair.configure(file);
    for router in pair.routers() {
        router.signal("pulse", Signal::SIGHUP);
    }
}

fn a_real_server_goes_and_comes() {
    under_traffic(|pair, file, traffic| {
        file.virtual_server("web").remove("web3");
        reload(pair, file);
        wait_until("two real servers", PATIENCE, || destinations(&pair.primary) == 2);
        let event = traffic.moment();
        traffic.wait_for_answers(20);
        assert!(!traffic.answers_since(event).contains_key("web3"), "a removed real server gets no requests");

        file.virtual_server("web").add("web3", "192.168.26.3");
        reload(pair, file);
        wait_until("three real servers", PATIENCE, || destinations(&pair.primary) == 3);
        traffic.wait_for_answer_of("web3", PATIENCE);
    });
}

fn a_weight_changes() {
    under_traffic(|pair, file, traffic| {
        let weight = |router: &Machine| router.table().weight(SERVICE, "192.168.26.1:80");
        file.virtual_server("web").set("scheduler", "wrr");
        file.virtual_server("web").real_server("web1").set("weight", "4");
        reload(pair, file);
        wait_until("the new weight", PATIENCE, || weight(&pair.primary) == Some(4));
        assert_eq!(pair.primary.table().service(SERVICE).expect("the service").scheduler, "wrr");
        let event = traffic.moment();
        traffic.wait_for_answers(60);
        let answers = traffic.answers_since(event);
        assert!(answers["web1"] > 3 * answers["web2"], "four times as many: {answers:?}");
    });
}

fn a_virtual_server_comes_changes_and_goes() {
    under_traffic(|pair, file, _| {
        for server in &pair.real_servers {
            server.run("ip", &["addr", "add", &format!("{SECOND}/32"), "dev", "lo"]).expect_success();
        }
        let mut second = pair.web();
        second.set("address", &format!("{SECOND} eth0:2"));
        file.virtual_servers.insert(0, second);
        reload(pair, file);
        wait_until("the new virtual server", PATIENCE, || real_servers(pair, SECOND_SERVICE) == Some(3));
        wait_until("its floating address", PATIENCE, || pair.primary.has_address(SECOND));
        let other = pair.client.request(format!("{SECOND}:80").parse().expect("an address and a port"));
        other.wait_for_answers(30);

        file.virtual_servers[0].set("persistent", "300");
        reload(pair, file);
        let persistent = || {
            pair.primary.table().service(SECOND_SERVICE).is_some_and(|s| s.flags.contains("persistent 300"))
        };
        wait_until("persistence", PATIENCE, persistent);
        let event = other.moment();
        other.wait_for_answers(30);
        other.expect_no_failure_since(event);
        drop(other);

        file.virtual_servers.remove(0);
        reload(pair, file);
        wait_until("the virtual server is gone", PATIENCE, || real_servers(pair, SECOND_SERVICE).is_none());
        wait_until("and its address", PATIENCE, || !pair.primary.has_address(SECOND));
    });
}

fn the_standby_follows_too() {
    let pair = Pair::boot(Routing::Direct);
    pair.serve();
    let mut file = pair.configuration();
    file.virtual_server("web").remove("web3");
    reload(&pair, &file);
    wait_until("two real servers", PATIENCE, || destinations(&pair.primary) == 2);
    stop_pulse(&pair.primary);
    wait_until("two real servers there as well", PATIENCE, || destinations(&pair.backup) == 2);
}

fn other_times_are_kept_from_then_on() {
    let pair = Pair::boot(Routing::Direct);
    let traffic = pair.serve();
    reload(&pair, &pair.configuration().with("deadtime", "8"));
    for router in pair.routers() {
        router.wait_for_log("rereading configuration file", PATIENCE);
    }
    pair.lab.power_off(&pair.primary);
    let start = traffic.moment();
    wait_until("the backup takes over", PATIENCE, || pair.backup.logged("partner dead: activating lvs"));
    let waited = traffic.moment().since(start);
    assert!(waited > Duration::from_secs(6), "deadtime is 8 s now, the backup waited {waited:?}");
}

/// No request fails while `changes` are made, the processes stay the same, and pulse on both routers goes on.
fn under_traffic(changes: impl FnOnce(&Pair, &mut LvsCf, &Traffic)) {
    let pair = Pair::boot(Routing::Direct);
    let traffic = pair.serve();
    let mut file = pair.configuration();
    let pids = || {
        ["pulse", "lvsd"]
            .map(|name| pair.primary.processes_named(name).iter().map(|p| p.pid).collect::<Vec<_>>())
    };
    let before = pids();
    let event = traffic.moment();
    changes(&pair, &mut file, &traffic);
    traffic.wait_for_answers(20);
    traffic.expect_no_failure_since(event);
    assert_eq!(pids(), before, "pulse and lvsd are the same processes");
    assert_eq!(
        pair.primary.read(CONFIGURATION).as_deref(),
        Some(file.to_string().as_str()),
        "nobody touched the file"
    );
}

fn real_servers(pair: &Pair, service: &str) -> Option<usize> {
    pair.primary.table().service(service).map(|service| service.destinations.len())
}
