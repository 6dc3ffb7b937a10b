use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use control::overview::Decision;
use control::report::{Checks, Forced, FromNanny, LastCheck};
use control::status::{Drain, Operator, State as Standing, VirtualServer, Weight};
use ipvs::{DestinationStatistics, ServiceStatistics, Snapshot, Table, Traffic};
use lvs_cf::{Config, NumbersOnly};
use service::clocks::Clocks;

use super::Facts;
use crate::history::History;
use crate::operator::{self, Change};
use crate::plan::{Mode, MonitorKey, Plan};
use crate::state::State;

const CLOCKS: Clocks = Clocks { now: Duration::from_secs(100), wall: 1_700_000_100_000 };

/// A virtual server `web` with real servers `s1`, `s2` ... of weight 5.
fn plan(servers: u16) -> Plan {
    let mut text = "virtual web {\nactive = 1\naddress = 192.0.2.1 eth0:1\npersistent = 60\n".to_owned();
    for n in 1..=servers {
        let [high, low] = n.to_be_bytes();
        let _ = write!(text, "server s{n} {{\naddress = 10.0.{high}.{low}\nactive = 1\nweight = 5\n}}\n");
    }
    let config = Config::parse((text + "}\n").as_bytes(), &NumbersOnly).unwrap().config;
    Plan::new(&config, Mode { nodaemon: false, verbose: false })
}

/// lvsd's knowledge, and a kernel that is as lvsd wants it.
struct Bench {
    state: State,
    history: History,
    checks: BTreeMap<MonitorKey, Checks>,
    forced: BTreeMap<MonitorKey, Forced>,
}

impl Bench {
    fn new(servers: u16) -> Self {
        let (mut state, mut history) = (State::default(), History::default());
        state.replace(plan(servers), &Table::default(), Duration::ZERO);
        history.follow(&state, Duration::from_secs(1));
        Self { state, history, checks: BTreeMap::new(), forced: BTreeMap::new() }
    }

    fn monitor(&self, place: usize) -> MonitorKey {
        self.state.plan().virtual_servers[0].real_servers[place]
    }

    fn report(&mut self, place: usize, report: &FromNanny, at: u64) {
        let monitor = self.monitor(place);
        assert!(self.state.report(&monitor, report));
        self.history.report(&monitor, report, Duration::from_secs(at));
    }

    fn down(&mut self, place: usize, reason: &str, forced: bool, at: u64) {
        self.report(place, &FromNanny::Down { reason: reason.to_owned(), forced }, at);
    }

    fn kernel(&self) -> Snapshot {
        let key = *self.state.plan().services.keys().next().unwrap();
        let entry = self.state.wanted(&key, &Table::default()).unwrap();
        let traffic = Traffic { connections: 9, bytes_in_per_second: 7, ..Traffic::default() };
        let counted =
            DestinationStatistics { active_connections: 3, traffic, ..DestinationStatistics::default() };
        let destinations = entry.destinations.keys().map(|at| (*at, counted)).collect();
        Snapshot {
            table: Table { services: [(key, entry)].into() },
            statistics: [(key, ServiceStatistics { traffic, destinations })].into(),
            ..Snapshot::default()
        }
    }

    fn web(&self) -> VirtualServer {
        let kernel = self.kernel();
        let facts = Facts {
            state: &self.state,
            history: &self.history,
            clocks: CLOCKS,
            kernel: &kernel,
            checks: &self.checks,
            forced: &self.forced,
            trouble: &BTreeMap::new(),
        };
        facts.virtual_servers().into_iter().next().unwrap()
    }
}

