//! What there is to say of lvsd itself.

use control::status::{Monitors, Operator, Status, UnixMillis};

use crate::text::{Paint, Text};
use crate::time::age;

/// The head of the table; a refused file comes first.
pub(super) fn facts(status: &Status, now: UnixMillis) -> Vec<Text> {
    let mut facts = refusal(status, now);
    facts.push(strong(format!(
        "lvsd {}, process {}, started {} ago",
        status.release,
        status.pid,
        age(status.started, now)
    )));
    facts.push(Text::plain(format!(
        "File: {}, serial_no {}, read {} ago",
        status.file,
        status.serial_no,
        age(status.loaded, now)
    )));
    facts.push(Text::plain(format!("Checks: {}", monitors(status.monitors))));
    facts.push(Text::plain(format!("Repairs of the kernel's table: {}", status.repairs)));
    if !status.strangers.is_empty() {
        facts.push(Text::plain(format!("Not in the file and left alone: {}", status.strangers.join(", "))));
    }
    for (name, operator) in &status.absent {
        facts.push(odd(format!("Not in the file now: {name}, {}", decisions(*operator))));
    }
    facts.push(Text::plain(""));
    facts
}

fn refusal(status: &Status, now: UnixMillis) -> Vec<Text> {
    let Some(reason) = &status.refused else { return Vec::new() };
    let read = age(status.loaded, now);
    let title = format!("THE FILE WAS REFUSED when it was read last; what was read {read} ago is in force:");
    let reason = reason.lines().map(|line| Text { indent: 2, ..Text::plain(line) });
    std::iter::once(Text { indent: 0, words: title, paint: Paint::Bad })
        .chain(reason)
        .chain([Text::plain("")])
        .collect()
}

fn monitors(monitors: Monitors) -> String {
    let Monitors { pool, processes, watched } = monitors;
    let servers = format!("{watched} real server{}", plural(watched));
    match (pool, processes) {
        (true, 0) => format!("none of {servers}: the pool does not run"),
        (true, _) => format!("{servers} by one pool"),
        (false, _) => format!("{servers} by {processes} process{}", if processes == 1 { "" } else { "es" }),
    }
}

fn decisions(operator: Operator) -> String {
    let weight = operator.weight.map(|weight| format!("weight {weight}"));
    let drain = operator.drain.map(|_| "draining".to_owned());
    let disabled = operator.disabled.then(|| "disabled".to_owned());
    [drain, disabled, weight].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn strong(words: String) -> Text {
    Text { indent: 0, words, paint: Paint::Strong }
}

fn odd(words: String) -> Text {
    Text { indent: 0, words, paint: Paint::Odd }
}
