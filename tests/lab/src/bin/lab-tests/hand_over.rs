//! Planned hand-over: the partner prepares before the active router lets go, so that nothing is lost.

use std::time::Duration;

use lab::conversation::Answerer;
use lab::lvs_cf::LvsCf;
use lab::pair::{FLOATING, destinations, start_pulse, start_standby, stop_pulse, wait_until_heard};
use lab::suite::Test;
use lab::traffic::INTERVAL;
use lab::web::LONG;
use lab::{Machine, Moment, Pair, Routing, Traffic, tests, wait_until};
use nix::sys::signal::Signal;

use crate::lines;

const PATIENCE: Duration = Duration::from_secs(15);
/// Longer than the rest of a long transfer takes.
const LONG_PATIENCE: Duration = Duration::from_secs(60);
/// Connections that are held.
const HELD: usize = 30;

pub(crate) fn tests() -> Vec<Test> {
    tests!("hand_over":
        a_planned_stop_of_the_primary_fails_no_request,
        a_planned_stop_of_the_backup_fails_no_request,
        connections_survive_planned_stops_with_direct_routing,
        connections_survive_planned_stops_with_nat,
        three_failovers_fail_no_call_and_break_no_connection_with_direct_routing,
        three_failovers_fail_no_call_and_break_no_connection_with_nat,
        a_failover_is_refused_without_a_partner_that_can_serve,
        a_partner_without_lvsd_does_not_keep_a_router_from_ending,
    )
}

/// The file of a pair that synchronises its connections.
fn synchronised(pair: &Pair) -> LvsCf {
    pair.configuration().with("syncdaemon", "1").with("syncd_iface", "eth0")
}

/// A pair that serves, with a client that calls every 20 ms.
struct Serving {
    pair: Pair,
    calls: Traffic,
    _answerers: Vec<Answerer>,
}

impl Serving {
    fn begin(routing: Routing) -> Self {
        let pair = Pair::boot(routing);
        let answerers = answerers(&pair);
        pair.start_with(&with_lines(&pair));
        let calls = pair.client.call(lines::at(), INTERVAL);
        calls.wait_for_answers(10);
        Self { pair, calls, _answerers: answerers }
    }
}

fn a_planned_stop_of_the_primary_fails_no_request() {
    let serving = Serving::begin(Routing::Direct);
    let Serving { pair, calls, .. } = &serving;
    stops_in_order(pair, calls, &pair.primary, &pair.backup);
}

fn a_planned_stop_of_the_backup_fails_no_request() {
    let serving = Serving::begin(Routing::Direct);
    let Serving { pair, calls, .. } = &serving;
    stop_pulse(&pair.primary);
    pair.wait_until_active(&pair.backup);
    start_standby(&pair.primary, &pair.backup);
    stops_in_order(pair, calls, &pair.backup, &pair.primary);
}

/// The active router is told to end.
fn stops_in_order(pair: &Pair, traffic: &Traffic, active: &Machine, standby: &Machine) {
    let event = traffic.moment();
    active.signal("pulse", Signal::SIGTERM);
    wait_until("the other router has the address", PATIENCE, || {
        assert!(pair.owners().len() < 2, "the floating address is on both routers");
        standby.has_address(FLOATING)
    });
    traffic.wait_for_answers(50);
    report(traffic, event);
    traffic.expect_no_failure_since(event);
    active.wait_for_log("the partner is prepared: leaving", PATIENCE);
    prepared_before_it_served(standby);
    wait_until("the end of pulse", PATIENCE, || active.processes_named("pulse").is_empty());
    pair.wait_until_active(standby);
}

/// The table was programmed before the decision to be active.
fn prepared_before_it_served(standby: &Machine) {
    let log = standby.log();
    let last = |text: &str| log.iter().rposition(|line| line.text.contains(text)).expect(text);
    assert!(last("prepared to take over took=") < last("inactive: activating lvs"));
}

/// Says how long nobody answered.
fn report(traffic: &Traffic, event: Moment) {
    println!("longest time without an answer: {:?}", traffic.longest_silence_since(event));
}

fn connections_survive_planned_stops_with_direct_routing() {
    connections_survive_planned_stops(Routing::Direct);
}

fn connections_survive_planned_stops_with_nat() {
    connections_survive_planned_stops(Routing::Nat);
}

/// Each router is stopped once, with connections of all ages.
fn connections_survive_planned_stops(routing: Routing) {
    let pair = Pair::boot(routing);
    let _answerers = answerers(&pair);
    pair.start_with(&with_lines(&pair));
    let old = pair.client.converse(lines::at(), HELD);
    for (active, standby) in [(&pair.primary, &pair.backup), (&pair.backup, &pair.primary)] {
        let young = pair.client.converse(lines::at(), HELD);
        stop_pulse(active);
        wait_until("the other router serves", PATIENCE, || standby.has_address(FLOATING));
        let event = Moment::now();
        young.expect_all_since(event);
        old.expect_all_since(event);
        start_standby(active, standby);
    }
}

