//! What an administrator decides about real servers beside their checks. Pure: decisions and time in, weights out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use control::status::{self, UnixMillis};
use service::clocks::Clocks;

use crate::plan::Place;

/// A change of mind about one real server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// No new connections.
    Drain(Drain),
    /// New connections again.
    Undrain,
    /// Out of service, as if the file did not have it.
    Disable,
    /// As the checks say again.
    Enable,
    /// Another weight than the file's, or the file's again.
    Weight(Option<u32>),
}

/// Everything that is decided about one real server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    /// `virtual/server`, as it was called when this was decided.
    pub(crate) name: String,
    /// No new connections.
    pub(crate) drain: Option<Drain>,
    /// Out of service.
    pub(crate) disabled: bool,
    /// The weight while it is up, whatever its monitor reports.
    pub(crate) weight: Option<u32>,
}

/// A real server that gets no new connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drain {
    /// Since when, for people; it may be older than this lvsd.
    pub(crate) since: UnixMillis,
    /// When it leaves the table, in lvsd's own time: a clock that is set does not move it.
    pub(crate) deadline: Option<Duration>,
    /// The deadline has passed.
    pub(crate) over: bool,
}

impl Decision {
    /// The weight that this real server shall have in the table; `None` if it shall not be there. `checks` is what it
    /// would be without a decision, `present` what it is; `up` says whether the checks find it well.
    pub(crate) fn weight(&self, checks: Option<u32>, up: bool, present: Option<u32>) -> Option<u32> {
        let checks = checks?;
        match (self.disabled, self.drain) {
            (true, _) | (_, Some(Drain { over: true, .. })) => None,
            // An entry that is not there is not made only to be drained.
            (false, Some(_)) => present.map(|_| 0),
            (false, None) if up => Some(self.weight.unwrap_or(checks)),
            (false, None) => Some(checks),
        }
    }

    /// Whether it lets no new connection in, so that a sorry server has to answer if nobody else can.
    pub(crate) fn withholds(&self) -> bool {
        self.disabled || self.drain.is_some() || self.weight == Some(0)
    }

    /// For people and files, with the time of day.
    pub(crate) fn to_status(&self, clocks: Clocks) -> status::Operator {
        let drain = self.drain.map(|drain| status::Drain {
            since: drain.since,
            deadline: drain.deadline.map(|deadline| clocks.wall_at(deadline)),
        });
        status::Operator { drain, disabled: self.disabled, weight: self.weight }
    }

    fn decides_nothing(&self) -> bool {
        !self.disabled && self.drain.is_none() && self.weight.is_none()
    }
}

/// All decisions. One about a real server that the file no longer has is kept until it is taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Operator(BTreeMap<Place, Decision>);

impl Operator {
    /// What was decided before, as it was kept.
    pub(crate) fn new(decisions: BTreeMap<Place, Decision>) -> Self {
        Self(decisions)
    }

    /// Takes a decision about the real server that is called `name` now.
    pub(crate) fn decide(&mut self, place: Place, name: &str, change: Change) {
        let decision = self.0.entry(place).or_default();
        name.clone_into(&mut decision.name);
        match change {
            Change::Drain(drain) => {
                let since = decision.drain.map_or(drain.since, |before| before.since);
                decision.drain = Some(Drain { since, ..drain });
            }
            Change::Undrain => decision.drain = None,
            Change::Disable => decision.disabled = true,
            Change::Enable => decision.disabled = false,
            Change::Weight(weight) => decision.weight = weight,
        }
        if decision.decides_nothing() {
            self.0.remove(&place);
        }
    }

    /// What is decided about a real server, if anything is.
    pub(crate) fn of(&self, place: &Place) -> Option<&Decision> {
        self.0.get(place)
    }

    /// The real server that was called so when something was decided about it.
    pub(crate) fn called(&self, name: &str) -> Option<Place> {
        self.0.iter().find(|(_, decision)| decision.name == name).map(|(place, _)| *place)
    }

    /// All decisions.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Place, &Decision)> {
        self.0.iter()
    }

    /// Whether a real server is out of service.
    pub(crate) fn disables(&self, place: &Place) -> bool {
        self.of(place).is_some_and(|decision| decision.disabled)
    }

    /// Whether a real server lets no new connection in.
    pub(crate) fn withholds(&self, place: &Place) -> bool {
        self.of(place).is_some_and(Decision::withholds)
    }

    /// Whether somebody set a weight.
    pub(crate) fn sets_weight(&self, place: &Place) -> bool {
        self.of(place).is_some_and(|decision| decision.weight.is_some())
    }

    /// Ends the drains whose deadline has passed; each is told once.
    pub(crate) fn end_drains(&mut self, now: Duration) -> BTreeSet<Place> {
        let mut ended = BTreeSet::new();
        for (place, decision) in &mut self.0 {
            let Some(drain) = &mut decision.drain else { continue };
            if !drain.over && drain.deadline.is_some_and(|deadline| deadline <= now) {
                drain.over = true;
                ended.insert(*place);
            }
        }
        ended
    }
}
