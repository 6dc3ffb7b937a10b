//! What runs, below the process list: each virtual server with pictures of its last hour and a table of its real servers.
//!
//! A page holds as many of them as fit: text browsers and slow lines are asked for less than 100 kB.

use askama::Template;
use control::overview::{self, Decision, Overview};
use control::status::{State, UnixMillis};

use crate::live::clock::{self, Utc};
use crate::live::history::{History, Rates, SLOTS};
use crate::live::picture::{self, Measure, Share, Summary};
use crate::live::{Live, Reading};

/// Bytes of a page's virtual servers; the last one may go beyond.
const BUDGET: usize = 60_000;
/// Virtual servers of a page.
const MOST: usize = 20;
/// Real servers of a virtual server among others, and of one that is looked at alone.
const FEW_REAL: usize = 20;
const MANY_REAL: usize = 100;

/// The part of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Running {
    /// When lvsd said so.
    pub(super) at: String,
    /// Why nothing is known.
    pub(super) problem: Option<String>,
    /// lvsd's complaint about the file.
    pub(super) refused: Option<String>,
    /// HTML, one for each virtual server that is shown.
    pub(super) sections: Vec<String>,
    /// Counted from 1.
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) all: usize,
    /// Where the pages before and after this one begin.
    pub(super) before: Option<usize>,
    pub(super) after: Option<usize>,
    /// One is looked at alone.
    pub(super) alone: bool,
}

#[derive(Template)]
#[template(path = "running_server.html")]
struct Section<'a> {
    server: &'a overview::VirtualServer,
    number: usize,
    pictures: Vec<String>,
    intervals: Vec<String>,
    measures: Vec<(&'static str, Vec<String>)>,
    real_servers: Vec<RealServer<'a>>,
    first: usize,
    last: usize,
    before: Option<usize>,
    after: Option<usize>,
    alone: bool,
}

struct RealServer<'a> {
    told: &'a overview::RealServer,
    state: String,
    class: &'static str,
    since: String,
    share: String,
    reason: String,
}

impl Running {
    /// From the virtual server `from` on, counted from 0; or of `alone`, counted from 1, the real servers from `real` on.
    pub(super) fn of(live: &Live, from: usize, alone: Option<usize>, real: usize) -> Self {
        live.with_history(|reading, history| match &reading.lvsd {
            Ok(overview) => Self::told(reading, overview, history, from, alone, real),
            Err(problem) => Self { problem: Some(problem.clone()), ..Self::nothing(reading) },
        })
    }

    fn nothing(reading: &Reading) -> Self {
        Self {
            at: Utc::of(reading.at).whole(),
            problem: None,
            refused: None,
            sections: Vec::new(),
            first: 0,
            last: 0,
            all: 0,
            before: None,
            after: None,
            alone: false,
        }
    }

    fn told(
        reading: &Reading,
        overview: &Overview,
        history: &History,
        from: usize,
        alone: Option<usize>,
        real: usize,
    ) -> Self {
        let all = overview.virtual_servers.len();
        let alone = alone.map(|number| number - 1).filter(|&place| place < all);
        let from = alone.unwrap_or_else(|| from.min(all.saturating_sub(1)));
        let most = if alone.is_some() { 1 } else { MOST };
        let mut sections: Vec<String> = Vec::new();
        let mut length = 0;
        for (place, server) in overview.virtual_servers.iter().enumerate().skip(from).take(most) {
            let section = section(server, place, history, alone.map(|_| real));
            if length > 0 && length + section.len() > BUDGET {
                break;
            }
            length += section.len();
            sections.push(section);
        }
        let last = from + sections.len();
        Self {
            refused: overview.refused.clone(),
            first: from + 1,
            last,
            all,
            before: (from > 0 && alone.is_none()).then(|| from.saturating_sub(sections.len().max(1))),
            after: (last < all && alone.is_none()).then_some(last),
            alone: alone.is_some(),
            sections,
            ..Self::nothing(reading)
        }
    }
}

