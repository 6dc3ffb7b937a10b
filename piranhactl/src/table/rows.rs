//! Virtual servers and their real servers.

use control::report::Forced;
use control::status::{Operator, RealServer, State, Status, UnixMillis, VirtualServer};

use super::Line;
use crate::text::{Paint, Text};
use crate::time::{age, latency, span};

/// Names up to this length stand in a column of their own before the addresses.
const LONGEST_NAME: usize = 16;

/// Every virtual server, each with its real servers below it.
pub(super) fn rows(status: &Status, now: UnixMillis, only_unusual: bool) -> Vec<Line> {
    let names = status
        .virtual_servers
        .iter()
        .flat_map(|of| &of.real_servers)
        .map(|server| server.name.chars().count());
    let name_width = names.filter(|&length| length <= LONGEST_NAME).max().unwrap_or(0);
    let mut lines = Vec::new();
    for of in &status.virtual_servers {
        lines.extend(virtual_server(of));
        let mut usual = 0;
        for server in &of.real_servers {
            let remarks = remarks(server, now);
            if only_unusual && remarks.is_empty() && server.state == State::Up {
                usual += 1;
                continue;
            }
            lines.push(row(server, name_width, now));
            lines.extend(remarks.into_iter().map(|words| words_at(6, words, Paint::Plain)));
        }
        if usual > 0 {
            let usual =
                if usual == 1 { "1 real server is".to_owned() } else { format!("{usual} real servers are") };
            lines.push(words_at(2, format!("{usual} up as usual"), Paint::Well));
        }
    }
    lines
}

fn virtual_server(of: &VirtualServer) -> Vec<Line> {
    let persistence = of.persistence.map(|seconds| format!(", persistent {}", span(seconds * 1000)));
    let serving = of
        .real_servers
        .iter()
        .filter(|server| server.weight.in_force.is_some_and(|weight| weight > 0))
        .count();
    let name = if of.name.is_empty() { String::new() } else { format!("{} ", of.name) };
    let title = format!(
        "{name}{} {}{}: {serving} of {} in service, {} conn/s",
        of.service,
        of.scheduler,
        persistence.unwrap_or_default(),
        of.real_servers.len(),
        of.traffic.connections_per_second
    );
    let paint = if serving == 0 { Paint::Bad } else { Paint::Strong };
    let mut lines = vec![words_at(0, title, paint)];
    if let Some(trouble) = &of.trouble {
        lines.push(words_at(
            2,
            format!("not in the kernel's table, which is tried each second: {trouble}"),
            Paint::Bad,
        ));
    }
    if let Some(sorry_server) = &of.sorry_server {
        let (word, paint) =
            if of.sorry { ("answers for them", Paint::Odd) } else { ("stands by", Paint::Plain) };
        lines.push(words_at(2, format!("sorry server {sorry_server} {word}"), paint));
    }
    lines
}

fn row(server: &RealServer, name_width: usize, now: UnixMillis) -> Line {
    let (state, paint) = condition(server);
    let last = server.last_check.as_ref();
    let nothing = || "-".to_owned();
    Line::Row {
        head: format!("  {:name_width$} {}", server.name, server.address),
        cells: [
            state.to_owned(),
            since(server, now),
            weight(server),
            server.active_connections.to_string(),
            server.inactive_connections.to_string(),
            server.traffic.connections_per_second.to_string(),
            last.map_or_else(nothing, |last| latency(last.took_us)),
            last.map_or_else(nothing, |last| span(last.age_ms)),
        ],
        paint,
    }
}

/// Why it is in service or not: what somebody decided comes before what its checks say.
fn condition(server: &RealServer) -> (&'static str, Paint) {
    match (server.operator.disabled, server.operator.drain, server.forced) {
        (true, ..) => ("disabled", Paint::Odd),
        (_, Some(_), _) => ("draining", Paint::Odd),
        (_, _, Some(Forced::Up)) => ("forced up", Paint::Odd),
        (_, _, Some(Forced::Down)) => ("forced down", Paint::Odd),
        _ => (word(server.state), paint(server.state)),
    }
}

/// Since when it is in this condition, as far as lvsd keeps it.
fn since(server: &RealServer, now: UnixMillis) -> String {
    match (server.operator.disabled, server.operator.drain, server.forced) {
        (true, ..) => "-".to_owned(),
        (_, Some(drain), _) => age(drain.since, now),
        (_, _, Some(_)) => "-".to_owned(),
        _ => age(server.since, now),
    }
}

/// One number if the file's weight is in force.
fn weight(server: &RealServer) -> String {
    let file = server.weight.file;
    match server.weight.in_force {
        Some(weight) if weight == file => weight.to_string(),
        Some(weight) => format!("{weight}/{file}"),
        None => format!("-/{file}"),
    }
}

/// What the columns do not say.
fn remarks(server: &RealServer, now: UnixMillis) -> Vec<String> {
    let mut remarks: Vec<String> = decisions(server, now).into_iter().collect();
    if server.weight.wanted != server.weight.in_force {
        let [wanted, in_force] = [server.weight.wanted, server.weight.in_force].map(entry);
        remarks.push(format!("the kernel's table should have {wanted}, and has {in_force}"));
    }
    remarks.extend(failure(server, now));
    remarks
}

/// What somebody decided, and what its checks say all the same.
fn decisions(server: &RealServer, now: UnixMillis) -> Option<String> {
    let disabled = server.operator.disabled.then(|| "disabled".to_owned());
    let drain = server.operator.drain.map(|drain| {
        let rest = drain.deadline.map_or("no deadline".to_owned(), |deadline| {
            format!("the rest is cut off in {}", span(deadline.saturating_sub(now)))
        });
        format!("draining for {}, {rest}", age(drain.since, now))
    });
    let weight = server.operator.weight.map(|weight| format!("weight {weight}"));
    let forced = server.forced.map(|forced| match forced {
        Forced::Up => "forced up until released".to_owned(),
        Forced::Down => "forced down until released".to_owned(),
    });
    let checks = (server.operator != Operator::default() && server.forced.is_none())
        .then(|| format!("checks: {} for {}", word(server.state), age(server.since, now)));
    let decisions: Vec<String> = [disabled, drain, weight, forced, checks].into_iter().flatten().collect();
    if decisions.is_empty() { None } else { Some(format!("by hand: {}", decisions.join("; "))) }
}

fn failure(server: &RealServer, now: UnixMillis) -> Option<String> {
    if server.state == State::Down
        && let Some(failure) = &server.last_failure
    {
        return Some(format!("failed {} ago: {}", age(failure.at, now), failure.reason));
    }
    let failure = server.last_check.as_ref()?.failure.as_ref()?;
    Some(format!("the last check failed: {failure}"))
}

fn entry(weight: Option<u32>) -> String {
    weight.map_or("no entry".to_owned(), |weight| format!("weight {weight}"))
}

fn paint(state: State) -> Paint {
    match state {
        State::Unknown => Paint::Plain,
        State::Up => Paint::Well,
        State::Down => Paint::Bad,
    }
}

/// The state in one word.
fn word(state: State) -> &'static str {
    match state {
        State::Unknown => "unknown",
        State::Up => "up",
        State::Down => "down",
    }
}

fn words_at(indent: usize, words: String, paint: Paint) -> Line {
    Line::Words(Text { indent, words, paint })
}
