//! HTTP and HTTPS under one firewall mark: one service, one client, one real server, and each port reaches its own.

use std::time::Duration;

use lab::lvs_cf::LvsCf;
use lab::pair::FLOATING;
use lab::suite::Test;
use lab::{Pair, Routing, Traffic, tests, wait_until};

use crate::lines;

const PATIENCE: Duration = Duration::from_secs(15);
const PACE: Duration = Duration::from_millis(31);

pub(crate) fn tests() -> Vec<Test> {
    tests!("marks":
        each_port_reaches_its_own_by_direct_routing,
        each_port_reaches_its_own_by_masquerading,
    )
}

fn each_port_reaches_its_own_by_direct_routing() {
    each_port_reaches_its_own(Routing::Direct, "Route");
}

fn each_port_reaches_its_own_by_masquerading() {
    each_port_reaches_its_own(Routing::Nat, "Masq");
}

fn each_port_reaches_its_own(routing: Routing, method: &str) {
    let pair = Pair::boot(routing);
    let router = &pair.primary;
    let mut secure: Vec<_> = pair.real_servers.iter().map(|server| server.answer(443)).collect();
    if routing == Routing::Nat {
        lines::raise_both(router);
    } else {
        lines::raise(router);
    }
    router.mark_packets("eth0", 1, &[80, 443]);
    lines::start(router, &grouped(&pair));
    let table = |numbers: &[usize]| {
        let lines: Vec<_> =
            numbers.iter().map(|&at| format!("  -> {}:0 {method} 1\n", pair.real_address(at))).collect();
        lines::wait_for_table(router, &format!("FWM 1 rr\n{}", lines.concat()), "the service of the mark");
    };
    table(&[1, 2, 3]);

    let http = pair.client.request(pair.floating());
    let https = pair.client.call(format!("{FLOATING}:443").parse().expect("an address and a port"), PACE);
    expect_answers(&http, &["web1", "web2", "web3"]);
    expect_answers(&https, &["web1:443", "web2:443", "web3:443"]);

    // Either service that stops takes the real server out for both.
    drop(secure.remove(1));
    pair.real_servers[2].stop_web();
    table(&[1]);
    expect_answers(&http, &["web1"]);
    expect_answers(&https, &["web1:443"]);
    pair.real_servers[2].start_web(80);
    table(&[1, 3]);
    expect_answers(&http, &["web1", "web3"]);
    expect_answers(&https, &["web1:443", "web3:443"]);
}

/// Two virtual servers with one mark, each with a check of its own.
fn grouped(pair: &Pair) -> LvsCf {
    let mut file = pair.configuration();
    file.virtual_server("web").set("fwmark", "1");
    let mut secure = pair.web().named("secure");
    for (key, value) in [("fwmark", "1"), ("port", "443"), ("send", "\"\\n\""), ("expect", "\"web\"")] {
        secure.set(key, value);
    }
    file.virtual_servers.push(secure);
    file
}

/// From now on exactly these answer, and no request fails.
fn expect_answers(traffic: &Traffic, names: &[&str]) {
    let event = traffic.moment();
    traffic.wait_for_answers(20);
    // Requests to both ports take turns at the scheduler, so that one of them may meet the same server for a while.
    wait_until(&format!("answers of {names:?} alone"), PATIENCE, || {
        traffic.answers_since(event).into_keys().eq(names.iter().copied())
    });
    traffic.expect_no_failure_since(event);
}
