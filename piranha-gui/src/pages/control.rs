//! CONTROL/MONITORING (specification gui.md 6.6).

mod running;

use askama::Template;
use control::pulse;

use self::running::Running;
use crate::answer::Answer;
use crate::asked::{Asked, Method};
use crate::form::Parameters;
use crate::frame::Frame;
use crate::live::clock::{self, Utc};
use crate::live::daemon_state::{self, DaemonState};
use crate::live::{Heard, processes, routing_table};
use crate::notice::Tone;
use crate::page::Page;
use crate::pages::actions::{self, Actions};
use crate::pages::{self, data};
use crate::site::Site;

/// Seconds between two automatic readings: the usual and least, and the most.
const USUAL_RATE: u32 = 10;
const LONGEST_RATE: u32 = 3600;

#[derive(Template)]
#[template(path = "control.html")]
struct Control {
    frame: Frame,
    daemon: DaemonState,
    remark: String,
    routers: Vec<(&'static str, String)>,
    actions: Actions,
    auto_update: bool,
    rate: u32,
    at: String,
    /// Makes the next address a new one (see [`Answer::at`]).
    moment: u64,
    /// What else the address holds, which an update keeps.
    kept: Vec<(&'static str, usize)>,
    table: Option<Result<routing_table::Page, String>>,
    processes: String,
    running: Option<Running>,
}

pub(crate) async fn answer(site: &Site, asked: &Asked) -> Answer {
    if asked.parameters.get("control_action") == Some("CHANGE PASSWORD") {
        return Answer::see(Page::Passwd);
    }
    if let Some(answer) = actions::answer(site, asked).await {
        return answer;
    }
    if asked.method == Method::Post {
        return Answer::see(Page::Control);
    }
    let (daemon, heard) = site.live.daemon().await;
    let _what_with_history_tells = site.live.recent().await;
    let actions = actions::shown(site, site.file.present().ok().as_deref()).await;
    show(site, asked, daemon, &heard, actions)
}

fn show(
    site: &Site,
    asked: &Asked,
    daemon: DaemonState,
    heard: &Heard<pulse::Status>,
    actions: Actions,
) -> Answer {
    let present = match site.file.present().or_else(|_| pages::file(site, asked)) {
        Ok(present) => present,
        Err(trouble) => return trouble,
    };
    let mut frame = Frame::of(site, asked);
    if let Err(errors) = &present.config {
        let first = errors.render_first(site.file.path(), 1);
        frame.tell(
            Tone::Warning,
            format!("The daemons refuse the saved file. {}", first.lines().next().unwrap_or("")),
        );
    }
    let status = heard.as_deref().ok();
    let auto_update = asked.parameters.get("auto_update") == Some("1");
    let rate = rate(asked.parameters.trimmed("rate"));
    let kept = kept(&asked.parameters);
    let refresh = auto_update.then(|| refresh(rate, &kept));
    frame.refresh.clone_from(&refresh);
    let sources = site.live.sources();
    let fos = frame.fos;
    let from = |name| asked.parameters.trimmed(name).parse().unwrap_or(0);
    let page = Control {
        remark: daemon.remark(status),
        daemon,
        routers: routers(heard, data::serial_no(&present), &present.fingerprint),
        actions,
        auto_update,
        rate,
        at: Utc::of(clock::now()).whole(),
        moment: clock::now(),
        kept,
        table: (!fos)
            .then(|| routing_table::page(&sources.proc, present.config.as_ref().ok(), from("table"))),
        processes: processes::list(&sources.proc, if fos { processes::FOS } else { processes::LVS }),
        running: (!fos)
            .then(|| Running::of(&site.live, from("from"), asked.parameters.index("server"), from("real"))),
        frame,
    };
    match Answer::page(&page) {
        Answer::Page { status, html, .. } => Answer::Page { status, html, refresh },
        other => other,
    }
}

/// What is typed as the number of seconds; everything else counts as 10.
fn rate(typed: &str) -> u32 {
    typed.parse().map_or(USUAL_RATE, |rate: u32| rate.clamp(USUAL_RATE, LONGEST_RATE))
}

/// `10;url=control.php?auto_update=1&rate=10`
fn refresh(rate: u32, kept: &[(&str, usize)]) -> String {
    let usual = format!("{rate};url=control.php?auto_update=1&rate={rate}");
    kept.iter().fold(usual, |address, (name, value)| format!("{address}&{name}={value}"))
}

/// Which part of a long table is looked at.
fn kept(parameters: &Parameters) -> Vec<(&'static str, usize)> {
    let number = |name| parameters.trimmed(name).parse().ok().filter(|&number: &usize| number > 0);
    ["table", "from", "server", "real"].into_iter().filter_map(|name| Some((name, number(name)?))).collect()
}

/// What is known of both routers and of the file, a line each.
fn routers(heard: &Heard<pulse::Status>, serial_no: Option<u64>, saved: &str) -> Vec<(&'static str, String)> {
    let number =
        serial_no.map_or("without a serial number".to_owned(), |number| format!("serial number {number}"));
    let mut lines = vec![("Saved file:", format!("{number}, {}", short(saved)))];
    let status = match heard {
        Ok(status) => status,
        Err(reason) => {
            lines.push(("Routers:", reason.clone()));
            return lines;
        }
    };
    let file = if saved.starts_with(&status.fingerprint) {
        "the saved one".to_owned()
    } else {
        format!("another one: serial number {}, {}", status.serial_no, short(&status.fingerprint))
    };
    lines.push(("File in force:", file));
    if let Some(refused) = &status.refused {
        lines.push(("Refused:", refused.clone()));
    }
    let since = Utc::of(status.since).whole();
    lines.push((
        "This router:",
        format!("{} ({}) since {since}: {}", daemon_state::does(status), status.role, status.why),
    ));
    lines.push(("Other router:", status.partner.as_ref().map_or("none".to_owned(), partner)));
    lines
}

fn partner(partner: &pulse::Partner) -> String {
    let age = partner.heard_age_ms.map(|age| format!("{}.{} s ago", age / 1000, age % 1000 / 100));
    let mut words = match (partner.alive, &age) {
        (false, None) => "never heard".to_owned(),
        (false, Some(age)) => format!("dead: last heard {age}"),
        (true, age) => {
            let does = if partner.active == Some(true) { "active router" } else { "standby router" };
            format!("{does}, heard {}", age.as_deref().unwrap_or("just now"))
        }
    };
    match partner.report.as_ref().filter(|_| partner.alive).and_then(|report| report.same_file) {
        Some(true) => words += "; its file is the same",
        Some(false) => words += "; its file is another one",
        None => {}
    }
    words
}

fn short(fingerprint: &str) -> &str {
    fingerprint.get(..8).unwrap_or(fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_ten_seconds_to_an_hour() {
        for (typed, expected) in [
            ("", 10),
            ("3", 10),
            ("-1", 10),
            ("x", 10),
            ("99999999999", 10),
            ("30", 30),
            ("3600", 3600),
            ("4000", 3600),
        ] {
            assert_eq!(rate(typed), expected, "{typed:?}");
        }
        let parameters = Parameters::parse(b"table=100&from=x&server=2&rate=7");
        assert_eq!(
            refresh(10, &kept(&parameters)),
            "10;url=control.php?auto_update=1&rate=10&table=100&server=2"
        );
    }
}
