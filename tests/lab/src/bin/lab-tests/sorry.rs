//! The sorry server, with and without quiescing, with and without persistence.

use std::time::Duration;

use lab::suite::Test;
use lab::{Pair, Routing, Traffic, tests, wait_until};

use crate::lines;

const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) fn tests() -> Vec<Test> {
    tests!("sorry":
        answers_whenever_no_real_server_can_and_no_longer,
    )
}

fn answers_whenever_no_real_server_can_and_no_longer() {
    let pair = Pair::boot(Routing::Direct);
    let router = &pair.primary;
    lines::raise(router);
    let mut file = pair.configuration();
    let web = file.virtual_server("web");
    web.remove("web3");
    web.set("sorry_server", "192.168.26.3");
    web.set("reentry", "1");
    web.set("#% check_interval", "250ms");
    web.set("#% check_timeout", "250ms");
    lines::start(router, &file);
    for (quiesce, persistent) in [("0", "0"), ("1", "0"), ("0", "60"), ("1", "60")] {
        println!("quiesce_server = {quiesce}, persistent = {persistent}");
        file.virtual_server("web").set("quiesce_server", quiesce);
        file.virtual_server("web").set("persistent", persistent);
        lines::reload(router, &file);
        goes_and_comes(&pair);
    }
}

fn goes_and_comes(pair: &Pair) {
    let router = &pair.primary;
    let weight = |number: usize| {
        router.table().weight(lab::pair::SERVICE, &format!("192.168.26.{number}:80")).unwrap_or(0)
    };
    let weights = || [1, 2, 3].map(weight);
    wait_until("both real servers", PATIENCE, || weights() == [1, 1, 0]);
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(10);

    pair.real_servers[0].stop_web();
    pair.real_servers[1].stop_web();
    wait_until("the sorry server", PATIENCE, || weights() == [0, 0, 1]);
    expect_only("web3", &traffic);

    pair.real_servers[0].start_web(80);
    wait_until("the first real server", PATIENCE, || weights() == [1, 0, 0]);
    expect_only("web1", &traffic);
    pair.real_servers[1].start_web(80);
}

/// From the next connection on.
fn expect_only(name: &str, traffic: &Traffic) {
    let event = traffic.moment();
    traffic.wait_for_answers(20);
    traffic.expect_no_failure_since(event);
    assert_eq!(traffic.answers_since(event).into_keys().collect::<Vec<_>>(), [name]);
}
