//! SIGHUP to pulse: the file is put in force while clients go on asking.

use std::time::Duration;

use lab::lvs_cf::LvsCf;
use lab::pair::{CONFIGURATION, SERVICE, destinations, start_pulse, stop_pulse, wait_until_heard};
use lab::suite::Test;
use lab::wait::holds_for;
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
        the_heartbeat_moves_without_a_takeover,
        partner_and_commands_change_in_place,
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

fn the_heartbeat_moves_without_a_takeover() {
    let pair = Pair::with_private_link(Routing::Direct);
    let traffic = pair.serve();
    let event = traffic.moment();
    let mut file = pair.configuration();
    let follows = |file: &LvsCf, primary: &str, backup: &str| {
        reload(&pair, file);
        wait_until(primary, PATIENCE, || sockets(&pair.primary) == primary);
        wait_until(backup, PATIENCE, || sockets(&pair.backup) == backup);
        wait_until_heard(&pair.primary, 4);
        wait_until_heard(&pair.backup, 4);
    };
    file.set("heartbeat_port", "1539");
    follows(&file, "192.168.26.9:1539", "192.168.26.8:1539");

    let with_private = file.clone().with("primary_private", "10.0.0.9").with("backup_private", "10.0.0.8");
    follows(&with_private, "10.0.0.9:1539 192.168.26.9:1539", "10.0.0.8:1539 192.168.26.8:1539");
    pair.lab.cut(&pair.backup, "eth0");
    holds_for("the private link is enough", Duration::from_secs(5), || pair.only(&pair.primary));
    pair.lab.mend(&pair.backup, "eth0");
    wait_until_heard(&pair.backup, 4);

    let faster = file.clone().with("#% keepalive", "200ms").with("#% deadtime", "1s");
    follows(&faster, "192.168.26.9:1539", "192.168.26.8:1539");
    let before = pair.backup.datagrams();
    holds_for("the primary alone serves", Duration::from_secs(2), || pair.only(&pair.primary));
    assert!(pair.backup.datagrams() >= before + 6, "five heartbeats a second");

    assert!(!pair.backup.logged("activating") && !pair.primary.logged("resending arps"));
    traffic.expect_no_failure_since(event);
}

/// Where UDP datagrams are awaited.
fn sockets(router: &Machine) -> String {
    let listing = router.run("ss", &["-Huln"]).expect_success();
    let mut bound: Vec<_> = listing.lines().filter_map(|line| line.split_whitespace().nth(3)).collect();
    bound.sort_unstable();
    bound.join(" ")
}

fn partner_and_commands_change_in_place() {
    let pair = Pair::boot(Routing::Direct);
    let traffic = pair.serve();
    let event = traffic.moment();
    let mut file = pair.configuration();
    let daemons = |router: &Machine| router.run("ipvsadm", &["--list", "--daemon"]).expect_success();
    for (id, shown) in [("7", "syncid=7"), ("8", "syncid=8")] {
        let synchronised = file.clone().with("syncdaemon", "1").with("syncd_iface", "eth0");
        reload(&pair, &synchronised.with("syncd_id", id));
        for (router, mode) in pair.routers().into_iter().zip(["master", "backup"]) {
            let is_so = |daemons: &str| daemons.contains(mode) && daemons.contains(shown);
            wait_until(shown, PATIENCE, || is_so(&daemons(router)));
        }
    }
    reload(&pair, &file);
    for router in pair.routers() {
        wait_until("no sync daemon", PATIENCE, || daemons(router).trim().is_empty());
    }

    pair.backup.run("ip", &["addr", "add", "192.168.26.7/24", "dev", "eth0"]).expect_success();
    file.set("backup", "192.168.26.7");
    file.set("active_cmd", "\"/bin/touch /run/active\"");
    reload(&pair, &file);
    wait_until("the new address", PATIENCE, || sockets(&pair.backup) == "192.168.26.7:539");
    for router in pair.routers() {
        wait_until_heard(router, 4);
    }
    assert_eq!(pair.backup.read("/run/active"), None);

    // A backup that is marked inactive goes, as it would not start; marked active again, it comes back.
    let alone = file.clone().with("backup_active", "0");
    reload(&pair, &alone);
    let line = "We are backup node and backup is marked inactive -- exiting pulse";
    pair.backup.wait_for_log(line, PATIENCE);
    wait_until("its end", PATIENCE, || pair.backup.processes_named("pulse").is_empty());
    holds_for("the primary alone serves", Duration::from_secs(4), || pair.only(&pair.primary));
    pair.configure(&file);
    pair.primary.signal("pulse", Signal::SIGHUP);
    start_pulse(&pair.backup);
    wait_until_heard(&pair.backup, 4);
    assert!(!pair.backup.logged("activating"));
    traffic.expect_no_failure_since(event);

    stop_pulse(&pair.primary);
    pair.wait_until_active(&pair.backup);
    wait_until("active_cmd", PATIENCE, || pair.backup.read("/run/active").is_some());
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
