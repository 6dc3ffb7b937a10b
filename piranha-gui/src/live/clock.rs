//! Times of day for people, in UTC: the zone of a router is nobody's that looks at it from elsewhere.

use std::time::{SystemTime, UNIX_EPOCH};

use control::status::UnixMillis;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The time now.
pub(crate) fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Whole seconds of a time span.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and there is no time before 0"
)]
pub(crate) fn whole_seconds(seconds: f64) -> u64 {
    seconds as u64
}

/// A moment in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Utc(Option<time::UtcDateTime>);

impl Utc {
    /// Seconds since 1970.
    pub(crate) fn of_seconds(seconds: u64) -> Self {
        let seconds = i64::try_from(seconds).ok();
        Self(seconds.and_then(|seconds| time::UtcDateTime::from_unix_timestamp(seconds).ok()))
    }

    /// Milliseconds since 1970.
    pub(crate) fn of(millis: UnixMillis) -> Self {
        Self::of_seconds(millis / 1000)
    }

    /// `14:03`
    pub(crate) fn time(self) -> String {
        self.0.map_or("?".to_owned(), |at| format!("{:02}:{:02}", at.hour(), at.minute()))
    }

    /// `Mar02`
    pub(crate) fn month_and_day(self) -> String {
        let month = |at: time::UtcDateTime| MONTHS.get(usize::from(u8::from(at.month())) - 1).copied();
        self.0.map_or("?".to_owned(), |at| format!("{}{:02}", month(at).unwrap_or("?"), at.day()))
    }

    /// `2026-03-01 14:03:07 UTC`
    pub(crate) fn whole(self) -> String {
        self.0.map_or("?".to_owned(), |at| {
            format!("{} {:02}:{:02}:{:02} UTC", at.date(), at.hour(), at.minute(), at.second())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Utc;

    #[test]
    fn moments_are_written_in_utc() {
        let at = Utc::of(1_772_366_587_999);
        assert_eq!(at.whole(), "2026-03-01 12:03:07 UTC");
        assert_eq!((at.time(), at.month_and_day()), ("12:03".to_owned(), "Mar01".to_owned()));
        assert_eq!(Utc::of(u64::MAX).whole(), "?");
    }
}
