//! Many logs as one, in the order of their times.
//!
//! Lines of one log keep their order, whatever times they tell; lines of the same time are in the
//! order in which the logs were given.

use crate::scan::Scan;
use crate::{Entry, ReadError};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Reads logs in the order of their lines' times.
pub struct Merge {
    scans: Vec<Scan>,
    /// Of each log that is not at its end, the time of its line and its number.
    heads: BinaryHeap<Reverse<(i64, usize)>>,
    /// The log whose line was given out last, and its time.
    given: Option<(usize, i64)>,
}

impl Merge {
    /// Goes to the first line of each log.
    pub fn new(scans: Vec<Scan>) -> Result<Self, ReadError> {
        let mut merge = Self { scans, heads: BinaryHeap::new(), given: None };
        for number in 0..merge.scans.len() {
            merge.advance(number, i64::MIN)?;
        }
        Ok(merge)
    }

    #[expect(
        clippy::should_implement_trait,
        reason = "it can fail, and the line is lent by its scan"
    )]
    /// Goes to the next line; returns the number of its log, `None` when all are at their ends.
    pub fn next(&mut self) -> Result<Option<usize>, ReadError> {
        if let Some((number, floor)) = self.given.take() {
            self.advance(number, floor)?;
        }
        let Some(Reverse((order, number))) = self.heads.pop() else {
            return Ok(None);
        };
        self.given = Some((number, order));
        Ok(Some(number))
    }

    /// A log, at the line that was given out last.
    pub fn scan(&self, number: usize) -> &Scan {
        &self.scans[number]
    }

    fn advance(&mut self, number: usize, floor: i64) -> Result<(), ReadError> {
        let scan = &mut self.scans[number];
        if scan.advance()? {
            self.heads.push(Reverse((scan.order().max(floor), number)));
        }
        Ok(())
    }
}

/// The lines of many logs, each with the number of its log, in the order in which [`Merge`] would
/// give them.
pub fn in_order(logs: Vec<Vec<Entry>>) -> Vec<(usize, Entry)> {
    latest(logs, usize::MAX, usize::MAX)
}

/// The same of the last `lines` lines of all together, and of no more than `bytes` bytes of them. Logs
/// are taken one after the other, and no more lines are held than those and the ones of one log.
pub fn latest(
    logs: impl IntoIterator<Item = Vec<Entry>>,
    lines: usize,
    bytes: usize,
) -> Vec<(usize, Entry)> {
    let mut all: Vec<(i64, usize, Entry)> = Vec::new();
    for (number, entries) in logs.into_iter().enumerate() {
        let mut floor = i64::MIN;
        for entry in entries {
            floor = floor.max(entry.order);
            all.push((floor, number, entry));
        }
        all.sort_by_key(|(order, number, _)| (*order, *number));
        let mut held = 0;
        let fits = |(_, _, entry): &&(i64, usize, Entry)| {
            held += entry.line.len();
            held <= bytes
        };
        let kept = all.iter().rev().take(lines).take_while(fits).count();
        drop(all.drain(..all.len() - kept));
    }
    all.into_iter().map(|(_, number, entry)| (number, entry)).collect()
}
