//! Writing a journal: append, sync, begin a new file when it has grown or failed.

use crate::disk::Disk;
use crate::parts::{self, Delta, Parts};
use crate::record::{self, Boot};
use crate::replay::Replayed;
use std::io;

/// The file.
pub const NAME: &str = "journal";
/// The next file, until it takes the place of the last.
pub const ASIDE: &str = "journal.new";

/// A file is begun anew when it is larger than this, in bytes, and than [`GROWTH`] tables.
const COMPACT_FROM: u64 = 1 << 20;
const GROWTH: u64 = 4;

/// A table and its journal.
#[derive(Debug)]
pub struct Journal<D: Disk> {
    disk: D,
    boot: Boot,
    parts: Parts,
    seq: u64,
    /// The file that is appended to; `None` when a new one is due.
    file: Option<D::File>,
    /// Bytes of it that are on the disk.
    len: u64,
    compact_from: u64,
    compact_at: u64,
    figures: Figures,
}

/// What has been written since the journal was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Records of changes.
    pub records: u64,
    /// Bytes of them.
    pub record_bytes: u64,
    /// Files that were begun, each with the whole table.
    pub snapshots: u64,
    /// Bytes of these tables.
    pub snapshot_bytes: u64,
    /// How often it could not be written.
    pub failures: u64,
    /// Why, the last time.
    pub last_failure: Option<String>,
    /// The file's length, in bytes.
    pub file_bytes: u64,
    /// The last change is not on the disk.
    pub behind: bool,
}

/// Why changes are not on the disk. They are kept, and are part of the next commit.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A file could not be made.
    #[error("making {name} failed")]
    Create {
        /// The file.
        name: &'static str,
        /// The system's word.
        #[source]
        source: io::Error,
    },
    /// Bytes could not be written, or not made to reach the disk.
    #[error("writing {name} failed")]
    Write {
        /// The file.
        name: &'static str,
        /// The system's word.
        #[source]
        source: io::Error,
    },
    /// The new file could not take the place of the old one.
    #[error("replacing {NAME} failed")]
    Replace {
        /// The system's word.
        #[source]
        source: io::Error,
    },
}

impl<D: Disk> Journal<D> {
    /// A journal of an empty table. Its first commit replaces a file that is there.
    pub fn create(disk: D, boot: Boot) -> Self {
        Self {
            disk,
            boot,
            parts: Parts::new(),
            seq: 0,
            file: None,
            len: 0,
            compact_from: COMPACT_FROM,
            compact_at: COMPACT_FROM,
            figures: Figures::default(),
        }
    }

    /// Goes on with a journal that was read. What is after its last whole record is cut away; that
    /// which is before it is synced, as whoever wrote it may have died before he did so. Where that
    /// fails, the next commit begins a new file.
    pub fn resume(disk: D, file: D::File, told: Replayed) -> Self {
        let mut journal = Self::create(disk, told.boot);
        journal.parts = told.parts;
        journal.seq = told.seq;
        journal.len = told.len;
        journal.plan_compaction(told.snapshot_len);
        match journal.settle(file, told.cut > 0) {
            Ok(file) => journal.file = Some(file),
            Err(source) => journal.count(&CommitError::Write { name: NAME, source }),
        }
        journal
    }

    /// Begins a new file when the old one is larger than this, in bytes, and than four tables.
    #[must_use]
    pub fn compact_from(mut self, bytes: u64) -> Self {
        self.compact_from = bytes;
        self.compact_at = bytes;
        self
    }

    /// Applies changes; returns when they, and all before, are on the disk.
    pub fn commit(&mut self, mut delta: Delta) -> Result<(), CommitError> {
        parts::apply(&mut self.parts, &mut delta);
        let done = match self.file.take() {
            None => self.begin_file(),
            Some(file) if delta.is_empty() => {
                self.file = Some(file);
                Ok(())
            }
            Some(file) => self.append(file, &delta),
        };
        match &done {
            Ok(()) => self.figures.behind = false,
            Err(error) => self.count(error),
        }
        done
    }

