//! What became of a status: lines for a log.

use std::collections::BTreeMap;

use control::report::Forced;
use control::status::{RealServer, State, Status, VirtualServer};

/// What lines are about, each with its properties and their values.
type Properties = BTreeMap<String, Vec<(&'static str, String)>>;

/// A line for each property that is not as it was: `web/one 10.0.0.1:80 state: up -> down (connection refused)`.
pub(crate) fn changes(before: &Status, after: &Status) -> Vec<String> {
    let (before, after) = (properties(before), properties(after));
    let gone = before.keys().filter(|subject| !after.contains_key(*subject));
    let mut lines: Vec<String> = gone.map(|subject| format!("{subject} is gone")).collect();
    for (subject, values) in &after {
        match before.get(subject) {
            Some(former) => lines.extend(differences(subject, former, values)),
            None => lines.push(format!("{subject} is new")),
        }
    }
    lines
}

fn differences(
    subject: &str,
    before: &[(&'static str, String)],
    after: &[(&'static str, String)],
) -> impl Iterator<Item = String> {
    let pairs = before.iter().zip(after).filter(|(before, after)| before != after);
    pairs.map(move |((_, before), (property, after))| format!("{subject} {property}: {before} -> {after}"))
}

fn properties(status: &Status) -> Properties {
    let mut all = Properties::from([("lvsd".to_owned(), of_lvsd(status))]);
    for of in &status.virtual_servers {
        all.insert(format!("{} {}", of.name, of.service), of_virtual_server(of));
        for server in &of.real_servers {
            all.insert(format!("{}/{} {}", of.name, server.name, server.address), of_real_server(server));
        }
    }
    all
}

fn of_lvsd(status: &Status) -> Vec<(&'static str, String)> {
    let refused = status.refused.as_ref().map(|reason| reason.lines().collect::<Vec<_>>().join(" "));
    let strangers = if status.strangers.is_empty() { "none".to_owned() } else { status.strangers.join(", ") };
    vec![
        ("process", status.pid.to_string()),
        ("serial_no", status.serial_no.to_string()),
        ("file", refused.map_or("in force".to_owned(), |reason| format!("refused ({reason})"))),
        ("repairs", status.repairs.to_string()),
        ("strangers", strangers),
    ]
}

fn of_virtual_server(of: &VirtualServer) -> Vec<(&'static str, String)> {
    let trouble = of
        .trouble
        .as_ref()
        .map_or("in the kernel's table".to_owned(), |trouble| format!("refused ({trouble})"));
    vec![("service", trouble), ("sorry server", if of.sorry { "answers" } else { "stands by" }.to_owned())]
}

fn of_real_server(server: &RealServer) -> Vec<(&'static str, String)> {
    let weight = server.weight.in_force.map_or("none".to_owned(), |weight| weight.to_string());
    vec![("state", state(server)), ("decision", decision(server)), ("weight", weight)]
}

fn state(server: &RealServer) -> String {
    match (server.state, &server.last_failure) {
        (State::Unknown, _) => "unknown".to_owned(),
        (State::Up, _) => "up".to_owned(),
        (State::Down, Some(failure)) => format!("down ({})", failure.reason),
        (State::Down, None) => "down".to_owned(),
    }
}

/// What somebody decided about it.
fn decision(server: &RealServer) -> String {
    let forced = server.forced.map(|forced| match forced {
        Forced::Up => "forced up".to_owned(),
        Forced::Down => "forced down".to_owned(),
    });
    let drain = server.operator.drain.map(|_| "draining".to_owned());
    let disabled = server.operator.disabled.then(|| "disabled".to_owned());
    let weight = server.operator.weight.map(|weight| format!("weight {weight}"));
    let decisions: Vec<String> = [forced, drain, disabled, weight].into_iter().flatten().collect();
    if decisions.is_empty() { "none".to_owned() } else { decisions.join(", ") }
}

#[cfg(test)]
mod tests {
    use control::report::Forced;
    use control::status::State;

    use super::changes;
    use crate::example::{one, status};

    #[test]
    fn nothing_is_said_where_nothing_changed() {
        let mut after = status();
        one(&mut after).active_connections += 1;
        assert!(changes(&status(), &after).is_empty());
    }

    #[test]
    fn each_change_is_a_line() {
        let mut after = status();
        after.pid = 900;
        after.refused = Some("lvs: error parsing lvs.cf on line 3.\nerror: unknown command".to_owned());
        after.strangers.clear();
        after.virtual_servers[1].sorry = false;
        after.virtual_servers[2].trouble = Some("No such process (os error 3)".to_owned());
        let servers = &mut after.virtual_servers[0].real_servers;
        (servers[0].state, servers[0].last_failure) = (State::Down, servers[1].last_failure.clone());
        servers[0].weight.in_force = None;
        servers[1].forced = Some(Forced::Up);
        servers[1].state = State::Up;
        servers[2].operator.drain = None;
        servers[3].name = "five".to_owned();
        insta::assert_snapshot!(changes(&status(), &after).join("\n"), @"
        web/four 10.0.0.4:80 is gone
        lvsd process: 812 -> 900
        lvsd file: in force -> refused (lvs: error parsing lvs.cf on line 3. error: unknown command)
        lvsd strangers: -t 10.9.9.9:3306, -u 10.9.9.9:53 -> none
        mail -t [2001:db8:26::10]:25 sorry server: answers -> stands by
        marked -f 7 service: in the kernel's table -> refused (No such process (os error 3))
        web/five 10.0.0.4:80 is new
        web/one 10.0.0.1:80 state: up -> down (connection refused)
        web/one 10.0.0.1:80 weight: 100 -> none
        web/three 10.0.0.3:80 decision: draining -> none
        web/two 10.0.0.2:80 state: down (connection refused) -> up
        web/two 10.0.0.2:80 decision: none -> forced up
        ");
    }
}
