mod foreign;
mod leaving;
mod operator;

use std::collections::BTreeMap;
use std::time::Duration;

use control::report::{FromNanny, Known};
use ipvs::{DestinationKey, ServiceKey, Table};
use lvs_cf::{Config, NumbersOnly};

use super::sorry::SorryChange;
use super::{MonitorChange, State};
use crate::plan::{Mode, MonitorKey, Plan};

const MODE: Mode = Mode { nodaemon: false, verbose: false };

/// A virtual server `web` on 10.0.0.100 with `more` statements and real servers 10.0.0.N of these weights.
fn web(more: &str, servers: &[(u8, u32)]) -> Plan {
    let mut text = format!("virtual web {{\nactive = 1\naddress = 10.0.0.100 eth0:1\n{more}\n");
    for (n, weight) in servers {
        let server = format!("server s{n} {{\naddress = 10.0.0.{n}\nactive = 1\nweight = {weight}\n}}\n");
        text.push_str(&server);
    }
    plan(&text)
}

fn plan(text: &str) -> Plan {
    let parsed = Config::parse(text.as_bytes(), &NumbersOnly).unwrap();
    Plan::new(&parsed.config, MODE)
}

/// lvsd's pure half with a kernel that does as it is told.
struct Bench {
    state: State,
    kernel: Table,
}

impl Bench {
    fn new(plan: Plan) -> Self {
        let mut bench = Self { state: State::default(), kernel: Table::default() };
        bench.reload(plan, Duration::ZERO);
        bench
    }

    fn reload(&mut self, plan: Plan, now: Duration) -> Vec<MonitorChange> {
        let changes = self.state.replace(plan, &self.kernel, now);
        self.settle();
        changes
    }

    fn settle(&mut self) {
        let services: Vec<ServiceKey> = self.state.plan().services.keys().copied().collect();
        let wanted = services.iter().filter_map(|key| Some((*key, self.state.wanted(key, &self.kernel)?)));
        self.kernel = Table { services: wanted.collect() };
    }

    fn sorry_changes(&mut self) -> Vec<SorryChange> {
        let services = self.state.plan().services.keys().copied().collect();
        self.state.sorry_changes(&services)
    }

    fn monitor(&self, n: u8) -> MonitorKey {
        let at = |key: &&MonitorKey| key.real_server.0.to_string() == format!("10.0.0.{n}");
        *self.state.plan().monitors.keys().find(at).unwrap()
    }

    fn says(&mut self, n: u8, report: &FromNanny) {
        let monitor = self.monitor(n);
        assert!(self.state.report(&monitor, report));
        self.settle();
    }

    fn up(&mut self, n: u8, weight: u32) {
        self.says(n, &FromNanny::Up { weight });
    }

    fn down(&mut self, n: u8) {
        self.says(n, &FromNanny::Down { reason: "refused".to_owned(), forced: false });
    }

    /// Last octet and weight of each destination of the one service.
    fn weights(&self) -> BTreeMap<u8, u32> {
        let server = self.kernel.services.values().next().unwrap();
        server.destinations.iter().map(|(at, destination)| (octet(at), destination.weight)).collect()
    }
}

fn octet(at: &DestinationKey) -> u8 {
    at.address.to_string().rsplit('.').next().unwrap().parse().unwrap()
}

fn weights<const N: usize>(wanted: [(u8, u32); N]) -> BTreeMap<u8, u32> {
    wanted.into()
}

#[test]
fn a_server_is_used_once_its_monitor_says_so_and_removed_when_dead() {
    let mut bench = Bench::new(web("", &[(1, 10), (2, 1)]));
    assert_eq!(bench.weights(), weights([]));
    bench.up(1, 1);
    bench.up(2, 1);
    assert_eq!(bench.weights(), weights([(1, 1), (2, 1)]));
    bench.says(1, &FromNanny::Weight { weight: 10 });
    assert_eq!(bench.weights(), weights([(1, 10), (2, 1)]));
    bench.down(1);
    assert_eq!(bench.weights(), weights([(2, 1)]));
}

#[test]
fn a_quiesced_server_stays_with_weight_0_but_is_not_made_for_it() {
    let mut bench = Bench::new(web("quiesce_server = 1", &[(1, 1), (2, 1)]));
    bench.down(2);
    bench.up(1, 1);
    assert_eq!(bench.weights(), weights([(1, 1)]));
    bench.down(1);
    assert_eq!(bench.weights(), weights([(1, 0)]));
    bench.up(1, 1);
    assert_eq!(bench.weights(), weights([(1, 1)]));
    bench.says(1, &FromNanny::Down { reason: "forced down".to_owned(), forced: true });
    assert_eq!(bench.weights(), weights([]), "by hand means gone");
}

