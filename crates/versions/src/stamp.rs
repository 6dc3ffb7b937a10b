//! When a version was kept.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

/// The library that writes moments ends with the year 9999.
const END_OF_TIME: u64 = 253_402_300_799_000;

/// A moment as a part of a file's name: `20260301T120000.000Z`, in UTC. Names sort as moments do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(u64);

impl Stamp {
    /// Of a moment in milliseconds since 1970.
    pub fn of(millis: u64) -> Self {
        Self(millis.min(END_OF_TIME))
    }

    /// The moment, in milliseconds since 1970.
    pub fn millis(self) -> u64 {
        self.0
    }

    /// The next one.
    pub(crate) fn next(self) -> Self {
        Self::of(self.0.saturating_add(1))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = UNIX_EPOCH + Duration::from_millis(self.0);
        f.pad(&humantime::format_rfc3339_millis(moment).to_string().replace(['-', ':'], ""))
    }
}

/// A text that is no [`Stamp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a moment like 20260301T120000.000Z")]
pub struct NotAStamp;

impl FromStr for Stamp {
    type Err = NotAStamp;

    fn from_str(text: &str) -> Result<Self, NotAStamp> {
        let shape: String = text.chars().map(|one| if one.is_ascii_digit() { '0' } else { one }).collect();
        if shape != "00000000T000000.000Z" {
            return Err(NotAStamp);
        }
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        let (date, time) = ([part(0, 4), part(4, 6), part(6, 8)], [part(9, 11), part(11, 13), part(13, 20)]);
        let moment = humantime::parse_rfc3339(&format!("{}T{}", date.join("-"), time.join(":")));
        let since = moment.ok().and_then(|moment| moment.duration_since(UNIX_EPOCH).ok()).ok_or(NotAStamp)?;
        u64::try_from(since.as_millis()).map(Self).map_err(|_| NotAStamp)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{END_OF_TIME, Stamp};

    proptest! {
        #[test]
        fn a_stamp_is_read_as_it_was_written_and_sorts_as_its_moment(one in 0..=END_OF_TIME, other in 0..=END_OF_TIME) {
            let (one, other) = (Stamp::of(one), Stamp::of(other));
            prop_assert_eq!(one.to_string().parse(), Ok(one));
            prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
        }

        #[test]
        fn any_text_is_safe(text in "[0-9]{8}T[0-9]{6}\\.[0-9]{3}Z") {
            if let Ok(stamp) = text.parse::<Stamp>() {
                prop_assert_eq!(stamp.to_string(), text);
            }
        }
    }

    #[test]
    fn other_texts_are_none() {
        assert_eq!(Stamp::of(1_772_366_400_000).to_string(), "20260301T120000.000Z");
        for text in
            ["mine", "", "20260301T120000.000Z.json", "20261301T120000.000Z", "20260301T120000.000z", "１"]
        {
            text.parse::<Stamp>().unwrap_err();
        }
    }
}
