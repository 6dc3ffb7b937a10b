//! When each of many real servers is checked for the first time: specification nanny.md 13, row 10.

use std::time::Duration;

/// The fractional part of the golden ratio in units of 2^-64: its multiples, without their whole parts, never crowd.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// How long the first check of a real server waits, less than `interval`, so that the checks of many do not fall on
/// one moment. `number` counts the real servers; however many there are, and from wherever their numbers go on, those
/// of consecutive numbers are spread evenly.
///
/// A real server that nothing is known of should not wait: one good check puts it into service.
pub fn first_check_delay(number: u64, interval: Duration) -> Duration {
    let fraction = u128::from(number.wrapping_mul(GOLDEN) >> 32);
    let nanoseconds = (interval.as_nanos().min(u128::from(u64::MAX)) * fraction) >> 32;
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::first_check_delay;

    proptest! {
        #[test]
        fn a_first_check_waits_less_than_an_interval(number: u64, interval in 1u64..=u64::MAX) {
            let interval = Duration::from_nanos(interval);
            prop_assert!(first_check_delay(number, interval) < interval);
        }

        #[test]
        fn consecutive_real_servers_are_spread_evenly(first: u64, count in 2u64..2000, seconds in 1u32..1000) {
            let interval = Duration::from_secs(seconds.into());
            let mut delays: Vec<Duration> =
                (0..count).map(|index| first_check_delay(first.wrapping_add(index), interval)).collect();
            delays.sort_unstable();
            // The next round begins where this one did.
            delays.push(delays[0] + interval);
            let even = interval / u32::try_from(count).unwrap();
            for pair in delays.windows(2) {
                let gap = pair[0].abs_diff(pair[1]);
                prop_assert!(even / 3 < gap && gap < even * 2, "{gap:?} where {even:?} is even");
            }
        }
    }
}
