//! What an administrator decides, on top of what the checks say.

use std::time::Duration;

use control::report::{FromNanny, Known};
use proptest::prelude::*;

use super::{Bench, web, weights};
use crate::drains::{LONGEST, SHORTEST};
use crate::operator::{Change, Drain};
use crate::plan::{Place, Plan};
use crate::state::{MonitorChange, State};

const DRAIN: Change = drain(None);

const fn drain(deadline: Option<Duration>) -> Change {
    Change::Drain(Drain { since: 0, deadline, over: false })
}

impl Bench {
    fn place(&self, n: u8) -> Place {
        self.state.plan().monitors[&self.monitor(n)].watches
    }

    fn decides_at(&mut self, n: u8, change: Change, now: Duration) {
        let place = self.place(n);
        self.state.decide(place, "web/s", change, &self.kernel, now);
        self.settle();
    }

    fn decides(&mut self, n: u8, change: Change) {
        self.decides_at(n, change, Duration::ZERO);
    }

    /// Time passes; no server has a connection that is established.
    fn pass(&mut self, now: Duration) {
        self.state.end_drains(now, |_, _| 0);
        self.state.end_asked_drains(now);
        self.settle();
    }

    /// lvsd is killed and started again: the table stays, and what was decided.
    fn restart(&mut self, plan: Plan) -> Vec<MonitorChange> {
        self.state = State::new(self.state.operator().clone());
        self.reload(plan, Duration::ZERO)
    }
}

fn both_up(more: &str) -> Bench {
    let mut bench = Bench::new(web(more, &[(1, 5), (2, 5)]));
    bench.up(1, 5);
    bench.up(2, 5);
    bench
}

#[test]
fn a_drained_server_keeps_its_entry_with_weight_0_until_undrain() {
    let mut bench = both_up("");
    bench.decides(1, DRAIN);
    assert_eq!(bench.weights(), weights([(1, 0), (2, 5)]));
    bench.pass(LONGEST * 1000);
    bench.says(1, &FromNanny::Weight { weight: 4 });
    assert_eq!(bench.weights(), weights([(1, 0), (2, 5)]));
    bench.decides(1, Change::Undrain);
    assert_eq!(bench.weights(), weights([(1, 4), (2, 5)]));
}

#[test]
fn at_the_deadline_a_drained_server_is_removed() {
    let mut bench = both_up("");
    bench.decides(1, drain(Some(Duration::from_secs(600))));
    bench.pass(Duration::from_secs(599));
    assert_eq!(bench.weights(), weights([(1, 0), (2, 5)]));
    assert_eq!(bench.state.end_asked_drains(Duration::from_secs(600)).len(), 1);
    bench.settle();
    assert_eq!(bench.weights(), weights([(2, 5)]));
    assert_eq!(bench.state.end_asked_drains(Duration::from_secs(700)).len(), 0, "told once");
    bench.decides(1, Change::Undrain);
    assert_eq!(bench.weights(), weights([(1, 5), (2, 5)]));
}

#[test]
fn a_dead_server_leaves_although_it_is_drained_and_is_not_made_for_it() {
    let mut bench = both_up("");
    bench.decides(1, DRAIN);
    bench.down(1);
    assert_eq!(bench.weights(), weights([(2, 5)]));
    bench.up(1, 5);
    assert_eq!(bench.weights(), weights([(2, 5)]));
}

#[test]
fn a_disabled_server_leaves_like_a_removed_one_and_returns_at_once() {
    let mut bench = both_up("");
    bench.decides(1, Change::Disable);
    assert_eq!(bench.weights(), weights([(1, 0), (2, 5)]));
    bench.state.end_drains(SHORTEST, |_, _| 1);
    bench.settle();
    assert_eq!(bench.weights(), weights([(1, 0), (2, 5)]));
    bench.state.end_drains(LONGEST, |_, _| 1);
    bench.settle();
    assert_eq!(bench.weights(), weights([(2, 5)]));
    bench.down(1);
    bench.up(1, 3);
    assert_eq!(bench.weights(), weights([(2, 5)]));
    bench.decides(1, Change::Enable);
    assert_eq!(bench.weights(), weights([(1, 3), (2, 5)]), "what the checks say by now");
    assert_eq!(bench.state.draining_services().len(), 0);
}

#[test]
fn a_weight_that_somebody_set_is_in_force_while_the_server_is_up() {
    let mut bench = both_up("");
    bench.decides(1, Change::Weight(Some(9)));
    assert_eq!(bench.weights(), weights([(1, 9), (2, 5)]));
    bench.says(1, &FromNanny::Weight { weight: 2 });
    bench.reload(web("", &[(1, 7), (2, 5)]), Duration::ZERO);
    assert_eq!(bench.weights(), weights([(1, 9), (2, 5)]));
    bench.down(1);
    assert_eq!(bench.weights(), weights([(2, 5)]));
    bench.up(1, 1);
    assert_eq!(bench.weights(), weights([(1, 9), (2, 5)]));
    bench.decides(1, Change::Weight(None));
    assert_eq!(bench.weights(), weights([(1, 1), (2, 5)]));
}

