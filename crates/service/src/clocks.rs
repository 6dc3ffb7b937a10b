//! A daemon's own time, and the one on the wall.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use control::status::UnixMillis;

/// Both clocks, read at once. A daemon reckons in its own time, which nobody can set; the other one is for people and for
/// what outlives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// Time since the daemon started.
    pub now: Duration,
    /// The time of day.
    pub wall: UnixMillis,
}

impl Clocks {
    /// Reads them. A clock before 1970 counts as 1970.
    pub fn read(started: Instant) -> Self {
        Self::at(started.elapsed())
    }

    /// The same for a daemon that has told its own time already.
    pub fn at(now: Duration) -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { now, wall: millis(wall) }
    }

    /// The time of day at some time of the daemon, by the clock as it is set now.
    pub fn wall_at(self, time: Duration) -> UnixMillis {
        let ahead = millis(time.saturating_sub(self.now));
        let behind = millis(self.now.saturating_sub(time));
        self.wall.saturating_add(ahead).saturating_sub(behind)
    }

    /// The daemon's time at a time of day; its start for anything before.
    pub fn at_wall(self, wall: UnixMillis) -> Duration {
        let ahead = Duration::from_millis(wall.saturating_sub(self.wall));
        let behind = Duration::from_millis(self.wall.saturating_sub(wall));
        (self.now + ahead).saturating_sub(behind)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Clocks;

    #[test]
    fn a_deadline_stays_where_it_is_when_the_clock_is_set() {
        let second = Duration::from_secs;
        let before = Clocks { now: second(100), wall: 1_000_000 };
        let deadline = before.at_wall(1_060_000);
        assert_eq!(deadline, second(160));
        let set_back = Clocks { now: second(110), wall: 1_010_000 - 360_000 };
        assert_eq!(set_back.wall_at(deadline), set_back.wall + 50_000);
        assert_eq!(before.wall_at(second(90)), 990_000);
        assert_eq!(before.at_wall(0), Duration::ZERO);
    }
}
