//! Times as people write and read them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use control::status::UnixMillis;

/// The library that writes moments ends with the year 9999.
const END_OF_TIME: UnixMillis = 253_402_300_799_000;

/// Reads `90s`, `10m`, `1h30m`, `1.5s`; a plain number is seconds.
pub(crate) fn read(word: &str) -> Result<Duration, String> {
    let plain = word.starts_with(|first: char| first.is_ascii_digit())
        && word.chars().all(|one| one.is_ascii_digit() || one == '.');
    let word = if plain { format!("{word}s") } else { word.to_owned() };
    humantime::parse_duration(&word).map_err(|_| "write it as 90s, 10m, 1h30m or 1.5s".to_owned())
}

/// The time of the router's clock.
pub(crate) fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A moment for a log: `2026-03-01T12:00:00Z`.
pub(crate) fn stamp(moment: UnixMillis) -> String {
    let moment = UNIX_EPOCH + Duration::from_millis(moment.min(END_OF_TIME));
    humantime::format_rfc3339_seconds(moment).to_string()
}

/// How long ago a moment was; a clock that was set back makes it just now.
pub(crate) fn age(moment: UnixMillis, now: UnixMillis) -> String {
    span(now.saturating_sub(moment))
}

/// Milliseconds in at most five characters, while it is less than 27 years: `45s`, `9m59s`, `10m`, `3d4h`.
pub(crate) fn span(millis: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let seconds = millis / 1000;
    let first = UNITS.iter().position(|&(unit, _)| seconds >= unit).unwrap_or(UNITS.len() - 1);
    let (unit, sign) = UNITS[first];
    let (whole, rest) = (seconds / unit, seconds % unit);
    match UNITS.get(first + 1) {
        Some(&(next, sign_of_next)) if whole < 10 && rest >= next => {
            format!("{whole}{sign}{}{sign_of_next}", rest / next)
        }
        _ => format!("{whole}{sign}"),
    }
}

/// Microseconds as the duration of a check: `340us`, `1.2ms`, `12ms`, `1.5s`.
pub(crate) fn latency(micros: u64) -> String {
    let tenths = |number: u64| format!("{}.{}", number / 10, number % 10);
    match micros {
        0..1_000 => format!("{micros}us"),
        1_000..10_000 => format!("{}ms", tenths(micros / 100)),
        10_000..1_000_000 => format!("{}ms", micros / 1000),
        _ => format!("{}s", tenths(micros / 100_000)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{age, latency, read, span, stamp};

    #[test]
    fn times_are_read_with_units_or_as_seconds() {
        let read = |word| read(word).map(|time| time.as_millis());
        assert_eq!(read("10m"), Ok(600_000));
        assert_eq!(read("1h30m"), Ok(5_400_000));
        assert_eq!(read("90s"), Ok(90_000));
        assert_eq!(read("1.5s"), Ok(1_500));
        assert_eq!(read("250ms"), Ok(250));
        assert_eq!(read("90"), Ok(90_000));
        assert_eq!(read("0.5"), Ok(500));
        assert_eq!(read("0"), Ok(0));
        for wrong in ["", ".", "-5", "soon", "5 parsecs", "99999999999999999999", "s"] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(read(wrong).unwrap_err(), @"write it as 90s, 10m, 1h30m or 1.5s");
            }
        }
    }

    #[test]
    fn spans_are_short() {
        let shown = [0, 999, 59_999, 60_000, 61_000, 599_000, 600_000, 3_599_000, 3_600_000, 86_399_000]
            .map(span)
            .join(" ");
        insta::assert_snapshot!(shown, @"0s 0s 59s 1m 1m1s 9m59s 10m 59m 1h 23h");
        assert_eq!(span(3 * 86_400_000 + 4 * 3_600_000), "3d4h");
        assert_eq!(span(400 * 86_400_000), "400d");
        assert_eq!(age(5_000, 2_000), "0s");
    }

    #[test]
    fn latencies_are_short() {
        let shown = [0, 90, 340, 1_250, 9_999, 10_000, 999_999, 1_000_000, 12_340_000].map(latency).join(" ");
        insta::assert_snapshot!(shown, @"0us 90us 340us 1.2ms 9.9ms 10ms 999ms 1.0s 12.3s");
    }

    #[test]
    fn moments_are_stamped_in_universal_time() {
        assert_eq!(stamp(1_772_366_400_123), "2026-03-01T12:00:00Z");
        assert_eq!(stamp(u64::MAX), "9999-12-31T23:59:59Z");
    }

    proptest! {
        #[test]
        fn seconds_are_read_as_they_were_written(seconds in 0..u64::from(u32::MAX)) {
            prop_assert_eq!(read(&format!("{seconds}s")), Ok(Duration::from_secs(seconds)));
            prop_assert_eq!(read(&seconds.to_string()), Ok(Duration::from_secs(seconds)));
        }

        #[test]
        fn any_word_is_safe(word: String) {
            let _ = read(&word);
        }

        /// A column for them is never wider, and what is shown is never more than what it was.
        #[test]
        fn spans_fit_five_characters(millis in 0..9_999 * 86_400_000_u64) {
            let shown = span(millis);
            prop_assert!(shown.len() <= 5, "{}", shown);
            prop_assert!(read(&shown).unwrap() <= Duration::from_millis(millis));
        }
    }
}
