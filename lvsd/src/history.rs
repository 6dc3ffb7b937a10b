//! Since when each real server is what it is, and why it left service last. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use control::report::FromNanny;
use control::status;

use crate::plan::MonitorKey;
use crate::state::State;

/// What is remembered of one real server. Times are lvsd's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// What its checks say.
    pub(crate) state: status::State,
    /// Since when.
    pub(crate) since: Duration,
    /// The last bad check that took it out of service, and when.
    pub(crate) failure: Option<(Duration, String)>,
}

/// What is remembered of all of them.
#[derive(Debug, Default)]
pub(crate) struct History(BTreeMap<MonitorKey, Record>);

impl History {
    /// Another plan is in force: begins with what is known of new real servers, and forgets those that are gone.
    pub(crate) fn follow(&mut self, state: &State, now: Duration) {
        let monitors = &state.plan().monitors;
        self.0.retain(|monitor, _| monitors.contains_key(monitor));
        for monitor in monitors.keys() {
            self.0.entry(*monitor).or_insert_with(|| Record {
                state: state.standing(monitor),
                since: now,
                failure: None,
            });
        }
    }

    /// A monitor has said something.
    pub(crate) fn report(&mut self, monitor: &MonitorKey, report: &FromNanny, now: Duration) {
        match report {
            FromNanny::Up { .. } | FromNanny::Weight { .. } => self.change(monitor, status::State::Up, now),
            // What somebody decided is no failure.
            FromNanny::Down { forced: true, .. } => self.change(monitor, status::State::Down, now),
            FromNanny::Down { reason, forced: false } => self.failed(monitor, reason, now),
            FromNanny::Checks(_) => {}
        }
    }

    /// A real server has left service for this reason.
    pub(crate) fn failed(&mut self, monitor: &MonitorKey, reason: &str, now: Duration) {
        self.change(monitor, status::State::Down, now);
        if let Some(record) = self.0.get_mut(monitor) {
            record.failure = Some((now, reason.to_owned()));
        }
    }

    /// What is remembered of a real server.
    pub(crate) fn of(&self, monitor: &MonitorKey) -> Option<&Record> {
        self.0.get(monitor)
    }

    fn change(&mut self, monitor: &MonitorKey, state: status::State, now: Duration) {
        if let Some(record) = self.0.get_mut(monitor).filter(|record| record.state != state) {
            record.state = state;
            record.since = now;
        }
    }
}
