//! A source of chance that gives the same each time.

use std::time::Duration;

/// xorshift64.
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// From a seed; 0 is as good as any.
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            chance.below(2);
        }
        chance
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    /// Waits for so many ms or less.
    pub(crate) fn sleep_ms(&mut self, end: u64) {
        std::thread::sleep(Duration::from_micros(self.below(end * 1000 + 1)));
    }

    /// One of them.
    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let count = u64::try_from(all.len()).unwrap();
        &all[usize::try_from(self.below(count)).unwrap()]
    }
}
