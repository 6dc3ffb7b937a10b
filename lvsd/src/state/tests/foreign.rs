//! Monitors that are not ours and write their entries themselves.

use std::time::Duration;

use control::report::{FromNanny, Known};

use super::{Bench, GROUP, plan, web, weights};
use crate::plan::Plan;
use crate::state::wanted::with_weight;

/// Real servers 1 and 2 of [`web`], watched by a monitor that is not ours.
fn watched_by_others(more: &str) -> Plan {
    web(&format!("client_monitor = /usr/local/sbin/watch\n{more}"), &[(1, 1), (2, 1)])
}

impl Bench {
    /// A monitor that is not ours writes its entry behind lvsd's back, and lvsd looks at the table.
    fn writes(&mut self, n: u8, weight: u32) {
        let monitor = self.monitor(n);
        let (service, at) = self.state.plan().monitors[&monitor].watches;
        let entry = self.state.plan().services[&service].servers[&at].destination.clone();
        let destinations = &mut self.kernel.services.get_mut(&service).unwrap().destinations;
        destinations.insert(at, with_weight(&entry, weight));
        self.settle();
    }
}

#[test]
fn what_a_foreign_monitor_writes_stays_as_it_is() {
    let mut bench = Bench::new(watched_by_others(""));
    bench.writes(1, 7);
    assert_eq!(bench.weights(), weights([(1, 7)]));
    bench.reload(watched_by_others("scheduler = rr"), Duration::ZERO);
    assert_eq!(bench.weights(), weights([(1, 7)]));
    // It removes its entry itself; lvsd only sees to what nobody writes any more.
    bench.reload(web("", &[(2, 1)]), Duration::ZERO);
    assert_eq!(bench.weights(), weights([]));
}

#[test]
fn the_sorry_server_follows_what_foreign_monitors_say() {
    let mut bench = Bench::new(watched_by_others("sorry_server = 10.0.0.9"));
    bench.writes(1, 1);
    bench.up(1, 1);
    bench.down(2);
    assert_eq!(bench.weights(), weights([(1, 1)]));
    bench.down(1);
    assert_eq!(bench.weights(), weights([(1, 1), (9, 1)]));
    let monitor = bench.monitor(1);
    bench.state.begins_anew(&monitor);
    bench.settle();
    assert_eq!(bench.weights(), weights([(1, 1), (9, 1)]), "down until it says that it is up");
    bench.up(1, 1);
    bench.state.begins_anew(&monitor);
    assert_eq!(bench.state.known(&monitor), Known::Nothing);
    assert_eq!(bench.weights(), weights([(1, 1)]));
}

#[test]
fn in_a_group_every_monitor_has_its_own_real_servers() {
    let foreign = GROUP.replacen("port = 443", "port = 443\nclient_monitor = /usr/local/sbin/watch", 1);
    let mut bench = Bench::new(plan(&foreign));
    let (_, group) = bench.state.plan().services.iter().next().unwrap();
    let servers: Vec<_> = group.servers.iter().map(|(at, server)| (at.port, server.foreign)).collect();
    assert_eq!(servers, [(0, false), (443, true)], "a foreign monitor writes the port that it is told");
    let ours = *bench.state.plan().monitors.keys().next().unwrap();
    bench.state.report(&ours, &FromNanny::Up { weight: 1 });
    bench.settle();
    let ports = |bench: &Bench| {
        bench
            .kernel
            .services
            .values()
            .next()
            .unwrap()
            .destinations
            .keys()
            .map(|at| at.port)
            .collect::<Vec<_>>()
    };
    assert_eq!(ports(&bench), [0]);
    bench.state.report(&ours, &FromNanny::Down { reason: "refused".to_owned(), forced: false });
    bench.settle();
    assert!(ports(&bench).is_empty());
}
