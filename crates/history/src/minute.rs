//! One minute of readings, and the record that it becomes.

use crate::MINUTE_MS;
use crate::reading::{METRICS, Of, Reading, index};
use rpm_proto::Metric;
use std::collections::BTreeMap;

/// What is kept of one metric over a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    /// The mean; of restarts, their number.
    pub(crate) mean: f32,
    /// The largest; of restarts, their number.
    pub(crate) max: f32,
}

/// The cells of one subject, in the order of [`METRICS`].
pub(crate) type Cells = [Option<Cell>; METRICS.len()];

/// All that is kept of a minute.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Record {
    /// Which, since 1970.
    pub(crate) minute: i64,
    /// Each subject once.
    pub(crate) entries: Vec<(Of, Cells)>,
}

/// The minute that goes on.
#[derive(Debug, Default)]
pub(crate) struct Minute {
    minute: i64,
    sums: BTreeMap<Of, [Running; METRICS.len()]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Running {
    sum: f64,
    count: u32,
    max: f32,
}

impl Minute {
    /// Takes in a reading. Returns the record of the minute that it ends, if it does.
    pub(crate) fn add(&mut self, reading: &Reading) -> Option<Record> {
        let minute = reading.at.div_euclid(MINUTE_MS);
        let ended = if minute == self.minute { None } else { self.end() };
        self.minute = minute;
        for (of, values) in &reading.entries {
            let sums = match self.sums.get_mut(of) {
                Some(sums) => sums,
                None => self.sums.entry(of.clone()).or_default(),
            };
            for (sum, value) in sums.iter_mut().zip(values.0) {
                if let Some(value) = value {
                    sum.max = if sum.count == 0 { value } else { sum.max.max(value) };
                    sum.sum += f64::from(value);
                    sum.count += 1;
                }
            }
        }
        ended
    }

    /// Ends the minute early; `None` when nothing was measured.
    pub(crate) fn end(&mut self) -> Option<Record> {
        if self.sums.is_empty() {
            return None;
        }
        let sums = std::mem::take(&mut self.sums);
        let entries = sums.into_iter().map(|(of, sums)| (of, cells(sums))).collect();
        Some(Record { minute: self.minute, entries })
    }
}

fn cells(sums: [Running; METRICS.len()]) -> Cells {
    let mut cells = Cells::default();
    for (at, sum) in sums.into_iter().enumerate().filter(|(_, sum)| sum.count > 0) {
        let is_count = at == index(Metric::Restarts);
        let divisor = if is_count { 1.0 } else { f64::from(sum.count) };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is between two values of that type"
        )]
        let mean = (sum.sum / divisor) as f32;
        cells[at] = Some(Cell { mean, max: if is_count { mean } else { sum.max } });
    }
    cells
}
