//! lvsd and its nannies on one router, without pulse: the kernel's table follows the file and the checks.

use std::time::Duration;

use lab::lvs_cf::LvsCf;
use lab::pair::{CONFIGURATION, FLOATING, SERVICE, destinations};
use lab::suite::Test;
use lab::{Machine, Pair, Routing, tests, wait_until};
use nix::sys::signal::Signal;

pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) fn tests() -> Vec<Test> {
    tests!("lvsd":
        the_table_is_what_the_file_says,
        a_dead_real_server_leaves_and_returns,
        a_quiesced_real_server_stays_with_weight_0,
        the_sorry_server_answers_for_dead_real_servers,
        reloads_fail_no_request,
        a_reload_with_a_broken_file_changes_nothing,
        a_killed_lvsd_is_continued_where_it_stopped,
        a_killed_nanny_is_started_again,
        another_programs_service_is_left_alone,
        a_stop_leaves_nothing_behind,
        a_second_lvsd_is_refused,
    )
}

/// A pair of which only the primary is used, and the floating address set by hand.
pub(crate) fn balancer(file: impl FnOnce(&mut LvsCf)) -> (Pair, LvsCf) {
    let (pair, configuration) = configured(file);
    start_lvsd(&pair.primary);
    (pair, configuration)
}

/// The same before lvsd is started.
pub(crate) fn configured(file: impl FnOnce(&mut LvsCf)) -> (Pair, LvsCf) {
    let pair = Pair::boot(Routing::Direct);
    let mut configuration = pair.configuration();
    file(&mut configuration);
    pair.configure(&configuration);
    let address = format!("{FLOATING}/24");
    pair.primary.run("ip", &["addr", "add", &address, "dev", "eth0", "label", "eth0:1"]).expect_success();
    (pair, configuration)
}

pub(crate) fn start_lvsd(router: &Machine) {
    router.run("/usr/sbin/lvsd", &[]).expect_success();
}

/// Puts a changed file in force.
pub(crate) fn reload(pair: &Pair, file: &LvsCf) {
    pair.primary.write(CONFIGURATION, file.to_string());
    pair.primary.signal("lvsd", Signal::SIGHUP);
}

pub(crate) fn wait_for_table(router: &Machine, wanted: &str) {
    let what = format!("this table:\n{wanted}");
    wait_until(&what, PATIENCE, || router.table().sorted() == wanted);
}

pub(crate) fn wait_for_all(pair: &Pair) {
    wait_until("every real server in the table", PATIENCE, || destinations(&pair.primary) == 3);
}

