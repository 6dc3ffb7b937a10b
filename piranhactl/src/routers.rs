//! Both routers, for people: what pulse has told, in a few lines of words.

use control::pulse::{
    Address, Authentication, Link, Partner, RealServers, Report, Role, Service, State, Status,
};
use control::status::UnixMillis;

use crate::table::View;
use crate::text::{Paint, Text};
use crate::time::{age, span};

/// Draws what pulse has told, `now` by the router's clock. Every line ends with a line feed.
pub(crate) fn draw(status: &Status, now: UnixMillis, view: View) -> String {
    let mut lines = refusal(status, now);
    lines.extend(own(status, now));
    match &status.partner {
        Some(partner) => lines.extend(other(status, partner, now)),
        None => lines.push(at(0, "No partner", Paint::Strong)),
    }
    lines.iter().map(|line| line.drawn(view.width, view.colour)).collect()
}

fn refusal(status: &Status, now: UnixMillis) -> Vec<Text> {
    let Some(reason) = &status.refused else { return Vec::new() };
    let read = age(status.loaded, now);
    let title =
        format!("PULSE REFUSED THE FILE when it was read last; what was read {read} ago is in force:");
    let reason = reason.lines().map(|line| at(2, line, Paint::Plain));
    std::iter::once(at(0, title, Paint::Bad)).chain(reason).chain([Text::plain("")]).collect()
}

fn own(status: &Status, now: UnixMillis) -> Vec<Text> {
    let Status { role, state, why, .. } = status;
    let title = format!("This router: {role}, {state} for {}: {why}", age(status.since, now));
    let mut lines = vec![at(0, title, paint(*state))];
    if let Some(until) = status.held_until {
        let text = format!("leaves the service to a partner that lives for {} more", age(now, until));
        lines.push(at(2, text, Paint::Odd));
    }
    lines.push(at(
        2,
        format!(
            "pulse {}, process {}, started {} ago; {}, serial_no {}{}",
            status.release,
            status.pid,
            age(status.started, now),
            status.file,
            status.serial_no,
            if status.service == Service::Fos { ", service = fos" } else { "" }
        ),
        Paint::Plain,
    ));
    lines.push(addresses(status));
    lines.extend(status.real_servers.map(counted));
    lines.push(at(2, heartbeat(status), Paint::Plain));
    lines.extend(status.links.iter().map(link));
    lines
}

/// Where they should not be, or are missing, they are named.
fn addresses(status: &Status) -> Text {
    let all = status.addresses.len();
    let up = status.addresses.iter().filter(|address| address.up == Some(true)).count();
    if status.addresses.iter().any(|address| address.up.is_none()) {
        return at(2, "floating addresses: the kernel does not say", Paint::Bad);
    }
    let wanted = status.state == State::Active;
    let unusual: Vec<_> = status.addresses.iter().filter(|address| address.up != Some(wanted)).collect();
    let (text, paint) = match (wanted, unusual.as_slice()) {
        (_, []) if all == 0 => ("no floating addresses".to_owned(), Paint::Plain),
        (true, []) => (format!("floating addresses: {up} of {all} up"), Paint::Plain),
        (false, []) => (format!("floating addresses: none of {all} up"), Paint::Plain),
        (true, missing) => {
            (format!("floating addresses: {up} of {all} up, MISSING: {}", named(missing)), Paint::Bad)
        }
        (false, left) => (format!("floating addresses: {up} of {all} STILL UP: {}", named(left)), Paint::Bad),
    };
    at(2, text, paint)
}

fn named(addresses: &[&Address]) -> String {
    let words: Vec<_> = addresses.iter().map(|it| format!("{} on {}", it.address, it.device)).collect();
    words.join(", ")
}

fn counted(RealServers { up, configured }: RealServers) -> Text {
    let paint = if up == 0 && configured > 0 { Paint::Bad } else { Paint::Plain };
    at(2, format!("real servers: {up} of {configured} up"), paint)
}

fn heartbeat(status: &Status) -> String {
    let Status { keepalive_ms, deadtime_ms, .. } = *status;
    let key = status.key.map(|key| format!("signed with key {key}")).unwrap_or_default();
    let signed = match status.authentication {
        Authentication::Off => "not signed".to_owned(),
        Authentication::Verify => format!("{key}, others count, too"),
        Authentication::Require => format!("{key}, no others count"),
    };
    format!("heartbeats: every {}, dead after {}; {signed}", interval(keepalive_ms), interval(deadtime_ms))
}