fn three_failovers_fail_no_call_and_break_no_connection_with_direct_routing() {
    three_failovers(Routing::Direct);
}

fn three_failovers_fail_no_call_and_break_no_connection_with_nat() {
    three_failovers(Routing::Nat);
}

/// The service goes there, back and there again; the second time the standby is asked.
fn three_failovers(routing: Routing) {
    let serving = Serving::begin(routing);
    let Serving { pair, calls, .. } = &serving;
    let old = pair.client.converse(lines::at(), HELD);
    let long = format!("http://{}{LONG}", pair.floating());
    let mut transfer = pair.client.start("wget", &["--tries=1", "--output-document=/dev/null", &long]);
    let [primary, backup] = pair.routers();
    for (asked, from, to) in
        [(primary, primary, backup), (primary, backup, primary), (primary, primary, backup)]
    {
        let young = pair.client.converse(lines::at(), HELD);
        assert!(!pair.client.processes_named("wget").is_empty(), "the long transfer goes on");
        let event = calls.moment();
        let said = asked.run("/usr/sbin/piranhactl", &["failover"]).expect_success();
        let who = if asked.name() == to.name() { "this router" } else { "the partner" };
        assert_eq!(said.trim(), format!("{who} serves now"));
        assert!(!from.has_address(FLOATING), "the old owner lets go before the new one serves");
        wait_until("the new owner has the address", PATIENCE, || pair.only(to));
        calls.wait_for_answers(50);
        report(calls, event);
        calls.expect_no_failure_since(event);
        prepared_before_it_served(to);
        let event = Moment::now();
        young.expect_all_since(event);
        old.expect_all_since(event);
        wait_until("lvsd of the old owner has ended", PATIENCE, || from.processes_named("lvsd").is_empty());
    }
    assert!(transfer.wait(LONG_PATIENCE).success(), "the long transfer is complete: {}", transfer.output());
}

fn a_failover_is_refused_without_a_partner_that_can_serve() {
    let pair = Pair::boot(Routing::Direct);
    pair.configure(&pair.configuration());
    start_pulse(&pair.primary);
    pair.wait_until_active(&pair.primary);
    expect_refusal(&pair.primary, "the partner is not heard");

    pair.backup.run("/usr/sbin/pulse", &["--lvsd=/usr/sbin/missing"]).expect_success();
    wait_until_heard(&pair.backup, 1);
    wait_until_heard(&pair.primary, 1);
    expect_refusal(&pair.backup, "lvsd does not run here");
    assert!(pair.only(&pair.primary), "nothing has changed");
}

fn expect_refusal(router: &Machine, reason: &str) {
    let refused = router.run("/usr/sbin/piranhactl", &["failover"]);
    assert_eq!(refused.code(), 1, "{}", refused.stderr);
    assert!(refused.stderr.contains(reason), "{}", refused.stderr);
}

fn answerers(pair: &Pair) -> Vec<Answerer> {
    pair.real_servers.iter().map(|server| server.answer(lines::PORT)).collect()
}

/// The file of a pair that synchronises its connections, with the virtual server `lines` beside `web`.
fn with_lines(pair: &Pair) -> LvsCf {
    let mut file = synchronised(pair);
    let mut lines = lines::virtual_server("lines", lines::PORT)
        .with("vip_nmask", "255.255.255.0")
        // One that a busy processor kept from answering for a second would be taken out, and its connections reset.
        .with("#% check_timeout", "5")
        .with("send", "\"\\n\"")
        .with("expect", "\"web\"");
    for (number, server) in pair.real_servers.iter().enumerate() {
        lines.add(server.name(), &pair.real_address(number + 1));
    }
    file.virtual_servers.push(lines);
    file
}

fn a_partner_without_lvsd_does_not_keep_a_router_from_ending() {
    let pair = Pair::boot(Routing::Direct);
    pair.configure(&pair.configuration());
    start_pulse(&pair.primary);
    pair.wait_until_active(&pair.primary);
    pair.backup.run("/usr/sbin/pulse", &["--lvsd=/usr/sbin/missing"]).expect_success();
    wait_until_heard(&pair.primary, 1);
    let event = Moment::now();
    stop_pulse(&pair.primary);
    let took = Moment::now().since(event);
    println!("pulse has ended after {took:?}");
    assert!(took < PATIENCE / 3, "pulse ended after {took:?}");
    assert!(pair.primary.logged("leaving without a prepared partner"));
    assert!(!pair.primary.has_address(FLOATING) && destinations(&pair.primary) == 0);
}
