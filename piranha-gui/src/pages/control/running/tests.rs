use std::sync::Arc;
use std::time::{Duration, Instant};

use control::overview::{Counters, RealServer, VirtualServer};
use control::status::Failure;

use super::*;

fn real(n: usize, turn: u64) -> RealServer {
    let down = n % 4 == 3;
    let connections = turn * (100 + n as u64);
    RealServer {
        name: format!("real{n}"),
        address: format!("10.0.0.{n}:80"),
        state: if down { State::Down } else { State::Up },
        since: 1_772_366_100_000,
        last_failure: down
            .then(|| Failure { at: 1_772_366_100_000, reason: "connection <refused>".to_owned() }),
        decision: (n == 1).then_some(Decision::Drain),
        weight: (!down).then_some(1),
        active_connections: 17,
        inactive_connections: 230,
        counters: Counters { connections, packets_in: 10 * connections, ..Counters::default() },
    }
}

fn overview(virtual_servers: usize, real_servers: usize, turn: u64) -> Overview {
    let server = |n: usize| {
        let real_servers: Vec<_> = (0..real_servers).map(|n| real(n, turn)).collect();
        let connections: u64 = real_servers.iter().map(|it| it.counters.connections).sum();
        VirtualServer {
            name: format!("web{n}"),
            service: format!("-t 192.168.{}.{}:80", n / 256, n % 256),
            scheduler: "wlc".to_owned(),
            trouble: None,
            sorry: false,
            up: 1,
            // Not a straight line: that would be small.
            counters: Counters {
                connections: connections + turn * (turn * 7919 % 97),
                packets_in: connections * 9 + turn * (turn * 104_729 % 997),
                ..Counters::default()
            },
            real_servers,
        }
    };
    Overview {
        release: "1.2.3".to_owned(),
        pid: 812,
        started: 0,
        serial_no: 1,
        loaded: 0,
        refused: None,
        repairs: 0,
        virtual_servers: (0..virtual_servers).map(server).collect(),
    }
}

/// After an hour of readings.
fn known(virtual_servers: usize, real_servers: usize) -> (Reading, Arc<Overview>, History) {
    let mut history = History::default();
    for turn in 0..SLOTS as u64 + 2 {
        history.take(Duration::from_secs(10 * turn), &overview(virtual_servers, real_servers, turn));
    }
    let overview = Arc::new(overview(virtual_servers, real_servers, SLOTS as u64 + 1));
    let reading = Reading { at: 1_772_366_700_000, lvsd: Ok(Arc::clone(&overview)), took: Duration::ZERO };
    (reading, overview, history)
}

#[test]
fn a_page_has_as_many_as_fit_and_leads_to_the_others() {
    let (reading, overview, history) = known(50, 10);
    let (mut from, mut seen) = (0, 0);
    loop {
        let page = Running::told(&reading, &overview, &history, from, None, 0);
        let length: usize = page.sections.iter().map(String::len).sum();
        assert!(length < BUDGET + 10_000, "{length} bytes");
        assert!(page.sections.len() > 4 || page.after.is_none(), "with three pictures each");
        assert_eq!((page.first, page.last), (from + 1, from + page.sections.len()));
        seen += page.sections.len();
        match page.after {
            Some(next) => from = next,
            None => break,
        }
    }
    assert_eq!(seen, 50);
    assert_eq!(Running::told(&reading, &overview, &history, usize::MAX, None, 0).first, 50);
}

#[test]
fn ten_thousand_real_servers_of_one_have_pages() {
    let (reading, overview, history) = known(1, 10_000);
    let among = Running::told(&reading, &overview, &history, 0, None, 0);
    assert!(among.sections[0].contains("Real servers 1 to 20 of 10000."));
    let alone = Running::told(&reading, &overview, &history, 0, Some(1), 9_950);
    assert!(alone.alone && alone.sections[0].contains("Real servers 9951 to 10000 of 10000."));
    assert!(alone.sections[0].len() < 50_000, "{} bytes", alone.sections[0].len());
    let beyond = Running::told(&reading, &overview, &history, 0, Some(7), usize::MAX);
    assert!(!beyond.alone, "there is no seventh");
}

#[test]
fn a_real_server_is_told_with_state_share_and_reason() {
    let (reading, overview, history) = known(1, 4);
    let page = Running::told(&reading, &overview, &history, 0, None, 0);
    let rows: Vec<&str> =
        page.sections[0].lines().filter(|line| line.starts_with("<tr><th scope=\"row\">real")).collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    <tr><th scope="row">real0</th><td>10.0.0.0:80</td><td class="up">up</td><td>2026-03-01 11:55</td><td>1</td><td>17</td><td>230</td><td>25 %</td><td class="reason"></td></tr>
    <tr><th scope="row">real1</th><td>10.0.0.1:80</td><td class="up">up, draining</td><td>2026-03-01 11:55</td><td>1</td><td>17</td><td>230</td><td>25 %</td><td class="reason"></td></tr>
    <tr><th scope="row">real2</th><td>10.0.0.2:80</td><td class="up">up</td><td>2026-03-01 11:55</td><td>1</td><td>17</td><td>230</td><td>25 %</td><td class="reason"></td></tr>
    <tr><th scope="row">real3</th><td>10.0.0.3:80</td><td class="down">down</td><td>2026-03-01 11:55</td><td>-</td><td>17</td><td>230</td><td>25 %</td><td class="reason">connection &#60;refused&#62;</td></tr>
    "#);
    let numbers: Vec<&str> = page.sections[0]
        .lines()
        .filter(|line| line.starts_with("<td>") || line.contains("/s</th>"))
        .collect();
    insta::assert_snapshot!(numbers.join("\n"), @r#"
    <tr><th scope="row">connections/s</th><td>184</td><td>606</td><td>986</td><td>1.4k</td><td>1.7k</td><td>2.1k</td><td>2.3k</td><td>1.1k</td><td>2.3k</td></tr>
    <tr><th scope="row">packets/s</th><td>520</td><td>812</td><td>1.1k</td><td>1.3k</td><td>1.6k</td><td>1.9k</td><td>2k</td><td>1.2k</td><td>2k</td></tr>
    "#);
}

#[test]
fn a_thousand_virtual_servers_take_no_time() {
    let (reading, overview, history) = known(1000, 10);
    let begun = Instant::now();
    let page = Running::told(&reading, &overview, &history, 500, None, 0);
    assert!(page.sections.len() >= 5);
    // 2 ms with an optimised program.
    assert!(begun.elapsed() < Duration::from_secs(2));
}