#[test]
fn decisions_outlive_lvsd_and_a_set_weight_is_not_taken_for_the_checks() {
    let mut bench = both_up("");
    bench.decides(1, DRAIN);
    bench.decides(2, Change::Weight(Some(9)));
    let changes = bench.restart(web("", &[(1, 5), (2, 5)]));
    assert_eq!(bench.weights(), weights([(1, 0), (2, 9)]));
    let second = bench.monitor(2);
    assert!(changes.contains(&MonitorChange::Start(second, Known::Up { weight: 5 })), "{changes:?}");
    bench.decides(2, Change::Weight(None));
    assert_eq!(bench.weights(), weights([(1, 0), (2, 5)]));

    bench.decides(2, Change::Disable);
    bench.restart(web("", &[(1, 5), (2, 5)]));
    assert_eq!(bench.weights(), weights([(1, 0), (2, 0)]), "connections are waited for once more");
    bench.pass(LONGEST);
    assert_eq!(bench.weights(), weights([(1, 0)]));
}

#[test]
fn a_decision_waits_for_a_server_that_the_file_does_not_have() {
    let mut bench = both_up("");
    bench.decides(1, DRAIN);
    bench.reload(web("", &[(2, 5)]), Duration::ZERO);
    bench.pass(LONGEST);
    assert_eq!(bench.weights(), weights([(2, 5)]));
    bench.reload(web("", &[(1, 5), (2, 5)]), LONGEST);
    bench.up(1, 5);
    assert_eq!(bench.weights(), weights([(2, 5)]));
    bench.decides(1, Change::Undrain);
    assert_eq!(bench.weights(), weights([(1, 5), (2, 5)]));
}

#[test]
fn the_sorry_server_answers_when_nobody_else_may() {
    let mut bench = both_up("sorry_server = 10.0.0.9");
    bench.down(2);
    assert_eq!(bench.weights(), weights([(1, 5)]));
    for change in [DRAIN, Change::Disable, Change::Weight(Some(0))] {
        bench.decides(1, change);
        assert_eq!(bench.weights(), weights([(1, 0), (9, 1)]), "{change:?}");
        assert_eq!(bench.sorry_changes()[0].up, 0);
        for back in [Change::Undrain, Change::Enable, Change::Weight(None)] {
            bench.decides(1, back);
        }
        assert_eq!(bench.weights(), weights([(1, 5)]));
        assert_eq!(bench.sorry_changes()[0].up, 1);
    }
}

#[derive(Debug, Clone)]
enum Event {
    Up(u8, u32),
    Down(u8),
    Decision(u8, Change),
    Pass(u64),
    Reload,
}

fn event() -> impl Strategy<Value = Event> {
    let n = 1..=3u8;
    let change = prop_oneof![
        Just(DRAIN),
        (0..100u64).prop_map(|at| drain(Some(Duration::from_secs(at)))),
        Just(Change::Undrain),
        Just(Change::Disable),
        Just(Change::Enable),
        prop::option::of(0..50u32).prop_map(Change::Weight),
    ];
    prop_oneof![
        (n.clone(), 1..9u32).prop_map(|(n, weight)| Event::Up(n, weight)),
        n.clone().prop_map(Event::Down),
        (n, change).prop_map(|(n, change)| Event::Decision(n, change)),
        (0..40u64).prop_map(Event::Pass),
        Just(Event::Reload),
    ]
}

/// A bench, and one on which nobody ever decides anything.
struct Twins {
    decided: Bench,
    undecided: Bench,
    now: Duration,
}

impl Twins {
    fn new() -> Self {
        let plan = || web("sorry_server = 10.0.0.9", &[(1, 5), (2, 5), (3, 5)]);
        Self { decided: Bench::new(plan()), undecided: Bench::new(plan()), now: Duration::ZERO }
    }

    fn take(&mut self, event: &Event) {
        match *event {
            Event::Decision(n, change) => self.decided.decides_at(n, change, self.now),
            Event::Pass(seconds) => self.now += Duration::from_secs(seconds),
            _ => {}
        }
        for bench in [&mut self.decided, &mut self.undecided] {
            match *event {
                Event::Up(n, weight) => bench.up(n, weight),
                Event::Down(n) => bench.down(n),
                Event::Pass(_) => bench.pass(self.now),
                Event::Reload => {
                    let plan = bench.state.plan().clone();
                    bench.reload(plan, self.now);
                }
                Event::Decision(..) => {}
            }
        }
    }

    /// The table of the one follows from the table of the other and the decisions.
    fn check(&self) {
        let (decided, undecided) = (self.decided.weights(), self.undecided.weights());
        let mut served = false;
        for n in 1..=3 {
            let decision = self.decided.state.operator().of(&self.decided.place(n));
            let checks = undecided.get(&n).copied();
            let expected = match decision {
                Some(decision) if decision.disabled || decision.drain.is_some() => {
                    assert_rests(decided.get(&n).copied());
                    continue;
                }
                Some(decision) => checks.map(|checks| decision.weight.unwrap_or(checks)),
                None => checks,
            };
            assert_eq!(decided.get(&n).copied(), expected, "server {n}");
            served |= expected.is_some_and(|weight| weight > 0);
        }
        assert!(!(served && decided.contains_key(&9)), "the sorry server answers beside another");
    }

    fn take_everything_back(&mut self) {
        for n in 1..=3 {
            for back in [Change::Undrain, Change::Enable, Change::Weight(None)] {
                self.decided.decides_at(n, back, self.now);
            }
        }
    }
}

fn assert_rests(weight: Option<u32>) {
    assert!(matches!(weight, None | Some(0)), "{weight:?}");
}

proptest! {
    #[test]
    fn decisions_change_what_they_are_about_and_nothing_else(events in prop::collection::vec(event(), 0..40)) {
        let mut twins = Twins::new();
        for event in &events {
            twins.take(event);
            twins.check();
        }
        twins.take_everything_back();
        prop_assert_eq!(&twins.decided.kernel, &twins.undecided.kernel);
        prop_assert_eq!(twins.decided.state.operator().iter().count(), 0);
    }
}