fn section(
    server: &overview::VirtualServer,
    place: usize,
    history: &History,
    alone: Option<usize>,
) -> String {
    let rates = history.rates(place).unwrap_or_default();
    let connections: Vec<_> = rates.iter().map(|rates| rates.map(|it: Rates| it.connections)).collect();
    let packets: Vec<_> = rates.iter().map(|rates| rates.map(|it: Rates| it.packets)).collect();
    let shares = shares(server, place, history);
    let most = if alone.is_some() { MANY_REAL } else { FEW_REAL };
    let first = alone.unwrap_or(0).min(server.real_servers.len().saturating_sub(1));
    let last = (first + most).min(server.real_servers.len());
    let all: u64 = shares.iter().filter_map(|share| share.connections).sum();
    let shown = server.real_servers.iter().zip(&shares).skip(first).take(most);
    let section = Section {
        pictures: vec![
            picture::rates(3 * place, &server.name, Measure::Connections, &connections),
            picture::rates(3 * place + 1, &server.name, Measure::Packets, &packets),
            picture::shares(3 * place + 2, &server.name, &shares),
        ],
        intervals: intervals(),
        measures: vec![("connections/s", row(&connections)), ("packets/s", row(&packets))],
        real_servers: shown.map(|(told, share)| RealServer::of(told, share, all)).collect(),
        server,
        number: place + 1,
        first: first + 1,
        last,
        before: (alone.is_some() && first > 0).then(|| first.saturating_sub(most)),
        after: (last < server.real_servers.len()).then_some(if alone.is_some() { last } else { 0 }),
        alone: alone.is_some(),
    };
    // Only a formatter that fails gets here.
    section.render().unwrap_or_else(|error| error.to_string())
}

fn shares(server: &overview::VirtualServer, place: usize, history: &History) -> Vec<Share> {
    let share = |(real, told): (usize, &overview::RealServer)| Share {
        name: told.name.clone(),
        connections: history.connections(place, real),
    };
    server.real_servers.iter().enumerate().map(share).collect()
}

/// The heads of the table beside the pictures.
fn intervals() -> Vec<String> {
    let tens = (0..6).map(|ten| format!("{}-{} min ago", 60 - 10 * ten, 50 - 10 * ten));
    tens.chain(["now", "mean", "highest"].map(str::to_owned)).collect()
}

/// Means of ten minutes each, then what sums the hour up.
fn row(points: &[Option<f32>]) -> Vec<String> {
    let number = |value: Option<f32>| value.map_or("-".to_owned(), |value| picture::short(value.into()));
    let ten = SLOTS / 6;
    let mut cells: Vec<String> = (0..6)
        .map(|place| number(Summary::of(points.get(place * ten..(place + 1) * ten).unwrap_or_default()).mean))
        .collect();
    let hour = Summary::of(points);
    cells.extend([hour.now, hour.mean, hour.highest].map(number));
    cells
}

impl<'a> RealServer<'a> {
    fn of(told: &'a overview::RealServer, share: &Share, all: u64) -> Self {
        let connections = share.connections;
        let part = connections.and_then(|connections| picture::percent(connections, all));
        let (state, class) = state(told);
        Self {
            state,
            class,
            since: moment(told.since),
            share: part.unwrap_or_else(|| "-".to_owned()),
            reason: reason(told),
            told,
        }
    }
}

fn state(told: &overview::RealServer) -> (String, &'static str) {
    let (word, class) = match told.state {
        State::Up => ("up", "up"),
        State::Down => ("down", "down"),
        State::Unknown => ("not checked yet", "unknown"),
    };
    let decided = match told.decision {
        None => return (word.to_owned(), class),
        Some(Decision::Down) => "forced down",
        Some(Decision::Up) => "forced up",
        Some(Decision::Disable) => "disabled",
        Some(Decision::Drain) => "draining",
        Some(Decision::Weight) => "weight set by hand",
    };
    (format!("{word}, {decided}"), class)
}

fn reason(told: &overview::RealServer) -> String {
    match &told.last_failure {
        None => String::new(),
        Some(failure) if told.state == State::Down => failure.reason.clone(),
        Some(failure) => format!("was down {}: {}", moment(failure.at), failure.reason),
    }
}

/// `12:03:07` within a day, `2026-03-01 12:03` before.
fn moment(at: UnixMillis) -> String {
    let whole = Utc::of(at).whole();
    let today = clock::now().saturating_sub(at) < 86_400_000;
    whole.get(if today { 11..19 } else { 0..16 }).unwrap_or("?").to_owned()
}

#[cfg(test)]
mod tests;
