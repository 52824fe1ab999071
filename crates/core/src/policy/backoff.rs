//! The growing wait between restarts (`exp_backoff_restart_delay`).

/// The longest wait that growth leads to, in ms.
pub(crate) const LONGEST_MS: u64 = 15_000;
/// A run of this length, in ms, ends the series.
pub(crate) const CALM_MS: u64 = 30_000;

/// The wait that follows `last_ms` (0: none yet) in a series that begins with `base_ms`.
///
/// PM2: half as much again each time, rounded down, at most 15 s. A base above 15 s stays what it
/// is, and a base of 1 ms grows (in PM2 it does not): a wait never falls and never sticks.
pub(crate) fn next(base_ms: u64, last_ms: u64) -> u64 {
    if last_ms == 0 {
        return base_ms;
    }
    let grown = (last_ms.saturating_mul(3) / 2).max(last_ms.saturating_add(1));
    grown.min(LONGEST_MS).max(last_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(base: u64, count: usize) -> Vec<u64> {
        let mut last = 0;
        std::iter::repeat_with(|| {
            last = next(base, last);
            last
        })
        .take(count)
        .collect()
    }

    #[test]
    fn the_series_is_that_of_pm2() {
        assert_eq!(series(100, 8), [100, 150, 225, 337, 505, 757, 1135, 1702]);
    }

    #[test]
    fn it_ends_at_15_seconds_and_never_falls() {
        assert_eq!(series(100, 20)[19], LONGEST_MS);
        assert_eq!(series(20_000, 3), [20_000, 20_000, 20_000]);
        assert_eq!(series(1, 4), [1, 2, 3, 4]);
    }
}
