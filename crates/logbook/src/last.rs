//! The last lines of a log.

use crate::backward::Backward;
use crate::filter::Filter;
use crate::judge::{Judge, Seen};
use crate::lines::LINE_MAX;
use crate::scan::Scan;
use crate::volumes::{self, Opened};
use crate::{Log, ReadError};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is known of it.
    pub seen: Seen,
    /// Its place among the lines of other logs: its time, and where none is known the one at which
    /// its file was last written to, in ms since 1970.
    pub order: i64,
    /// The line without its newline, with the stamp before it.
    pub line: Vec<u8>,
}

/// How much of a log's end is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    /// So many lines at most.
    pub lines: usize,
    /// Of each line so many bytes at most, its beginning.
    pub line_bytes: usize,
    /// So many bytes at most of all lines together. The very last one is there even when it alone has
    /// more.
    pub bytes: usize,
    /// So many files at most, the one that is written to included.
    pub files: usize,
    /// A compressed file that is larger is not unpacked, and none that is older is read.
    pub packed_bytes: u64,
}

impl Tail {
    /// So many lines, as long as they are, in as many files as it takes.
    pub const fn lines(lines: usize) -> Self {
        let (line_bytes, bytes) = (LINE_MAX, usize::MAX);
        Self { lines, line_bytes, bytes, files: usize::MAX, packed_bytes: u64::MAX }
    }
}

/// The last lines that `filter` wants, oldest first. No more files are read than it takes.
pub fn last(log: &Log, tail: &Tail, filter: &Arc<Filter>) -> Result<Vec<Entry>, ReadError> {
    let mut found = VecDeque::new();
    let mut volumes = volumes::of(log)?;
    let mut room = Room { left: *tail, is_empty: true, is_full: tail.lines == 0 };
    let mut files = tail.files;
    while !room.is_full
        && files > 0
        && let Some(volume) = volumes.pop()
    {
        let is_older = filter.since.is_some_and(|since| volume.is_older_than(since));
        if is_older || volume.packed_bytes() > tail.packed_bytes {
            break;
        }
        files -= 1;
        let (path, until) = (volume.path.clone(), volume.until);
        let entries = match volume.open()? {
            None => continue,
            Some(Opened::Plain(file, size)) if filter.is_open() => {
                let lines = from_end(file, size, &mut room);
                judged(log, until, lines.map_err(|source| ReadError { path, source })?)
            }
            Some(opened) => {
                let scan = Scan::of_one(log, Arc::clone(filter), opened, (path, until))?;
                from_start(scan, &mut room)?
            }
        };
        for entry in entries.into_iter().rev() {
            found.push_front(entry);
        }
    }
    Ok(found.into())
}

/// What may still come before the lines that are found.
struct Room {
    left: Tail,
    /// Nothing is found yet.
    is_empty: bool,
    is_full: bool,
}

impl Room {
    /// Whether there is room for the line before all that is found; once there is none, there is
    /// none for shorter ones either.
    fn takes(&mut self, line: &[u8]) -> bool {
        let is_too_long = line.len() > self.left.bytes;
        let fits = !self.is_full && (self.is_empty || !is_too_long);
        if fits {
            self.is_empty = false;
            self.left.lines -= 1;
            self.left.bytes = self.left.bytes.saturating_sub(line.len());
        }
        self.is_full = !fits || is_too_long || self.left.lines == 0;
        fits
    }
}

/// The last lines of a file, oldest first.
fn from_end(file: File, size: u64, room: &mut Room) -> io::Result<Vec<Vec<u8>>> {
    let mut lines = Backward::new(file, size, room.left.line_bytes)?;
    let mut found = Vec::new();
    while !room.is_full
        && let Some(line) = lines.next()?
    {
        if room.takes(&line) {
            found.push(line);
        }
    }
    found.reverse();
    Ok(found)
}

/// The last lines of what can only be read forwards, oldest first.
fn from_start(mut scan: Scan, room: &mut Room) -> Result<VecDeque<Entry>, ReadError> {
    let Tail { lines, line_bytes, bytes, .. } = room.left;
    let (mut found, mut held, mut has_more) = (VecDeque::<Entry>::new(), 0, false);
    while scan.advance()? {
        let shown = &scan.line()[..scan.line().len().min(line_bytes)];
        let mut memory = Vec::new();
        held += shown.len();
        while found.len() >= lines || held > bytes {
            let Some(dropped) = found.pop_front() else { break };
            has_more = true;
            held -= dropped.line.len();
            memory = dropped.line;
        }
        memory.clear();
        memory.extend_from_slice(shown);
        if let Some(seen) = scan.seen() {
            found.push_back(Entry { seen, order: scan.order(), line: memory });
        }
    }
    let kept = found.iter().rev().take_while(|entry| room.takes(&entry.line)).count();
    drop(found.drain(..found.len() - kept));
    room.is_full |= has_more;
    Ok(found)
}

/// Lines with what is known of them. Those at the start that tell no time go on with a line that
/// was not read: they were written before the first one that does.
fn judged(log: &Log, until: i64, lines: Vec<Vec<u8>>) -> VecDeque<Entry> {
    let mut judge = Judge::new(log, until);
    let seen: Vec<Seen> = lines.iter().map(|line| judge.see(line)).collect();
    let first = seen.iter().find_map(|seen| seen.at).unwrap_or(until);
    let entries = lines.into_iter().zip(seen);
    entries.map(|(line, seen)| Entry { seen, order: seen.at.unwrap_or(first), line }).collect()
}
