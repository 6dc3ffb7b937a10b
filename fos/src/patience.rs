//! How long a process may take to end: asked by SIGTERM, then ended by SIGKILL, then given up (specification fos.md S5).

use std::time::Duration;

use crate::event::{Force, Moment};

/// How long a process may take to end after SIGTERM.
pub(crate) const AFTER_TERM: Duration = Duration::from_secs(5);
/// A killed process that is still there after this time is stuck in the kernel; nobody waits for it.
const AFTER_KILL: Duration = Duration::from_secs(1);

/// The patience with one process.
#[derive(Debug)]
pub(crate) struct Patience {
    stage: Stage,
    until: Option<Moment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    Asked,
    Killed,
}

/// What is due for a process that has not ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// It gets this signal.
    Signal(Force),
    /// Nobody waits for it any more.
    GiveUp,
}

impl Patience {
    /// With a process that may run for ever.
    pub(crate) fn endless() -> Self {
        Self { stage: Stage::Running, until: None }
    }

    /// With a process that may run until then.
    pub(crate) fn limited(until: Moment) -> Self {
        Self { stage: Stage::Running, until: Some(until) }
    }

    /// It shall end now. Whether it is to be told: nobody is told twice.
    pub(crate) fn ask(&mut self, now: Moment) -> bool {
        let first = self.stage == Stage::Running;
        if first {
            *self = Self { stage: Stage::Asked, until: Some(now + AFTER_TERM) };
        }
        first
    }

    /// Whether its end is wanted.
    pub(crate) fn is_asked(&self) -> bool {
        self.stage != Stage::Running
    }

    pub(crate) fn due(&mut self, now: Moment) -> Option<Due> {
        self.until.filter(|until| now >= *until)?;
        match self.stage {
            Stage::Running => {
                self.ask(now);
                Some(Due::Signal(Force::Term))
            }
            Stage::Asked => {
                *self = Self { stage: Stage::Killed, until: Some(now + AFTER_KILL) };
                Some(Due::Signal(Force::Kill))
            }
            Stage::Killed => Some(Due::GiveUp),
        }
    }

    pub(crate) fn next_wake(&self) -> Option<Moment> {
        self.until
    }
}