    /// Applies changes and leaves their writing to the next commit: the disk has just failed, and
    /// nobody waits for them.
    pub fn put_off(&mut self, mut delta: Delta) {
        parts::apply(&mut self.parts, &mut delta);
        self.file = None;
        self.figures.behind = true;
    }

    /// Begins a new file if the old one has grown too large. When that fails early, the old one
    /// goes on.
    pub fn compact(&mut self) -> Result<(), CommitError> {
        if self.file.is_none() || self.len <= self.compact_at {
            return Ok(());
        }
        let done = self.begin_file();
        if let Err(error) = &done {
            // Not with every commit on a disk that is nearly full.
            self.compact_at = self.len + self.len / GROWTH;
            self.figures.failures += 1;
            self.figures.last_failure = Some(words(error));
        }
        done
    }

    /// Whether changes are not on the disk.
    pub fn is_behind(&self) -> bool {
        self.figures.behind || (self.file.is_none() && !self.parts.is_empty())
    }

    /// The table.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// What has been written.
    pub fn figures(&self) -> Figures {
        Figures { file_bytes: self.len, behind: self.is_behind(), ..self.figures.clone() }
    }

    fn settle(&mut self, mut file: D::File, cut: bool) -> io::Result<D::File> {
        if cut {
            self.disk.cut(&mut file, self.len)?;
        }
        self.disk.sync(&mut file)?;
        self.disk.sync_folder()?;
        Ok(file)
    }

    /// A file that failed once is never appended to again: what the system says of it afterwards
    /// is not to be trusted.
    fn append(&mut self, mut file: D::File, delta: &Delta) -> Result<(), CommitError> {
        let mut bytes = Vec::new();
        record::record(self.seq + 1, |out| parts::encode_delta(delta, out), &mut bytes);
        let written = self.disk.append(&mut file, &bytes).and_then(|()| self.disk.sync(&mut file));
        if let Err(source) = written {
            // So that a successor does not take for kept what only the cache holds. When even this
            // fails there is nothing more to be done.
            drop(self.disk.cut(&mut file, self.len));
            return Err(CommitError::Write { name: NAME, source });
        }
        self.file = Some(file);
        self.seq += 1;
        self.len += bytes.len() as u64;
        self.figures.records += 1;
        self.figures.record_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Writes the whole table into a new file, which then takes the place of the old one.
    fn begin_file(&mut self) -> Result<(), CommitError> {
        let mut bytes = record::header(self.boot);
        record::record(self.seq + 1, |out| parts::encode_parts(&self.parts, out), &mut bytes);
        let file = match self.write_aside(&bytes) {
            Ok(file) => file,
            Err(error) => {
                // It takes room that others need; the next attempt takes it away in any case.
                drop(self.disk.remove(ASIDE));
                if matches!(error, CommitError::Replace { .. }) {
                    // Which of the two has the name now is not known.
                    self.file = None;
                }
                return Err(error);
            }
        };
        // The old file has no name any more, so that nothing may be added to it.
        self.file = None;
        self.seq += 1;
        self.disk.sync_folder().map_err(|source| CommitError::Replace { source })?;
        self.file = Some(file);
        self.len = bytes.len() as u64;
        self.plan_compaction(self.len);
        self.figures.snapshots += 1;
        self.figures.snapshot_bytes += self.len;
        Ok(())
    }

    fn write_aside(&mut self, bytes: &[u8]) -> Result<D::File, CommitError> {
        let mut file = self
            .disk
            .create(ASIDE)
            .map_err(|source| CommitError::Create { name: ASIDE, source })?;
        self.disk
            .append(&mut file, bytes)
            .and_then(|()| self.disk.sync(&mut file))
            .map_err(|source| CommitError::Write { name: ASIDE, source })?;
        self.disk.rename(ASIDE, NAME).map_err(|source| CommitError::Replace { source })?;
        Ok(file)
    }

    fn plan_compaction(&mut self, snapshot: u64) {
        self.compact_at = self.compact_from.max(GROWTH * snapshot);
    }

    fn count(&mut self, error: &CommitError) {
        self.figures.failures += 1;
        self.figures.behind = true;
        self.figures.last_failure = Some(words(error));
    }
}

fn words(error: &CommitError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
