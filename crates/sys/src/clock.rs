//! The two clocks, in milliseconds.

use rustix::time::{ClockId, clock_gettime};

/// Milliseconds of a clock that only goes forward and starts anew at boot, `CLOCK_MONOTONIC`.
pub fn monotonic_ms() -> u64 {
    read(ClockId::Monotonic)
}

/// Milliseconds since 1970, `CLOCK_REALTIME`. May jump.
pub fn wall_ms() -> u64 {
    read(ClockId::Realtime)
}

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds * 1000 + nanoseconds / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_go() {
        let before = monotonic_ms();
        assert!(monotonic_ms() >= before);
        assert!(wall_ms() > 1_700_000_000_000, "the year is 2023 or later");
    }
}