#[test]
fn the_sorry_server_answers_only_after_every_server_was_found_dead() {
    let mut bench = Bench::new(web("sorry_server = 10.0.0.9", &[(1, 1), (2, 1)]));
    assert_eq!((bench.weights(), bench.sorry_changes().len()), (weights([]), 0));
    bench.down(1);
    assert_eq!((bench.weights(), bench.sorry_changes().len()), (weights([]), 0));
    bench.down(2);
    let changes = bench.sorry_changes();
    assert_eq!((changes[0].up, changes[0].name.as_str()), (0, "web"));
    assert_eq!(bench.weights(), weights([(9, 1)]));
    bench.up(2, 1);
    assert_eq!(bench.sorry_changes()[0].up, 1);
    assert_eq!(bench.weights(), weights([(2, 1)]));
    assert_eq!(bench.sorry_changes(), []);
}

#[test]
fn what_the_kernel_has_in_service_is_adopted() {
    let mut before = Bench::new(web("", &[(1, 10), (2, 10)]));
    before.up(1, 7);
    let mut bench = Bench { state: State::default(), kernel: before.kernel.clone() };
    let changes = bench.reload(web("", &[(1, 10), (2, 10)]), Duration::ZERO);
    assert_eq!(bench.kernel, before.kernel);
    assert_eq!(
        changes,
        [
            MonitorChange::Start(bench.monitor(1), Known::Up { weight: 7 }),
            MonitorChange::Start(bench.monitor(2), Known::Nothing),
        ]
    );
}

#[test]
fn a_reload_without_a_change_asks_for_nothing() {
    let mut bench = Bench::new(web("", &[(1, 1), (2, 1)]));
    bench.up(1, 1);
    let before = bench.kernel.clone();
    assert_eq!(bench.reload(web("", &[(1, 1), (2, 1)]), Duration::ZERO), []);
    assert_eq!(bench.kernel, before);
}

#[test]
fn a_changed_weight_is_in_force_at_once_and_a_changed_check_keeps_the_state() {
    let mut bench = Bench::new(web("", &[(1, 5), (2, 5)]));
    bench.up(1, 5);
    bench.up(2, 5);
    let (first, second) = (bench.monitor(1), bench.monitor(2));
    let changes = bench.reload(web("", &[(1, 8), (2, 5)]), Duration::ZERO);
    assert_eq!(changes, [MonitorChange::Stop(first), MonitorChange::Start(first, Known::Up { weight: 8 })]);
    assert_eq!(bench.weights(), weights([(1, 8), (2, 5)]));
    bench.down(2);
    let changes = bench.reload(web("timeout = 3", &[(1, 8), (2, 5)]), Duration::ZERO);
    assert_eq!(
        changes,
        [
            MonitorChange::Stop(first),
            MonitorChange::Stop(second),
            MonitorChange::Start(first, Known::Up { weight: 8 }),
            MonitorChange::Start(second, Known::Down),
        ]
    );
    assert_eq!(bench.weights(), weights([(1, 8)]));
}

/// http and https under one mark, one real server in both.
const GROUP: &str = "
virtual http {
active = 1
address = 10.0.0.100 eth0:1
fwmark = 7
port = 80
server one {
address = 10.0.0.1
active = 1
}
}
virtual https {
active = 1
address = 10.0.0.100 eth0:1
fwmark = 7
port = 443
server one {
address = 10.0.0.1
active = 1
}
}
";

#[test]
fn virtual_servers_with_one_mark_share_a_service_and_a_server_needs_all_checks() {
    let mut bench = Bench::new(plan(GROUP));
    assert_eq!(bench.kernel.services.len(), 1);
    let monitors: Vec<_> = bench.state.plan().monitors.keys().copied().collect();
    assert_eq!(monitors.len(), 2);
    for (said, present) in [(0, 0), (1, 1)] {
        bench.state.report(&monitors[said], &FromNanny::Up { weight: 1 });
        bench.settle();
        assert_eq!(bench.weights().len(), present);
    }
    let (_, server) = bench.kernel.services.iter().next().unwrap();
    assert_eq!(server.destinations.keys().next().unwrap().port, 0, "each port reaches its own");
    bench.state.report(&monitors[0], &FromNanny::Down { reason: "refused".to_owned(), forced: false });
    bench.settle();
    assert_eq!(bench.weights(), weights([]));
}

#[test]
fn a_server_whose_monitor_is_given_up_leaves_service() {
    let mut bench = Bench::new(web("", &[(1, 1)]));
    bench.up(1, 1);
    let monitor = bench.monitor(1);
    bench.state.give_up(&monitor);
    bench.settle();
    assert_eq!(bench.weights(), weights([]));
    assert_eq!(bench.state.known(&monitor), Known::Down);
}

#[test]
fn a_late_word_of_an_ended_monitor_changes_nothing() {
    let mut bench = Bench::new(web("", &[(1, 1)]));
    let monitor = bench.monitor(1);
    bench.reload(Plan::default(), Duration::ZERO);
    assert!(!bench.state.report(&monitor, &FromNanny::Up { weight: 1 }));
}
