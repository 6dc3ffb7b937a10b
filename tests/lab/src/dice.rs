//! Chance that can be thrown again.

use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// With this variable set to the seed of an earlier run, its throws are repeated.
pub const SEED: &str = "LAB_SEED";

/// The generator `SplitMix64`.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Seeded by the variable [`SEED`], or else by the clock; says with what.
    ///
    /// # Panics
    ///
    /// If the variable is no number.
    pub fn cast() -> Self {
        let seed = env::var(SEED)
            .map_or_else(|_| by_the_clock(), |seed| seed.parse().expect("a number in LAB_SEED"));
        println!("{SEED}={seed}");
        Self(seed)
    }

    /// One of `0..sides`.
    pub fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    /// A time shorter than this one, in microseconds.
    pub fn time_below(&mut self, limit: Duration) -> Duration {
        Duration::from_micros(self.throw(u64::try_from(limit.as_micros()).unwrap_or(u64::MAX)))
    }
}

fn by_the_clock() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::from(now.subsec_micros())
}