fn the_table_is_what_the_file_says() {
    let (pair, _) = balancer(|file| {
        let web = file.virtual_server("web");
        web.set("scheduler", "wlc");
        web.set("persistent", "60");
        web.set("pmask", "255.255.255.0");
        web.real_server("web2").set("weight", "2");
        web.real_server("web3").set("active", "0");
        let mut marked = web.clone();
        marked.set("fwmark", "7");
        marked.set("persistent", "0");
        file.virtual_servers.push(marked);
        let mut dead = file.virtual_servers[0].clone();
        dead.set("address", "192.168.26.11 eth0:2");
        dead.set("port", "81");
        dead.set("protocol", "udp");
        dead.set("persistent", "0");
        dead.real_servers.clear();
        file.virtual_servers.push(dead);
    });
    // In the words of another program. A weight of 2 begins with 1 and grows within 20 s.
    let saved = || {
        let text = pair.primary.run("ipvsadm", &["-Sn"]).expect_success();
        let mut lines: Vec<_> = text.lines().map(str::trim_end).map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let wanted = [
        "-A -f 7 -s wlc",
        "-A -t 192.168.26.10:80 -s wlc -p 60 -M 255.255.255.0",
        "-A -u 192.168.26.11:81 -s wlc",
        "-a -f 7 -r 192.168.26.1:0 -g -w 1",
        "-a -f 7 -r 192.168.26.2:0 -g -w 2",
        "-a -t 192.168.26.10:80 -r 192.168.26.1:80 -g -w 1",
        "-a -t 192.168.26.10:80 -r 192.168.26.2:80 -g -w 2",
    ];
    wait_until(&format!("{wanted:#?}"), Duration::from_secs(30), || saved() == wanted);
}

fn a_dead_real_server_leaves_and_returns() {
    let (pair, _) = balancer(|_| {});
    wait_for_all(&pair);
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(10);

    let event = traffic.moment();
    pair.real_servers[1].stop_web();
    wait_until("the dead real server out of the table", PATIENCE, || destinations(&pair.primary) == 2);
    traffic.expect_answers_within(Duration::from_millis(1300), event);
    pair.primary.wait_for_log("[inactive] shutting down 192.168.26.2:80 due to connection failure", PATIENCE);

    pair.real_servers[1].start_web(80);
    wait_for_all(&pair);
    traffic.wait_for_answer_of("web2", PATIENCE);
}

fn a_quiesced_real_server_stays_with_weight_0() {
    let (pair, _) = balancer(|file| file.virtual_server("web").set("quiesce_server", "1"));
    wait_for_all(&pair);
    let weight = || pair.primary.table().weight(SERVICE, "192.168.26.2:80");
    pair.real_servers[1].stop_web();
    wait_until("weight 0", PATIENCE, || weight() == Some(0));
    pair.real_servers[1].start_web(80);
    wait_until("weight 1", PATIENCE, || weight() == Some(1));
}

fn the_sorry_server_answers_for_dead_real_servers() {
    let (pair, _) = balancer(|file| {
        let web = file.virtual_server("web");
        web.remove("web3");
        web.set("sorry_server", "192.168.26.3");
    });
    wait_until("two real servers", PATIENCE, || destinations(&pair.primary) == 2);
    pair.real_servers[0].stop_web();
    pair.real_servers[1].stop_web();
    wait_for_table(&pair.primary, "TCP 192.168.26.10:80 rr\n  -> 192.168.26.3:80 Route 1\n");
    pair.primary
        .wait_for_log("Virtual Server web: No real servers; activate sorry_server 192.168.26.3", PATIENCE);
    pair.real_servers[0].start_web(80);
    wait_for_table(&pair.primary, "TCP 192.168.26.10:80 rr\n  -> 192.168.26.1:80 Route 1\n");
    assert!(pair.primary.logged("Virtual Server web: 1 real servers; deactivate sorry_server 192.168.26.3"));
}

fn reloads_fail_no_request() {
    let (pair, mut file) = balancer(|_| {});
    wait_for_all(&pair);
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(10);
    let event = traffic.moment();
    let table = |lines: &str| wait_for_table(&pair.primary, lines);
    let (one, two, three) = (
        "  -> 192.168.26.1:80 Route 1\n",
        "  -> 192.168.26.2:80 Route 1\n",
        "  -> 192.168.26.3:80 Route 1\n",
    );

    file.virtual_server("web").remove("web3");
    reload(&pair, &file);
    table(&format!("TCP 192.168.26.10:80 rr\n{one}{two}"));

    file.virtual_server("web").add("web3", "192.168.26.3");
    reload(&pair, &file);
    table(&format!("TCP 192.168.26.10:80 rr\n{one}{two}{three}"));

    file.virtual_server("web").real_server("web1").set("weight", "5");
    reload(&pair, &file);
    table(&format!("TCP 192.168.26.10:80 rr\n  -> 192.168.26.1:80 Route 5\n{two}{three}"));

    file.virtual_server("web").real_server("web1").set("weight", "1");
    file.virtual_server("web").set("scheduler", "wlc");
    reload(&pair, &file);
    table(&format!("TCP 192.168.26.10:80 wlc\n{one}{two}{three}"));

    let mut other = pair.web();
    other.set("port", "8080");
    file.virtual_servers.insert(0, other);
    reload(&pair, &file);
    // Nothing listens on the real servers' port 8080.
    table(&format!("TCP 192.168.26.10:80 wlc\n{one}{two}{three}TCP 192.168.26.10:8080 rr\n"));

    file.virtual_servers.remove(0);
    reload(&pair, &file);
    table(&format!("TCP 192.168.26.10:80 wlc\n{one}{two}{three}"));

    traffic.wait_for_answers(20);
    traffic.expect_no_failure_since(event);
}

fn a_reload_with_a_broken_file_changes_nothing() {
    let (pair, mut file) = balancer(|_| {});
    wait_for_all(&pair);
    let before = pair.primary.table().sorted();
    for (broken, said) in [
        ("", "lvs: error parsing /etc/sysconfig/ha/lvs.cf on line 0."),
        (
            "serial_no = 41\nvirtual web {\n     activ = 1\n}\n",
            "lvs: error parsing /etc/sysconfig/ha/lvs.cf on line 3.",
        ),
    ] {
        pair.primary.write(CONFIGURATION, broken);
        pair.primary.signal("lvsd", Signal::SIGHUP);
        pair.primary.wait_for_log(said, PATIENCE);
        assert_eq!(pair.primary.table().sorted(), before);
    }
    pair.primary.run("rm", &[CONFIGURATION]).expect_success();
    pair.primary.signal("lvsd", Signal::SIGHUP);
    pair.primary.wait_for_log("lvs: failed to open /etc/sysconfig/ha/lvs.cf", PATIENCE);
    assert_eq!(pair.primary.table().sorted(), before);

    file.virtual_server("web").remove("web3");
    reload(&pair, &file);
    wait_until("the mended file in force", PATIENCE, || destinations(&pair.primary) == 2);
}

fn a_killed_lvsd_is_continued_where_it_stopped() {
    let (pair, _) = balancer(|_| {});
    wait_for_all(&pair);
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(10);
    let event = traffic.moment();
    let before = pair.primary.table().sorted();

    pair.primary.signal("lvsd", Signal::SIGKILL);
    wait_until("the end of lvsd and its nannies", PATIENCE, || {
        pair.primary.processes_named("lvsd").is_empty() && pair.primary.processes_named("nanny").is_empty()
    });
    assert_eq!(pair.primary.table().sorted(), before, "nobody but lvsd writes to the table");

    start_lvsd(&pair.primary);
    wait_until("nannies", PATIENCE, || pair.primary.processes_named("nanny").len() == 3);
    traffic.wait_for_answers(50);
    assert_eq!(pair.primary.table().sorted(), before);
    traffic.expect_no_failure_since(event);
}

fn a_killed_nanny_is_started_again() {
    let (pair, _) = balancer(|_| {});
    wait_for_all(&pair);
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(10);
    let event = traffic.moment();
    let before: Vec<_> = pair.primary.processes_named("nanny").iter().map(|nanny| nanny.pid).collect();

    pair.primary.signal("nanny", Signal::SIGKILL);
    wait_until("three new nannies", PATIENCE, || {
        let now = pair.primary.processes_named("nanny");
        now.len() == 3 && now.iter().all(|nanny| !before.contains(&nanny.pid))
    });
    assert_eq!(destinations(&pair.primary), 3);
    traffic.wait_for_answers(50);
    traffic.expect_no_failure_since(event);

    // The new ones are at work.
    pair.real_servers[1].stop_web();
    wait_until("the dead real server out of the table", PATIENCE, || destinations(&pair.primary) == 2);
}

fn another_programs_service_is_left_alone() {
    let (pair, _) = balancer(|_| {});
    wait_for_all(&pair);
    pair.primary.signal("lvsd", Signal::SIGTERM);
    wait_until("the end of lvsd", PATIENCE, || pair.primary.processes_named("lvsd").is_empty());

    pair.primary.run("ipvsadm", &["-A", "-t", "192.168.26.77:25", "-s", "lc"]).expect_success();
    start_lvsd(&pair.primary);
    wait_for_all(&pair);
    pair.primary.wait_for_log("leaving virtual service", PATIENCE);
    pair.primary.signal("lvsd", Signal::SIGTERM);
    wait_for_table(&pair.primary, "TCP 192.168.26.77:25 lc\n");
}

fn a_stop_leaves_nothing_behind() {
    let (pair, _) = balancer(|_| {});
    wait_for_all(&pair);
    assert_eq!(
        pair.primary.read("/run/lvs.pid").map(|pid| pid.trim().to_owned()),
        Some(pair.primary.processes_named("lvsd")[0].pid.to_string())
    );
    // They killed Piranha's.
    pair.primary.signal("lvsd", Signal::SIGUSR1);
    pair.primary.signal("lvsd", Signal::SIGUSR2);
    pair.primary.signal("lvsd", Signal::SIGTERM);
    wait_until("the end of lvsd and its nannies", PATIENCE, || {
        pair.primary.processes_named("lvsd").is_empty() && pair.primary.processes_named("nanny").is_empty()
    });
    assert_eq!(pair.primary.table().sorted(), "");
    assert_eq!(pair.primary.read("/run/lvs.pid"), None);
    assert!(pair.primary.logged("shutting down due to signal 15"));
    assert!(pair.primary.logged("shutting down virtual service web"));
}

fn a_second_lvsd_is_refused() {
    let (pair, _) = balancer(|_| {});
    wait_for_all(&pair);
    let second = pair.primary.run("/usr/sbin/lvsd", &[]);
    assert_eq!(second.code(), 1);
    assert!(second.stderr.contains("already running"), "{}", second.stderr);
    assert_eq!(destinations(&pair.primary), 3);
}