fn link(link: &Link) -> Text {
    let Link { name, own, partner, heard_age_ms, silent, device_up } = link;
    let heard = match (partner, heard_age_ms) {
        (None, _) => String::new(),
        (Some(partner), None) => format!(" to {partner}, nothing heard yet"),
        (Some(partner), Some(age)) => format!(" to {partner}, heard {} ago", span(*age)),
    };
    let silence = if *silent { ", SILENT" } else { "" };
    let down = if *device_up == Some(false) { ", DEVICE DOWN" } else { "" };
    let paint = if *silent || *device_up == Some(false) { Paint::Bad } else { Paint::Plain };
    at(2, format!("{name} link: {own}{heard}{silence}{down}"), paint)
}

fn other(status: &Status, partner: &Partner, now: UnixMillis) -> Vec<Text> {
    let role = match status.role {
        Role::Primary => Role::Backup,
        Role::Backup => Role::Primary,
    };
    let heard = partner.heard_age_ms.map(|age| format!("heard {} ago", span(age)));
    let heard = heard.unwrap_or_else(|| "never heard since pulse was started".to_owned());
    if !partner.alive {
        let last = partner.report.as_ref().and_then(|report| report.state);
        let last = last.map(|state| format!(", {state} then")).unwrap_or_default();
        return vec![at(0, format!("Partner: {role}, DEAD; {heard}{last}"), Paint::Bad)];
    }
    if let Some(report) = &partner.report {
        return reported(status, role, report, &heard, now);
    }
    let (what, paint) = match partner.active {
        Some(true) => ("active", paint(State::Active)),
        _ => ("inactive", Paint::Strong),
    };
    let since = partner.since.map(|since| format!(" for {}", age(since, now))).unwrap_or_default();
    let nothing = format!("{heard}; says nothing of itself, as Piranha's pulse");
    vec![at(0, format!("Partner: {role}, {what}{since}"), paint), at(2, nothing, Paint::Plain)]
}

fn reported(status: &Status, role: Role, report: &Report, heard: &str, now: UnixMillis) -> Vec<Text> {
    let state = report.state.map_or("of unknown state".to_owned(), |state| state.to_string());
    let why = report.departure.as_ref().map(|departure| format!(": {}", departure.text)).unwrap_or_default();
    let title = format!("Partner: {role}, {state} for {}{why}", age(report.since, now));
    let signed = report.key.map_or("not signed".to_owned(), |key| format!("authentic with key {key}"));
    let mut lines = vec![at(0, title, report.state.map_or(Paint::Strong, paint))];
    lines.push(at(2, format!("{heard}, {signed}"), Paint::Plain));
    lines.extend(report.real_servers.map(counted));
    lines.extend(files(status, report));
    lines.extend(timers(status, report));
    lines
}

fn files(status: &Status, report: &Report) -> Option<Text> {
    let serial_no = report.serial_no.map(|number| format!("serial_no {number} there, ")).unwrap_or_default();
    if report.same_file? {
        return Some(at(2, "lvs.cf is the same", Paint::Plain));
    }
    let text =
        format!("LVS.CF DIFFERS: {serial_no}{} here: make them equal and reload both", status.serial_no);
    Some(at(2, text, Paint::Bad))
}

/// Two routers with different times judge each other differently.
fn timers(status: &Status, report: &Report) -> Option<Text> {
    let (keepalive, deadtime) = (report.keepalive_ms?, report.deadtime_ms?);
    let differ = (keepalive, deadtime) != (status.keepalive_ms, status.deadtime_ms);
    differ.then(|| {
        let [keepalive, deadtime] = [keepalive, deadtime].map(interval);
        at(2, format!("ITS TIMES DIFFER: keepalive {keepalive}, deadtime {deadtime}"), Paint::Bad)
    })
}

/// A time of the file: exact, in seconds.
fn interval(millis: u64) -> String {
    match millis % 1000 {
        0 => format!("{}s", millis / 1000),
        rest => format!("{}.{:03}", millis / 1000, rest).trim_end_matches('0').to_owned() + "s",
    }
}

fn paint(state: State) -> Paint {
    match state {
        State::Active => Paint::Well,
        State::Ready => Paint::Strong,
        State::Leaving | State::Ending => Paint::Odd,
        State::LinkDown | State::Failed => Paint::Bad,
    }
}

fn at(indent: usize, words: impl Into<String>, paint: Paint) -> Text {
    Text { indent, words: words.into(), paint }
}

#[cfg(test)]
mod tests;
