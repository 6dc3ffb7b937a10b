use std::time::Duration;

use control::overview::{Counters, Overview, RealServer, VirtualServer};
use control::status::State;
use proptest::prelude::*;

use super::{History, MOST_VIRTUAL, Rates, SLOTS};

/// A virtual server with these real servers, each of which has got that many connections.
fn server(name: &str, port: u16, real_servers: &[(&str, u64)]) -> VirtualServer {
    let counters =
        |connections| Counters { connections, packets_in: 10 * connections, ..Counters::default() };
    let real_servers = real_servers.iter().map(|&(address, connections)| RealServer {
        name: format!("real {address}"),
        address: address.to_owned(),
        state: State::Up,
        since: 0,
        last_failure: None,
        decision: None,
        weight: Some(1),
        active_connections: 0,
        inactive_connections: 0,
        counters: counters(connections),
    });
    let real_servers: Vec<_> = real_servers.collect();
    VirtualServer {
        name: name.to_owned(),
        service: format!("-t 192.0.2.1:{port}"),
        scheduler: "wlc".to_owned(),
        trouble: None,
        sorry: false,
        up: 0,
        counters: counters(real_servers.iter().map(|server| server.counters.connections).sum()),
        real_servers,
    }
}

fn told(virtual_servers: Vec<VirtualServer>) -> Overview {
    Overview {
        release: String::new(),
        pid: 1,
        started: 0,
        serial_no: 1,
        loaded: 0,
        refused: None,
        repairs: 0,
        virtual_servers,
    }
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The last points, the newest last: connections.
fn last(history: &History, place: usize, count: usize) -> Vec<Option<f32>> {
    let points = history.rates(place).unwrap();
    assert_eq!(points.len(), SLOTS);
    points[SLOTS - count..].iter().map(|point| point.map(|it: Rates| it.connections)).collect()
}

#[test]
fn two_readings_make_a_point() {
    let mut history = History::default();
    history.take(at(5), &told(vec![server("web", 80, &[("one", 100)])]));
    assert_eq!(last(&history, 0, 2), [None, None]);
    history.take(at(15), &told(vec![server("web", 80, &[("one", 150)])]));
    history.take(at(25), &told(vec![server("web", 80, &[("one", 150)])]));
    assert_eq!(last(&history, 0, 3), [None, Some(5.0), Some(0.0)]);
    assert_eq!(history.rates(0).unwrap()[SLOTS - 2], Some(Rates { connections: 5.0, packets: 50.0 }));
    assert_eq!(history.connections(0, 0), Some(50));
    assert_eq!(history.rates(1), None);
}

#[test]
fn an_answer_that_is_missing_is_bridged_and_a_silence_is_a_gap() {
    let web = |connections| told(vec![server("web", 80, &[("one", connections)])]);
    let mut history = History::default();
    history.take(at(5), &web(0));
    history.pass(at(15));
    history.take(at(25), &web(200));
    assert_eq!(last(&history, 0, 3), [None, Some(10.0), Some(10.0)]);
    for seconds in [35, 45, 55, 65] {
        history.pass(at(seconds));
    }
    history.take(at(75), &web(900));
    history.take(at(85), &web(910));
    assert_eq!(last(&history, 0, 7), [Some(10.0), None, None, None, None, None, Some(1.0)]);
    assert_eq!(history.connections(0, 0), Some(210), "nobody knows when the others came");
}

#[test]
fn counters_that_begin_anew_are_a_gap() {
    let mut history = History::default();
    for (seconds, connections) in [(5, 1000), (15, 1010), (25, 3), (35, 13)] {
        history.take(at(seconds), &told(vec![server("web", 80, &[("one", connections)])]));
    }
    assert_eq!(last(&history, 0, 3), [Some(1.0), None, Some(1.0)]);
    assert_eq!(history.connections(0, 0), Some(20));
}

#[test]
fn a_reload_renames_moves_adds_and_removes() {
    let mut history = History::default();
    let (web, mail) = (server("web", 80, &[("a", 10), ("b", 10)]), server("mail", 25, &[("c", 1)]));
    history.take(at(5), &told(vec![web, mail]));
    let (web, mail) = (server("web", 80, &[("a", 20), ("b", 40)]), server("mail", 25, &[("c", 2)]));
    history.take(at(15), &told(vec![web, mail]));
    // Another name for web, another order, `b` in front, `a` gone, `d` new, and dns is new.
    let (web, mail) = (server("www", 80, &[("b", 50), ("d", 7)]), server("mail", 25, &[("c", 3)]));
    history.take(at(25), &told(vec![mail, server("dns", 53, &[("e", 1)]), web]));
    assert_eq!(last(&history, 0, 2), [Some(0.1), Some(0.1)]);
    assert_eq!(last(&history, 1, 2), [None, None]);
    assert_eq!(
        last(&history, 2, 2),
        [Some(4.0), None],
        "a real server that is gone takes its numbers along here"
    );
    assert_eq!(history.connections(2, 0), Some(40));
    assert_eq!(history.connections(2, 1), None);
    history.take(at(35), &told(Vec::new()));
    assert_eq!((history.rates(0), history.connections(0, 0)), (None, None));
}

#[test]
fn an_hour_is_kept_and_no_more() {
    let mut history = History::default();
    for turn in 0..2 * SLOTS as u64 {
        history.take(at(10 * turn), &told(vec![server("web", 80, &[("one", 10 * turn)])]));
    }
    assert_eq!(last(&history, 0, SLOTS), vec![Some(1.0); SLOTS]);
    assert_eq!(history.connections(0, 0), Some(3600));
    history.pass(at(1_000_000));
    assert_eq!(last(&history, 0, SLOTS), vec![None; SLOTS]);
    assert_eq!(history.connections(0, 0), None);
}

#[test]
fn servers_without_end_have_no_history_without_end() {
    let many = u16::try_from(MOST_VIRTUAL + 3).unwrap();
    let mut history = History::default();
    history.take(at(5), &told((1..=many).map(|port| server("v", port, &[])).collect()));
    assert!(history.rates(MOST_VIRTUAL - 1).is_some() && history.rates(MOST_VIRTUAL).is_none());
}

/// What may happen from one turn of 10 s to the next.
#[derive(Debug, Clone)]
enum Turn {
    /// These connections more, for two virtual servers.
    Reading(u16, u16),
    Silence,
    /// The kernel's entries are made anew.
    Anew,
    /// The virtual servers change places.
    Swap,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        8 => (0u16..1000, 0u16..1000).prop_map(|(first, second)| Turn::Reading(first, second)),
        2 => Just(Turn::Silence),
        1 => Just(Turn::Anew),
        1 => Just(Turn::Swap),
    ];
    prop::collection::vec(turn, 0..100)
}

