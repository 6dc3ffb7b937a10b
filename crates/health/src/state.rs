//! When a real server is in service, and with which weight: specification nanny.md 5, 6, 7 and 10.
//!
//! A plain value: results of checks and the time go in, actions come out.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::line::Line;
use crate::load;
use crate::policy::Policy;

/// Pause before an unchanged failure is logged again.
const REPEAT: Duration = Duration::from_secs(60);

/// What is known of a real server before its first check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nothing: one good check puts it into service, with slow start.
    Nothing,
    /// It is in service with this weight; the slow start goes on from there.
    Up {
        /// Weight in the kernel's table.
        weight: u32,
    },
    /// It was found dead: the whole re-entry time applies.
    Down,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Put the real server into service.
    Up {
        /// Its first weight.
        weight: u32,
    },
    /// Change the weight of a real server in service.
    Weight {
        /// The new weight.
        weight: u32,
    },
    /// Take the real server out of service, or learn that its first check was bad.
    Down {
        /// The bad check in words.
        reason: String,
        /// By force: it leaves the table even if it is to be quiesced (nanny.md 10).
        forced: bool,
    },
    /// Find out the real server's load, beside the checks, and tell [`Health::loaded`].
    MeasureLoad,
    /// Log a line.
    Log(Line),
}

/// The health of one real server of one virtual server.
#[derive(Debug, Clone)]
pub struct Health {
    real_server: SocketAddr,
    policy: Policy,
    standing: Standing,
    /// Good checks in a row.
    count: u64,
    /// Bad checks in a row.
    bad: u32,
    /// When the next check is due; none while the state is forced.
    due: Option<Instant>,
    /// The failure that was logged last, and when; none after a good check.
    logged: Option<(Failure, Instant)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Not in service, and nobody was told.
    Unknown,
    Up {
        weight: u32,
    },
    Down,
}

impl Health {
    /// The health of a real server that is checked for the first time then.
    pub fn new(real_server: SocketAddr, policy: Policy, known: Known, first: Instant) -> Self {
        let (standing, count) = match known {
            Known::Nothing => (Standing::Unknown, policy.threshold()),
            Known::Up { weight } => (Standing::Up { weight }, policy.threshold()),
            Known::Down => (Standing::Unknown, 0),
        };
        Self { real_server, policy, standing, count, bad: 0, due: Some(first), logged: None }
    }

    /// When the next check is due, by the policy's cadence. None while the state is forced.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether the real server is in service.
    pub fn is_up(&self) -> bool {
        matches!(self.standing, Standing::Up { .. })
    }

    /// A check has ended. Ignored while the state is forced.
    pub fn checked(&mut self, outcome: Result<(), Failure>, now: Instant) -> Vec<Action> {
        let Some(due) = self.due else { return Vec::new() };
        self.due = self.policy.cadence().next(due, now);
        match outcome {
            Ok(()) => {
                self.bad = 0;
                self.logged = None;
                self.good()
            }
            Err(failure) if failure.is_undetermined() => self.undetermined(&failure, now),
            Err(failure) => {
                self.bad = self.bad.saturating_add(1);
                let tolerable = self.is_up() && self.bad < self.policy.fall();
                if tolerable { self.tolerated(failure, now) } else { self.bad(&failure, now) }
            }
        }
    }

    /// The load is known that [`Action::MeasureLoad`] asked for: the average number of running processes over one
    /// minute. Ignored if the real server left service or its state was forced meanwhile.
    pub fn loaded(&mut self, average: f64) -> Vec<Action> {
        let Standing::Up { weight } = self.standing else { return Vec::new() };
        let (configured, largest) = (self.policy.weight(), self.policy.largest_weight());
        if self.due.is_none() || weight < configured || !self.policy.follows_load() {
            return Vec::new();
        }
        let mut actions = vec![Action::Log(Line::Load { real_server: self.real_server.ip(), average })];
        if let Some(next) = load::weight(average, weight, configured, largest) {
            actions.push(Action::Log(Line::ComputingWeight { weight: next, last: weight, average }));
            if load::is_worth_a_change(next, weight, configured) {
                actions.extend(self.change_weight(next));
            }
        }
        actions
    }

    /// Takes the real server out of service until [`Health::release`], whatever its checks would say.
    pub fn force_down(&mut self) -> Vec<Action> {
        let mut actions = vec![Action::Log(Line::ForcedDown)];
        if self.standing != Standing::Down {
            actions.push(Action::Down { reason: "forced down".to_owned(), forced: true });
        }
        self.standing = Standing::Down;
        self.due = None;
        actions
    }

