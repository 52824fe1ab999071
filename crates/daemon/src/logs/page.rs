//! Bytes on their way to a file, some of which may be there already.

use super::file::LogFile;
use std::io;

/// Bytes made up before they are written; a stamp before each of many short lines is many bytes.
pub(super) const PAGE: usize = 256 << 10;

/// Collects bytes and appends them.
#[derive(Debug)]
pub(super) struct Page<'a> {
    bytes: &'a mut Vec<u8>,
    file: &'a mut LogFile,
    /// So many of the first bytes are in the file.
    there: u64,
    outcome: Outcome,
}

/// What became of a write.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Bytes that reached the file now.
    pub(super) written: u64,
    /// Bytes that did not.
    pub(super) unwritten: u64,
    /// The last byte of this write that is in the file.
    pub(super) last: Option<u8>,
    /// Why not all of it is.
    pub(super) error: Option<io::Error>,
}

impl<'a> Page<'a> {
    /// A write to `file`, of which the first `there` bytes are to be left out; `bytes` is memory to
    /// use.
    pub(super) fn new(bytes: &'a mut Vec<u8>, file: &'a mut LogFile, there: u64) -> Self {
        bytes.clear();
        Self { bytes, file, there, outcome: Outcome::default() }
    }

    /// Adds bytes that are to be written as they are.
    pub(super) fn straight(&mut self, bytes: &[u8]) {
        if bytes.len() < 512 {
            self.bytes.extend_from_slice(bytes);
            return;
        }
        self.turn(0);
        write(self.file, &mut self.there, &mut self.outcome, bytes);
    }

    /// Adds what `make` makes up.
    pub(super) fn add(&mut self, make: impl FnOnce(&mut Vec<u8>)) {
        make(self.bytes);
        self.turn(PAGE);
    }

    /// Writes the rest.
    pub(super) fn end(mut self) -> Outcome {
        self.turn(0);
        self.bytes.shrink_to(PAGE);
        self.outcome
    }

    fn turn(&mut self, size: usize) {
        if self.bytes.len() >= size.max(1) {
            write(self.file, &mut self.there, &mut self.outcome, self.bytes);
            self.bytes.clear();
        }
    }
}

fn write(file: &mut LogFile, there: &mut u64, outcome: &mut Outcome, bytes: &[u8]) {
    if outcome.error.is_some() {
        outcome.unwritten += bytes.len() as u64;
        return;
    }
    let known = usize::try_from(*there).unwrap_or(usize::MAX).min(bytes.len());
    *there -= known as u64;
    let (count, error) = match file.append(&bytes[known..]) {
        Ok(()) => (bytes.len() - known, None),
        Err((count, error)) => (count, Some(error)),
    };
    outcome.written += count as u64;
    outcome.unwritten += (bytes.len() - known - count) as u64;
    outcome.last = bytes[..known + count].last().copied().or(outcome.last);
    outcome.error = error;
}
