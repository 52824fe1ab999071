//! The last lines of a log.

use crate::backward::Backward;
use crate::filter::Filter;
use crate::judge::{Judge, Seen};
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

/// The last `count` lines that `filter` wants, oldest first. No more files are read than it takes.
pub fn last(log: &Log, count: usize, filter: &Arc<Filter>) -> Result<Vec<Entry>, ReadError> {
    let mut found = VecDeque::new();
    let mut volumes = volumes::of(log)?;
    while found.len() < count
        && let Some(volume) = volumes.pop()
    {
        if filter.since.is_some_and(|since| volume.is_older_than(since)) {
            break;
        }
        let wanted = count - found.len();
        let (path, until) = (volume.path.clone(), volume.until);
        let entries = match volume.open()? {
            None => continue,
            Some(Opened::Plain(file, size)) if filter.is_open() => {
                let lines = from_end(file, size, wanted);
                judged(log, until, lines.map_err(|source| ReadError { path, source })?)
            }
            Some(opened) => {
                let scan = Scan::of_one(log, Arc::clone(filter), opened, (path, until))?;
                from_start(scan, wanted)?
            }
        };
        for entry in entries.into_iter().rev() {
            found.push_front(entry);
        }
    }
    Ok(found.into())
}

/// The last lines of a file, oldest first.
fn from_end(file: File, size: u64, count: usize) -> io::Result<Vec<Vec<u8>>> {
    let mut lines = Backward::new(file, size)?;
    let mut found = Vec::new();
    while found.len() < count
        && let Some(line) = lines.next()?
    {
        found.push(line);
    }
    found.reverse();
    Ok(found)
}

/// The last lines of what can only be read forwards.
fn from_start(mut scan: Scan, count: usize) -> Result<VecDeque<Entry>, ReadError> {
    let mut found = VecDeque::new();
    while scan.advance()? {
        let is_full = found.len() == count;
        // The memory of the line that drops out is that of the one that comes in.
        let dropped = found.pop_front_if(|_: &mut Entry| is_full);
        let mut line = dropped.map(|entry| entry.line).unwrap_or_default();
        line.clear();
        line.extend_from_slice(scan.line());
        if let Some(seen) = scan.seen() {
            found.push_back(Entry { seen, order: scan.order(), line });
        }
    }
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
