//! Random choices that can be made again.

use std::{env, time::SystemTime};

/// Xorshift64*: good enough to choose by.
pub(crate) struct Random(u64);

impl Random {
    /// From `TEST_SEED`, else from the clock. It tells which.
    pub(crate) fn from_environment() -> Self {
        let chosen = env::var("TEST_SEED").ok();
        let seed = chosen.map_or_else(of_the_clock, |seed| seed.parse().expect("a number"));
        println!("TEST_SEED={seed}");
        // Zero stays zero.
        Self(seed.max(1))
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).expect("31 bits") % end
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

fn of_the_clock() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.expect("it is after 1970").as_micros();
    u64::try_from(now).expect("it is before the year 500,000")
}
