//! Readings in, answers out.

use crate::folder::Folder;
use crate::minute::Minute;
use crate::plot::{Plot, Question, Steps};
use crate::reading::Reading;
use crate::recent::{KEPT_MS, Recent, Seam};
use crate::{MINUTE_MS, SPACING_MS};
use rpm_proto::Series;
use std::io;
use std::path::PathBuf;

/// The history in a folder.
#[derive(Debug)]
pub struct History {
    folder: Folder,
    minute: Minute,
    recent: Recent,
}

impl History {
    /// The history in this folder, which is made when there is something to keep. Nothing is read yet.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder: Folder::new(folder), minute: Minute::default(), recent: Recent::default() }
    }

    /// Takes in a reading. An error means that the minute before it is not kept; what comes later may
    /// be. Returns whether a minute was kept.
    pub fn note(&mut self, reading: Reading) -> io::Result<bool> {
        let ended = self.minute.add(&reading);
        self.recent.add(reading);
        match ended {
            Some(record) => self.folder.append(&record).map(|()| true),
            None => Ok(false),
        }
    }

    /// Keeps the minute that goes on as far as it is known.
    pub fn close(&mut self) -> io::Result<()> {
        self.minute.end().map_or(Ok(()), |record| self.folder.append(&record))
    }

    /// The lines that are asked for, as of `now` in ms since 1970.
    pub fn answer(&self, question: &Question, now: i64) -> Vec<Series> {
        let none = Seam { records_until: i64::MAX, readings_from: i64::MAX };
        let seam = self.recent.seam().unwrap_or(none);
        let fine = Steps::of(question, now, SPACING_MS);
        let is_recent = fine.from >= now.saturating_sub(KEPT_MS + SPACING_MS);
        let steps = if is_recent { fine } else { Steps::of(question, now, MINUTE_MS) };
        let mut plot = Plot::new(question, steps);
        let until = steps.from + steps.length * i64::try_from(steps.count).unwrap_or(0);
        let from = steps.from.div_euclid(MINUTE_MS);
        let until = until.div_euclid(MINUTE_MS).saturating_add(1).min(seam.records_until);
        self.folder.read(from, until, |record| plot.add_record(record));
        for reading in self.recent.iter().filter(|reading| reading.at >= seam.readings_from) {
            plot.add_reading(reading);
        }
        plot.series()
    }
}

#[cfg(test)]
mod tests;
