//! Chance that can be thrown again: the same seed, the same case.

use heartbeat::Moment;

/// The generator `SplitMix64`.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..sides`.
    pub(crate) fn throw(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.throw(100) < percent
    }

    /// A time up to and including this one, in microseconds.
    pub(crate) fn time_up_to(&mut self, longest: Moment) -> Moment {
        let longest = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX - 1);
        Moment::from_micros(self.throw(longest + 1))
    }

    pub(crate) fn time_between(&mut self, shortest: Moment, longest: Moment) -> Moment {
        shortest + self.time_up_to(longest.saturating_sub(shortest))
    }
}