proptest! {
    /// What the points say came is never more than what came, and all of it as long as lvsd answers and nothing begins anew.
    #[test]
    #[expect(clippy::cast_precision_loss, reason = "100,000 at most")]
    fn no_connection_is_invented(turns in turns()) {
        let mut history = History::default();
        let (mut counters, mut came) = ([0u64; 2], [0u64; 2]);
        let (mut swapped, mut perfect) = (false, true);
        for (turn, what) in turns.iter().enumerate() {
            let at = at(10 * turn as u64 + 3);
            match *what {
                Turn::Silence => {
                    perfect = false;
                    history.pass(at);
                    continue;
                }
                Turn::Anew => {
                    perfect = false;
                    counters = [0; 2];
                }
                Turn::Swap => swapped = !swapped,
                Turn::Reading(first, second) => {
                    // The first reading of all has nothing before it.
                    let counted = turns[..turn].iter().any(|turn| !matches!(turn, Turn::Silence));
                    for (server, more) in [u64::from(first), u64::from(second)].into_iter().enumerate() {
                        counters[server] += more;
                        came[server] += if counted { more } else { 0 };
                    }
                }
            }
            let mut servers = vec![
                server("one", 1, &[("a", counters[0])]),
                server("two", 2, &[("a", counters[1])]),
            ];
            if swapped {
                servers.reverse();
            }
            history.take(at, &told(servers));
        }
        for (server, came) in came.into_iter().enumerate() {
            let place = if swapped { 1 - server } else { server };
            let Some(points) = history.rates(place) else { continue };
            let drawn: f32 = points.iter().flatten().map(|point| point.connections * 10.0).sum();
            prop_assert!(points.iter().flatten().all(|point| point.connections >= 0.0 && point.packets >= 0.0));
            prop_assert!(f64::from(drawn) <= came as f64 * 1.001 + 0.1, "{drawn} of {came}");
            let counted = history.connections(place, 0).unwrap_or(0);
            prop_assert!(counted <= came);
            if perfect {
                prop_assert!((f64::from(drawn) - came as f64).abs() <= came as f64 * 0.001 + 0.1, "{drawn} of {came}");
                prop_assert_eq!(counted, came);
            }
        }
    }

    #[test]
    fn time_may_do_anything(times in prop::collection::vec((0u64..u64::MAX / 1000, any::<u32>()), 0..20)) {
        let mut history = History::default();
        for (seconds, connections) in times {
            history.take(at(seconds), &told(vec![server("web", 80, &[("one", connections.into())])]));
            prop_assert_eq!(history.rates(0).unwrap().len(), SLOTS);
        }
    }
}
