//! A real server under watch on a clock of its own.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use health::cadence::Cadence;
use health::failure::{Cause, Failure};
use health::policy::Policy;
use health::state::{Action, Health, Known};

pub(crate) fn real_server() -> SocketAddr {
    SocketAddr::from(([10, 1, 1, 2], 80))
}

pub(crate) fn policy(interval: u64, reentry: u64, weight: u32) -> Policy {
    Policy::new(Cadence::Pauses(Duration::from_secs(interval)), Duration::from_secs(reentry), weight)
}

pub(crate) fn failure(cause: Cause) -> Failure {
    Failure { real_server: real_server(), cause }
}

/// One real server on a clock of its own.
pub(crate) struct Watched {
    pub(crate) health: Health,
    pub(crate) now: Instant,
}

impl Watched {
    pub(crate) fn new(policy: Policy, known: Known) -> Self {
        let now = Instant::now();
        Self { health: Health::new(real_server(), policy, known, now), now }
    }

    /// The next check, when it is due, without duration.
    pub(crate) fn check(&mut self, good: bool) -> Vec<Action> {
        self.check_with(if good { Ok(()) } else { Err(failure(Cause::ReadTimedOut)) })
    }

    pub(crate) fn check_with(&mut self, outcome: Result<(), Failure>) -> Vec<Action> {
        self.now = self.health.due().expect("no check is due");
        self.health.checked(outcome, self.now)
    }

    /// What checks do to the table: `+` is a good check, `-` a bad one; one word for each, `.` for no change.
    pub(crate) fn table_changes(&mut self, checks: &str) -> String {
        let words: Vec<String> = checks.chars().map(|check| changes(&self.check(check == '+'))).collect();
        words.join(" ")
    }
}

pub(crate) fn changes(actions: &[Action]) -> String {
    let words: Vec<String> = actions
        .iter()
        .filter_map(|action| match action {
            Action::Up { weight } => Some(format!("up{weight}")),
            Action::Weight { weight } => Some(format!("={weight}")),
            Action::Down { .. } => Some("down".to_owned()),
            Action::MeasureLoad => Some("load?".to_owned()),
            Action::Log(_) => None,
        })
        .collect();
    if words.is_empty() { ".".to_owned() } else { words.join(",") }
}

pub(crate) fn log(actions: &[Action], verbose: bool) -> Vec<String> {
    let lines = actions.iter().filter_map(|action| match action {
        Action::Log(line) if verbose || !line.is_verbose() => Some(line.to_string()),
        _ => None,
    });
    lines.collect()
}
