//! The last readings as they came.

use crate::reading::Reading;
use crate::{MINUTE_MS, SPACING_MS};
use std::collections::VecDeque;

/// So many readings at most, however often they come.
const KEPT: u8 = 61;
/// So long, in ms.
pub(crate) const KEPT_MS: i64 = (KEPT as i64 - 1) * SPACING_MS;

/// Readings in the order of their time.
#[derive(Debug, Default)]
pub(crate) struct Recent(VecDeque<Reading>);

/// Which time is told by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seam {
    /// The first minute that is not told by records.
    pub(crate) records_until: i64,
    /// When readings begin to tell, in ms.
    pub(crate) readings_from: i64,
}

impl Recent {
    /// Takes in a reading. When the clock went back, those of the future are forgotten.
    pub(crate) fn add(&mut self, reading: Reading) {
        while self.0.back().is_some_and(|last| last.at >= reading.at) {
            self.0.pop_back();
        }
        let oldest = reading.at - KEPT_MS;
        while self.0.len() >= usize::from(KEPT)
            || self.0.front().is_some_and(|first| first.at < oldest)
        {
            self.0.pop_front();
        }
        self.0.push_back(reading);
    }

    /// Where records end and readings go on; `None` when there are no readings. Readings tell all
    /// from their first whole minute on, or of the minute that goes on. Of that one there may be a
    /// record by a predecessor, which tells of other readings.
    pub(crate) fn seam(&self) -> Option<Seam> {
        let (first, last) = (self.0.front()?.at, self.0.back()?.at.div_euclid(MINUTE_MS));
        let whole = first.saturating_add(MINUTE_MS - 1).div_euclid(MINUTE_MS);
        Some(if whole < last {
            Seam { records_until: whole, readings_from: whole * MINUTE_MS }
        } else {
            Seam { records_until: last + 1, readings_from: last * MINUTE_MS }
        })
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Reading> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(times: impl IntoIterator<Item = i64>) -> Recent {
        let mut recent = Recent::default();
        for at in times {
            recent.add(Reading { at, entries: Vec::new() });
        }
        recent
    }

    #[test]
    fn ten_minutes_are_kept() {
        let recent = fill((0..200).map(|n| n * SPACING_MS));
        let times: Vec<i64> = recent.iter().map(|reading| reading.at).collect();
        assert_eq!((times.len(), times[0]), (usize::from(KEPT), 1_390_000));
        let seam = Seam { records_until: 24, readings_from: 1_440_000 };
        assert_eq!(recent.seam(), Some(seam));
        assert_eq!(fill((0..100_000).map(|n| n * 100)).0.len(), usize::from(KEPT));
    }

    #[test]
    fn in_the_first_minute_all_readings_count() {
        let seam = |records_until, readings_from| Some(Seam { records_until, readings_from });
        assert_eq!(fill([90_000, 100_000]).seam(), seam(2, 60_000));
        assert_eq!(fill([90_000, 120_000]).seam(), seam(3, 120_000));
        assert_eq!(fill([90_000, 120_000, 180_000]).seam(), seam(2, 120_000));
        assert_eq!(fill([]).seam(), None);
    }

    #[test]
    fn a_clock_that_goes_back_leaves_no_future() {
        let recent = fill([100, 200, 300, 150]);
        let times: Vec<i64> = recent.iter().map(|reading| reading.at).collect();
        assert_eq!(times, [100, 150]);
    }
}
