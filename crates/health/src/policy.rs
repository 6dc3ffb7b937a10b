//! How a real server is watched: the numbers of lvs.cf, and what follows from them.

use std::time::Duration;

use crate::cadence::Cadence;

/// Re-entry time that a re-entry time of 0 stands for.
const DEFAULT_REENTRY: Duration = Duration::from_secs(180);
/// A step of the slow start is due about this often.
const STEP: Duration = Duration::from_secs(20);
/// Largest weight that the load may lead to (nanny.md 13, row 17).
const LARGEST_WEIGHT: u32 = 65535;

/// How often a real server is checked, what it must do to come and to go, and its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    cadence: Cadence,
    reentry: Duration,
    rise: Option<u32>,
    fall: u32,
    weight: u32,
    scale: Option<u32>,
}

impl Policy {
    /// A policy in the terms of lvs.cf, with the rules of Piranha: one bad check takes a real server out.
    ///
    /// `reentry` is how long a real server must be good again; 0 stands for 180 s. `weight` is the configured weight;
    /// 0 means checked, in the table, but without new connections.
    pub fn new(cadence: Cadence, reentry: Duration, weight: u32) -> Self {
        Self {
            cadence,
            reentry: if reentry.is_zero() { DEFAULT_REENTRY } else { reentry },
            rise: None,
            fall: 1,
            weight,
            scale: None,
        }
    }

    /// The same, but this many good checks in a row bring a real server back, in place of the re-entry time
    /// (nanny.md 13, row 22).
    #[must_use]
    pub fn rising_after(self, checks: u32) -> Self {
        Self { rise: Some(checks), ..self }
    }

    /// The same, but only this many bad checks in a row take a real server out (nanny.md 13, row 11).
    #[must_use]
    pub fn falling_after(self, checks: u32) -> Self {
        Self { fall: checks, ..self }
    }

    /// The same, but the weight follows the real server's load, from the configured one to `scale` times as much.
    #[must_use]
    pub fn following_load(self, scale: u32) -> Self {
        Self { scale: Some(scale), ..self }
    }

    /// When checks begin and how long they may last.
    pub fn cadence(&self) -> Cadence {
        self.cadence
    }

    /// Time between two checks.
    pub fn interval(&self) -> Duration {
        self.cadence.interval()
    }

    /// Good checks in a row that bring a real server back: the re-entry time in whole intervals, unless their number
    /// is given.
    pub fn threshold(&self) -> u64 {
        self.rise.map_or_else(|| self.intervals_in(self.reentry), u64::from)
    }

    /// Bad checks in a row that take a real server out.
    pub fn fall(&self) -> u32 {
        self.fall
    }

    /// The configured weight.
    pub fn weight(&self) -> u32 {
        self.weight
    }

    /// The weight that the slow start begins with: 1/32 of the configured one, at least 1 (nanny.md 6).
    pub fn initial_weight(&self) -> u32 {
        (self.weight / 32).max(1).min(self.weight)
    }

    /// The largest weight that may be in use.
    pub(crate) fn largest_weight(&self) -> u32 {
        let scaled = self.scale.map_or(self.weight, |scale| self.weight.saturating_mul(scale));
        scaled.min(LARGEST_WEIGHT).max(self.weight)
    }

    /// Whether the weight follows the load. A real server without weight is drained, whatever its load.
    pub(crate) fn follows_load(&self) -> bool {
        self.scale.is_some() && self.weight > 0
    }

    /// Whether a step of the slow start or of the load adjustment falls on this count of good checks.
    pub(crate) fn is_step(&self, count: u64) -> bool {
        // None: the interval is longer than a step, so each check is one.
        count.checked_rem(self.intervals_in(STEP)).is_none_or(|rest| rest == 0)
    }

    fn intervals_in(&self, time: Duration) -> u64 {
        let whole = time.as_nanos().checked_div(self.interval().as_nanos()).unwrap_or(0);
        u64::try_from(whole).unwrap_or(u64::MAX)
    }
}