#[test]
fn a_real_server_is_told_with_its_past() {
    let mut bench = Bench::new(3);
    bench.report(0, &FromNanny::Up { weight: 1 }, 40);
    bench.report(0, &FromNanny::Weight { weight: 5 }, 60);
    bench.report(1, &FromNanny::Up { weight: 5 }, 20);
    bench.down(1, "connection refused", false, 70);
    let last = LastCheck { age_ms: 5, took_us: 300, failure: None };
    bench.checks.insert(bench.monitor(0), Checks { forced: None, last: Some(last.clone()) });

    let web = bench.web();
    assert_eq!(
        (web.service.as_str(), web.persistence, web.traffic.connections),
        ("-t 192.0.2.1:80", Some(60), 9)
    );
    let [one, two, three] = web.real_servers.try_into().unwrap();
    assert_eq!((one.name.as_str(), one.address.as_str()), ("s1", "10.0.0.1:80"));
    assert_eq!((one.state, one.since), (Standing::Up, 1_700_000_040_000), "a new weight is no new state");
    assert_eq!((one.active_connections, one.traffic.bytes_in_per_second), (3, 7));
    assert_eq!((one.last_check, one.last_failure), (Some(last), None));
    assert_eq!(one.weight, Weight { file: 5, wanted: Some(5), in_force: Some(5) });

    assert_eq!((two.state, two.since), (Standing::Down, 1_700_000_070_000));
    let failure = two.last_failure.unwrap();
    assert_eq!((failure.at, failure.reason.as_str()), (1_700_000_070_000, "connection refused"));
    assert_eq!(two.weight, Weight { file: 5, wanted: None, in_force: None });
    assert_eq!((three.state, three.since), (Standing::Unknown, 1_700_000_001_000));

    bench.report(1, &FromNanny::Up { weight: 5 }, 80);
    let two = bench.web().real_servers.swap_remove(1);
    assert_eq!((two.state, two.since), (Standing::Up, 1_700_000_080_000));
    assert_eq!(two.last_failure, Some(failure), "kept");
}

#[test]
fn what_somebody_decided_is_no_failure() {
    let mut bench = Bench::new(1);
    let monitor = bench.monitor(0);
    bench.report(0, &FromNanny::Up { weight: 5 }, 40);
    bench.forced.insert(monitor, Forced::Down);
    bench.down(0, "forced down", true, 50);
    let deadline = Some(Duration::from_secs(130));
    let drain = operator::Drain { since: 1_600_000_000_000, deadline, over: false };
    let place = bench.state.plan().monitors[&monitor].watches;
    bench.state.decide(place, "web/s1", Change::Drain(drain), &Table::default(), CLOCKS.now);

    let one = bench.web().real_servers.remove(0);
    assert_eq!((one.state, one.last_failure, one.forced), (Standing::Down, None, Some(Forced::Down)));
    let drain = Some(Drain { since: 1_600_000_000_000, deadline: Some(1_700_000_130_000) });
    assert_eq!(one.operator, Operator { drain, ..Operator::default() });

    // The monitor itself knows better.
    bench.checks.insert(monitor, Checks::default());
    assert_eq!(bench.web().real_servers.remove(0).forced, None);
}

#[test]
fn the_overview_tells_who_gets_connections_and_what_was_decided() {
    let mut bench = Bench::new(3);
    bench.report(0, &FromNanny::Up { weight: 5 }, 40);
    bench.report(1, &FromNanny::Up { weight: 5 }, 20);
    bench.down(1, "connection refused", false, 70);
    let place = bench.state.plan().monitors[&bench.monitor(0)].watches;
    bench.state.decide(place, "web/s1", Change::Weight(Some(7)), &Table::default(), CLOCKS.now);
    bench.forced.insert(bench.monitor(2), Forced::Down);

    let kernel = bench.kernel();
    let facts = Facts {
        state: &bench.state,
        history: &bench.history,
        clocks: CLOCKS,
        kernel: &kernel,
        checks: &bench.checks,
        forced: &bench.forced,
        trouble: &BTreeMap::new(),
    };
    let web = facts.overview().pop().unwrap();
    assert_eq!((web.name.as_str(), web.service.as_str(), web.up), ("web", "-t 192.0.2.1:80", 1));
    assert_eq!(<[u64; 5]>::from(web.counters), [9, 0, 0, 0, 0]);
    let [one, two, three] = web.real_servers.try_into().unwrap();
    assert_eq!((one.weight, one.decision), (Some(7), Some(Decision::Weight)));
    assert_eq!((one.active_connections, one.counters.connections), (3, 9));
    let failure = two.last_failure.unwrap();
    assert_eq!((failure.at, failure.reason.as_str()), (1_700_000_070_000, "connection refused"));
    assert_eq!((two.state, two.weight, two.decision), (Standing::Down, None, None));
    assert_eq!((three.state, three.decision), (Standing::Unknown, Some(Decision::Down)));

    let key = *bench.state.plan().services.keys().next().unwrap();
    let one = facts.virtual_server_called("web", &key).unwrap();
    assert_eq!(vec![one], facts.virtual_servers());
    assert_eq!(facts.virtual_server_called("another", &key), None);
}
