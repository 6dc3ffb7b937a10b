//! Requests really flow through what pulse and lvsd have built, in each way of forwarding.

use std::time::Duration;

use lab::pair::{SERVICE, destinations};
use lab::suite::Test;
use lab::{Pair, Routing, tests, wait_until};

const PATIENCE: Duration = Duration::from_secs(15);
/// A real server's death at time-out 1.
const DEATH: Duration = Duration::from_millis(1300);

pub(crate) fn tests() -> Vec<Test> {
    tests!("traffic":
        direct_routing,
        masquerading,
        tunnelling,
        a_dead_real_server_is_taken_out_and_back,
        a_quiesced_real_server_gets_nothing_and_returns,
    )
}

fn direct_routing() {
    flows(Routing::Direct, "Route");
}

fn masquerading() {
    flows(Routing::Nat, "Masq");
}

fn tunnelling() {
    flows(Routing::Tunnel, "Tunnel");
}

fn flows(routing: Routing, method: &str) {
    let pair = Pair::boot(routing);
    let traffic = pair.serve();
    let service = pair.primary.table().service(SERVICE).expect("the virtual server").clone();
    assert!(service.destinations.iter().all(|real| real.forward == method), "{service:?}");
    let event = traffic.moment();
    traffic.wait_for_answers(60);
    let answers = traffic.answers_since(event);
    assert_eq!(
        answers.keys().map(String::as_str).collect::<Vec<_>>(),
        ["web1", "web2", "web3"],
        "{answers:?}"
    );
    assert!(answers.values().all(|&count| count >= 19), "round robin gives each the same: {answers:?}");
    traffic.expect_no_failure_since(event);
}

fn a_dead_real_server_is_taken_out_and_back() {
    let pair = Pair::boot(Routing::Direct);
    let traffic = pair.serve();
    let event = traffic.moment();
    pair.lab.power_off(&pair.real_servers[1]);
    traffic.expect_answers_within(DEATH, event);
    wait_until("the dead real server out of the table", PATIENCE, || destinations(&pair.primary) == 2);
    let event = traffic.moment();
    traffic.wait_for_answers(50);
    traffic.expect_no_failure_since(event);

    pair.lab.power_on(&pair.real_servers[1]);
    pair.real_servers[1].start_web(80);
    traffic.wait_for_answer_of("web2", PATIENCE);
    assert_eq!(destinations(&pair.primary), 3);
}

fn a_quiesced_real_server_gets_nothing_and_returns() {
    let pair = Pair::boot(Routing::Direct);
    let mut file = pair.configuration();
    file.virtual_server("web").set("quiesce_server", "1");
    pair.start_with(&file);
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(10);
    let weight = || pair.primary.table().weight(SERVICE, "192.168.26.2:80");
    let event = traffic.moment();
    pair.real_servers[1].stop_web();
    traffic.expect_answers_within(DEATH, event);
    wait_until("weight 0", PATIENCE, || weight() == Some(0));
    let event = traffic.moment();
    pair.real_servers[1].start_web(80);
    wait_until("weight 1", PATIENCE, || weight() == Some(1));
    traffic.wait_for_answer_of("web2", PATIENCE);
    traffic.expect_no_failure_since(event);
}
