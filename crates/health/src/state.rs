//! When a real server is in service, and with which weight: specification nanny.md 5, 6 and 10.
//!
//! A plain value: results of checks and the time go in, actions come out.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::line::Line;

/// Re-entry time that a re-entry time of 0 stands for.
const DEFAULT_REENTRY: Duration = Duration::from_secs(180);
/// A step of the slow start is due about this often.
const STEP: Duration = Duration::from_secs(20);
/// Pause before an unchanged failure is logged again.
const REPEAT: Duration = Duration::from_secs(60);

/// How often a real server is checked, what it must do to come back, and its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    interval: Duration,
    reentry: Duration,
    weight: u32,
}

impl Policy {
    /// A policy in the terms of lvs.cf.
    ///
    /// `interval` is the pause from the end of a check to the beginning of the next (`timeout` in lvs.cf); 0 counts
    /// as 1 s. `reentry` is how long a real server must be good again; 0 stands for 180 s. `weight` is the
    /// configured weight; 0 means checked, in the table, but without new connections.
    pub fn new(interval: Duration, reentry: Duration, weight: u32) -> Self {
        Self {
            interval: if interval.is_zero() { Duration::from_secs(1) } else { interval },
            reentry: if reentry.is_zero() { DEFAULT_REENTRY } else { reentry },
            weight,
        }
    }

    /// Pause from the end of a check to the beginning of the next.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Good checks in a row that bring a real server back: the re-entry time in whole intervals.
    pub fn threshold(&self) -> u64 {
        self.intervals_in(self.reentry)
    }

    /// The weight that the slow start begins with: 1/32 of the configured one, at least 1 (nanny.md 6).
    fn initial_weight(&self) -> u32 {
        (self.weight / 32).max(1).min(self.weight)
    }

    /// Whether a step of the slow start falls on this count of good checks.
    fn is_step(&self, count: u64) -> bool {
        // None: the interval is longer than a step, so each check is one.
        count.checked_rem(self.intervals_in(STEP)).is_none_or(|rest| rest == 0)
    }

    fn intervals_in(&self, time: Duration) -> u64 {
        let whole = time.as_nanos().checked_div(self.interval.as_nanos()).unwrap_or(0);
        u64::try_from(whole).unwrap_or(u64::MAX)
    }
}

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
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The health of a real server that is checked for the first time now.
    pub fn new(real_server: SocketAddr, policy: Policy, known: Known, now: Instant) -> Self {
        let (standing, count) = match known {
            Known::Nothing => (Standing::Unknown, policy.threshold()),
            Known::Up { weight } => (Standing::Up { weight }, policy.threshold()),
            Known::Down => (Standing::Unknown, 0),
        };
        Self { real_server, policy, standing, count, due: Some(now), logged: None }
    }

    /// When the next check is due: an interval after the end of the last one. None while the state is forced.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether the real server is in service.
    pub fn is_up(&self) -> bool {
        matches!(self.standing, Standing::Up { .. })
    }

    /// A check has ended. Ignored while the state is forced.
    pub fn checked(&mut self, outcome: Result<(), Failure>, now: Instant) -> Vec<Action> {
        if self.due.is_none() {
            return Vec::new();
        }
        self.due = now.checked_add(self.policy.interval);
        match outcome {
            Ok(()) => self.good(),
            Err(failure) if failure.is_undetermined() => self.undetermined(&failure, now),
            Err(failure) => self.bad(&failure, now),
        }
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
            let weight = self.policy.weight;
            actions.push(Action::Up { weight });
            self.standing = Standing::Up { weight };
        }
        self.due = None;
        actions
    }

    /// Lets checks decide again, from now on, without the re-entry time. Does the same if nothing was forced.
    pub fn release(&mut self, now: Instant) -> Vec<Action> {
        self.count = self.policy.threshold();
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
        self.logged = None;
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

    fn bad(&mut self, failure: &Failure, now: Instant) -> Vec<Action> {
        let mut actions = vec![self.counted(false)];
        if self.is_up() || self.is_news(failure, now) {
            actions.push(self.log_failure(failure, now));
        }
        match self.standing {
            Standing::Up { .. } => actions.push(Action::Log(Line::ShuttingDown(self.real_server))),
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

    /// The state stays, but a real server that nothing is known of counts as up (nanny.md 13, row 1).
    fn undetermined(&mut self, failure: &Failure, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.is_news(failure, now) {
            actions.push(self.log_failure(failure, now));
        }
        if self.standing == Standing::Unknown && self.count >= self.policy.threshold() {
            actions.extend(self.enter());
        }
        actions
    }

    fn enter(&mut self) -> [Action; 2] {
        let weight = self.policy.initial_weight();
        self.standing = Standing::Up { weight };
        [Action::Log(Line::Available(self.real_server)), Action::Up { weight }]
    }

    /// A step of the slow start if one is due; at once if the weight in use is above the configured one.
    fn adjust(&mut self, weight: u32) -> Vec<Action> {
        let configured = self.policy.weight;
        let slow = weight < configured && self.policy.is_step(self.count);
        if !slow && weight <= configured {
            return Vec::new();
        }
        let weight = weight.saturating_mul(2).max(self.policy.initial_weight()).min(configured);
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