    /// Puts the real server into service with its whole weight until [`Health::release`].
    pub fn force_up(&mut self) -> Vec<Action> {
        let mut actions = vec![Action::Log(Line::ForcedUp)];
        if !self.is_up() {
            let weight = self.policy.weight();
            actions.push(Action::Up { weight });
            self.standing = Standing::Up { weight };
        }
        self.due = None;
        actions
    }

    /// Lets checks decide again, from now on, without the re-entry time. Does the same if nothing was forced.
    pub fn release(&mut self, now: Instant) -> Vec<Action> {
        self.count = self.policy.threshold();
        self.bad = 0;
        self.due = Some(now);
        vec![Action::Log(Line::Released)]
    }

    /// Makes the next check due now, unless the state is forced.
    pub fn check_now(&mut self, now: Instant) {
        if self.due.is_some() {
            self.due = Some(now);
        }
    }

    fn good(&mut self) -> Vec<Action> {
        self.count = self.count.saturating_add(1);
        let mut actions = vec![self.counted(true)];
        if !self.is_up() && self.count >= self.policy.threshold() {
            actions.extend(self.enter());
        }
        if let Standing::Up { weight } = self.standing {
            actions.extend(self.adjust(weight));
        }
        actions
    }

    /// A bad check in a row of too few: the real server stays as it is, and so does its count of good ones.
    fn tolerated(&mut self, failure: Failure, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.is_news(&failure, now) {
            self.logged = Some((failure.clone(), now));
            actions.push(Action::Log(Line::Tolerated { failure, bad: self.bad, fall: self.policy.fall() }));
        }
        actions.push(self.counted(false));
        actions
    }

    fn bad(&mut self, failure: &Failure, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.is_up() || self.is_news(failure, now) {
            actions.push(self.log_failure(failure, now));
        }
        actions.push(self.counted(false));
        match self.standing {
            Standing::Up { .. } => {
                actions.push(Action::Log(Line::NextState { up: false }));
                actions.push(Action::Log(Line::ShuttingDown(self.real_server)));
            }
            Standing::Unknown | Standing::Down if self.count != 0 => {
                actions.push(Action::Log(Line::ReentryBroken));
            }
            Standing::Unknown | Standing::Down => {}
        }
        if self.standing != Standing::Down {
            actions.push(Action::Down { reason: failure.to_string(), forced: false });
        }
        self.standing = Standing::Down;
        self.count = 0;
        actions
    }

    /// The state stays; a real server that nothing is known of counts as up (nanny.md 13, row 1).
    fn undetermined(&mut self, failure: &Failure, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.is_news(failure, now) {
            actions.push(self.log_failure(failure, now));
        }
        if self.is_up() || (self.standing == Standing::Unknown && self.count >= self.policy.threshold()) {
            actions.extend(self.good());
        }
        actions
    }

    fn enter(&mut self) -> [Action; 3] {
        let weight = self.policy.initial_weight();
        self.standing = Standing::Up { weight };
        [
            Action::Log(Line::NextState { up: true }),
            Action::Log(Line::Available(self.real_server)),
            Action::Up { weight },
        ]
    }

    /// A step of the slow start if one is due, or of the load adjustment after it; at once if the weight in use is
    /// larger than it may be.
    fn adjust(&mut self, weight: u32) -> Vec<Action> {
        let (configured, largest) = (self.policy.weight(), self.policy.largest_weight());
        if weight > largest {
            return self.change_weight(largest);
        }
        match self.policy.is_step(self.count) {
            true if weight < configured => {
                let doubled = weight.saturating_mul(2).max(self.policy.initial_weight());
                self.change_weight(doubled.min(configured))
            }
            true if self.policy.follows_load() => vec![Action::MeasureLoad],
            _ => Vec::new(),
        }
    }

    fn change_weight(&mut self, weight: u32) -> Vec<Action> {
        self.standing = Standing::Up { weight };
        let real_server = self.real_server;
        vec![Action::Log(Line::AdjustingWeight { real_server, weight }), Action::Weight { weight }]
    }

    fn counted(&self, good: bool) -> Action {
        Action::Log(Line::Counted { good, active: self.is_up(), count: self.count })
    }

    fn log_failure(&mut self, failure: &Failure, now: Instant) -> Action {
        self.logged = Some((failure.clone(), now));
        Action::Log(Line::Failed(failure.clone()))
    }

    fn is_news(&self, failure: &Failure, now: Instant) -> bool {
        self.logged
            .as_ref()
            .is_none_or(|(last, at)| !last.is_like(failure) || now.saturating_duration_since(*at) >= REPEAT)
    }
}
