//! Real servers that leave the file, and come back to it.

use std::time::Duration;

use ipvs::Table;

use super::{Bench, web, weights};
use crate::drains::{LONGEST, SHORTEST};
use crate::plan::Plan;
use crate::state::MonitorChange;

#[test]
fn a_server_that_a_reload_removes_is_drained_before_it_goes() {
    let mut bench = Bench::new(web("", &[(1, 1), (2, 1)]));
    bench.up(1, 1);
    bench.up(2, 1);
    bench.reload(web("", &[(1, 1)]), Duration::ZERO);
    assert_eq!(bench.weights(), weights([(1, 1), (2, 0)]));

    let end = |bench: &mut Bench, at: Duration, connections: u32| {
        bench.state.end_drains(at, |_, _| connections);
        bench.settle();
        bench.weights()
    };
    assert_eq!(end(&mut bench, SHORTEST / 2, 0), weights([(1, 1), (2, 0)]));
    assert_eq!(end(&mut bench, SHORTEST, 3), weights([(1, 1), (2, 0)]));
    assert_eq!(end(&mut bench, LONGEST, 3), weights([(1, 1)]));
}

#[test]
fn while_a_server_leaves_sh_sends_its_clients_elsewhere() {
    let fallback = |bench: &Bench| bench.kernel.services.values().any(|it| it.service.scheduler_flags.first);
    let mut bench = Bench::new(web("scheduler = sh", &[(1, 1), (2, 1)]));
    bench.up(1, 1);
    bench.up(2, 1);
    assert!(!fallback(&bench));
    bench.reload(web("scheduler = sh", &[(1, 1)]), Duration::ZERO);
    assert_eq!((bench.weights(), fallback(&bench)), (weights([(1, 1), (2, 0)]), true));
    bench.state.end_drains(LONGEST, |_, _| 0);
    bench.settle();
    assert_eq!((bench.weights(), fallback(&bench)), (weights([(1, 1)]), false));
}

#[test]
fn with_quiesce_server_every_connection_is_waited_for() {
    let mut bench = Bench::new(web("quiesce_server = 1", &[(1, 1), (2, 1)]));
    bench.up(2, 1);
    bench.reload(web("quiesce_server = 1", &[(1, 1)]), Duration::ZERO);
    bench.state.end_drains(LONGEST * 100, |_, _| 1);
    bench.settle();
    assert_eq!(bench.weights(), weights([(2, 0)]));
    bench.state.end_drains(LONGEST * 100, |_, _| 0);
    bench.settle();
    assert_eq!(bench.weights(), weights([]));
}

#[test]
fn a_server_that_returns_while_it_drains_is_used_again() {
    let mut bench = Bench::new(web("", &[(1, 1), (2, 1)]));
    bench.up(2, 1);
    bench.reload(web("", &[(1, 1)]), Duration::ZERO);
    bench.reload(web("", &[(1, 1), (2, 1)]), Duration::ZERO);
    assert_eq!(bench.state.draining_services().len(), 0);
    bench.up(2, 1);
    assert_eq!(bench.weights(), weights([(2, 1)]));
}

#[test]
fn a_removed_virtual_server_is_not_drained() {
    let mut bench = Bench::new(web("", &[(1, 1)]));
    bench.up(1, 1);
    let changes = bench.reload(Plan::default(), Duration::ZERO);
    assert!(matches!(changes[..], [MonitorChange::Stop(_)]));
    assert_eq!(bench.kernel, Table::default());
    assert_eq!(bench.state.draining_services().len(), 0);
}
