//! When a monitor that ended is started again. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::plan::MonitorKey;

/// Pauses before the first, second, ... restart. After the last one the monitor is given up.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];
/// A monitor that ran this long was sound: its failures are forgotten.
const SOUND: Duration = Duration::from_secs(60);

/// What to do about a monitor that ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is started again after this pause.
    Again(Duration),
    /// It fails again and again.
    GiveUp,
}

/// The monitors that wait for their restart, and how often each has failed.
#[derive(Debug, Default)]
pub(crate) struct Restarts {
    failures: BTreeMap<MonitorKey, usize>,
    due: BTreeMap<MonitorKey, Duration>,
}

impl Restarts {
    /// A monitor ended that nobody had asked to end, after it had run for `ran`.
    pub(crate) fn ended(&mut self, monitor: &MonitorKey, ran: Duration, now: Duration) -> Decision {
        let failures = self.failures.entry(*monitor).or_default();
        if ran >= SOUND {
            *failures = 0;
        }
        let Some(&pause) = PAUSES.get(*failures) else { return Decision::GiveUp };
        *failures += 1;
        self.due.insert(*monitor, now + pause);
        Decision::Again(pause)
    }

    /// The monitors whose pause is over; each is told once.
    pub(crate) fn take_due(&mut self, now: Duration) -> Vec<MonitorKey> {
        let due: Vec<_> =
            self.due.iter().filter(|(_, at)| **at <= now).map(|(monitor, _)| *monitor).collect();
        self.due.retain(|_, at| *at > now);
        due
    }

    /// When the next pause is over.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.due.values().min().copied()
    }

    /// A reload started or ended this monitor: it begins with a clean slate.
    pub(crate) fn forget(&mut self, monitor: &MonitorKey) {
        self.failures.remove(monitor);
        self.due.remove(monitor);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use super::{Decision, PAUSES, Restarts, SOUND};
    use crate::plan::MonitorKey;

    fn monitor() -> MonitorKey {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        MonitorKey {
            mark: 0,
            virtual_server: (ipvs::Protocol::Tcp, Some(address), 80),
            real_server: (address, 80),
        }
    }

    #[test]
    fn pauses_grow_and_end() {
        let mut restarts = Restarts::default();
        let mut now = Duration::ZERO;
        for pause in PAUSES {
            assert_eq!(restarts.ended(&monitor(), Duration::ZERO, now), Decision::Again(pause));
            assert_eq!(restarts.next(), Some(now + pause));
            assert_eq!(restarts.take_due(now + pause / 2), []);
            now += pause;
            assert_eq!(restarts.take_due(now), [monitor()]);
            assert_eq!(restarts.take_due(now), []);
        }
        assert_eq!(restarts.ended(&monitor(), Duration::ZERO, now), Decision::GiveUp);
    }

    #[test]
    fn a_monitor_that_ran_well_is_forgiven() {
        let mut restarts = Restarts::default();
        for _ in 0..20 {
            assert_eq!(restarts.ended(&monitor(), SOUND, Duration::ZERO), Decision::Again(PAUSES[0]));
        }
    }
}
