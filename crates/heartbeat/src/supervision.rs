//! lvsd's life: started, ready, ended by itself, started again after growing pauses, stopped within a bound
//! (specification pulse.md section 23, F12 and F14).

use crate::Moment;
use std::time::Duration;

/// How long lvsd may take to report its table before the addresses are raised without that.
const READY_PATIENCE: Duration = Duration::from_secs(10);
/// Pauses before the first, second, ... restart; the last one repeats.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(30),
];
/// Restarts that may fail before a living partner is asked to serve.
const RESTARTS: u32 = 3;
/// lvsd that ran for so long has not failed to start.
const RAN_WELL: Duration = Duration::from_secs(60);
/// A killed process that is still there after this time is stuck in the kernel; nobody waits for it.
const AFTER_KILL: Duration = Duration::from_secs(1);

/// lvsd as this router sees it.
#[derive(Debug, Default)]
pub(crate) struct Supervision {
    phase: Phase,
    failures: u32,
}

#[derive(Debug, Default, Clone, Copy)]
enum Phase {
    #[default]
    Stopped,
    Pausing {
        until: Moment,
    },
    Starting {
        since: Moment,
    },
    Ready {
        since: Moment,
    },
    Stopping {
        since: Moment,
    },
    Killed {
        at: Moment,
    },
}

/// What time asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    /// The pause before a restart is over.
    Start,
    /// It does not report its table.
    Silent {
        waited: Duration,
    },
    /// It does not end.
    Kill {
        waited: Duration,
    },
}

/// What the end of lvsd means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It was asked to end.
    Wanted,
    /// It ended by itself, after it had been ready for so long if it ever was.
    Unwanted { ready_for: Option<Duration> },
}

impl Supervision {
    /// Whether a process is to be started now. One that is still ending comes first.
    pub(crate) fn start(&mut self, now: Moment) -> bool {
        let startable = matches!(self.phase, Phase::Stopped | Phase::Pausing { .. });
        if startable {
            self.phase = Phase::Starting { since: now };
        }
        startable
    }

    /// Whether there is a process to be asked to end.
    pub(crate) fn stop(&mut self, now: Moment) -> bool {
        self.failures = 0;
        match self.phase {
            Phase::Starting { .. } | Phase::Ready { .. } => {
                self.phase = Phase::Stopping { since: now };
                true
            }
            Phase::Pausing { .. } => {
                self.phase = Phase::Stopped;
                false
            }
            Phase::Stopped | Phase::Stopping { .. } | Phase::Killed { .. } => false,
        }
    }

    /// Whether this is the report that was waited for.
    pub(crate) fn ready(&mut self, now: Moment) -> bool {
        let awaited = matches!(self.phase, Phase::Starting { .. });
        if awaited {
            self.phase = Phase::Ready { since: now };
        }
        awaited
    }

    pub(crate) fn ended(&mut self, now: Moment) -> End {
        let phase = std::mem::take(&mut self.phase);
        match phase {
            Phase::Stopping { .. } | Phase::Killed { .. } => End::Wanted,
            Phase::Ready { since } => End::Unwanted { ready_for: Some(now.saturating_sub(since)) },
            Phase::Stopped | Phase::Pausing { .. } | Phase::Starting { .. } => {
                End::Unwanted { ready_for: None }
            }
        }
    }

    /// Nobody could look for so long, and the process may have stood still as well: it has that time again.
    pub(crate) fn excuse(&mut self, late: Duration) {
        if let Phase::Starting { since } | Phase::Stopping { since } = &mut self.phase {
            *since += late;
        }
    }

    /// Counts a failure.
    pub(crate) fn count_failure(&mut self, ready_for: Duration) {
        if ready_for >= RAN_WELL {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
    }

    /// Whether restarts have failed often enough to leave the service to a living partner.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.failed_restarts() >= RESTARTS
    }

    /// Restarts that failed since lvsd last ran well.
    pub(crate) fn failed_restarts(&self) -> u32 {
        self.failures.saturating_sub(1)
    }

    /// Whether it does not run now because it has failed.
    pub(crate) fn is_pausing(&self) -> bool {
        matches!(self.phase, Phase::Pausing { .. })
    }

    /// Waits before the next restart; answers with its number and the pause.
    pub(crate) fn pause(&mut self, now: Moment) -> (u32, Duration) {
        let attempt = self.failures.max(1);
        let index = usize::try_from(attempt - 1).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
        let pause = PAUSES.get(index).copied().unwrap_or_default();
        self.phase = Phase::Pausing { until: now + pause };
        (attempt, pause)
    }

    /// Whether there is a process that reads its file.
    pub(crate) fn runs(&self) -> bool {
        matches!(self.phase, Phase::Starting { .. } | Phase::Ready { .. })
    }

    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready { .. })
    }

    /// Whether no process runs.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Stopped | Phase::Pausing { .. })
    }

    /// Whether nothing is left to wait for.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.phase, Phase::Stopped)
    }

    pub(crate) fn due(&mut self, patience: Duration, now: Moment) -> Due {
        match self.phase {
            Phase::Pausing { until } if now >= until => {
                self.phase = Phase::Starting { since: now };
                Due::Start
            }
            Phase::Starting { since } if now >= since + READY_PATIENCE => {
                self.phase = Phase::Ready { since: now };
                Due::Silent { waited: READY_PATIENCE }
            }
            Phase::Stopping { since } if now >= since + patience => {
                self.phase = Phase::Killed { at: now };
                Due::Kill { waited: patience }
            }
            Phase::Killed { at } if now >= at + AFTER_KILL => {
                self.phase = Phase::Stopped;
                Due::Nothing
            }
            _ => Due::Nothing,
        }
    }

    pub(crate) fn next_wake(&self, patience: Duration) -> Option<Moment> {
        match self.phase {
            Phase::Stopped | Phase::Ready { .. } => None,
            Phase::Pausing { until } => Some(until),
            Phase::Starting { since } => Some(since + READY_PATIENCE),
            Phase::Stopping { since } => Some(since + patience),
            Phase::Killed { at } => Some(at + AFTER_KILL),
        }
    }
}
