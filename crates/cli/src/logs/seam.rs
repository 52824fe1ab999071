//! Between the lines of a file and those that are followed: each is shown once.
//!
//! Following begins before files are read, so that no line falls between the two; then a line may
//! come both ways. Those are lines that were written while following began. They are noted when the
//! file has been read, and each lets one followed line of the same text pass unseen.

use super::sources::Source;
use rpm_logbook::Judge;
use rpm_proto::{LogLine, Stream};
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

/// What is noted of one log at most, in bytes: more is written in no such moment.
const NOTED_MAX: u64 = 8 << 20;
/// What was read from its pipe so long after the files were read, in ms, is not in them.
const LATE: i64 = 1000;

/// The place where a file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    inode: u64,
    size: u64,
}

/// The logs before following began.
#[derive(Debug, Default)]
pub(crate) struct Before(HashMap<PathBuf, Place>);

/// Lines that were shown and may come once more.
#[derive(Debug, Default)]
pub(crate) struct Seam {
    /// By log, and the processes that write to it.
    noted: HashMap<PathBuf, VecDeque<Vec<u8>>>,
    logs: HashMap<(u32, Stream), PathBuf>,
    /// When the files were read, in ms since 1970.
    read_at: i64,
}

fn place(path: &PathBuf) -> Option<Place> {
    let meta = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    Some(Place { inode: meta.ino(), size: meta.size() })
}

impl Before {
    /// Where the logs end. To be called before following begins.
    pub(crate) fn look(sources: &[Source]) -> Self {
        let logs = sources.iter().map(|source| &source.log.path);
        Self(logs.filter_map(|path| Some((path.clone(), place(path)?))).collect())
    }

    /// Settles how far each log is read, and notes what was written since. To be called when
    /// following has begun.
    pub(crate) fn join(self, sources: &mut [Source], now: i64) -> Seam {
        let mut seam = Seam { read_at: now, ..Seam::default() };
        for source in sources {
            let path = source.log.path.clone();
            if let Some(proc) = source.proc {
                seam.logs.insert((proc, source.stream), path.clone());
            }
            let Some(after) = place(&path) else {
                continue;
            };
            let begun = match self.0.get(&path) {
                Some(before) if before.inode == after.inode => before.size.min(after.size),
                _ => 0,
            };
            if after.size - begun > NOTED_MAX {
                continue;
            }
            // The lines end where the last whole one does: the rest comes when it is whole.
            let Ok((lines, length)) = lines(&path, begun, after.size) else {
                continue;
            };
            source.log.end = Some(begun + length);
            let mut judge = Judge::new(&source.log, now);
            let text = |line: Vec<u8>| own_text(&line[judge.see(&line).text..], source.wrapped);
            seam.noted.insert(path, lines.into_iter().map(text).collect());
        }
        seam
    }
}

impl Seam {
    /// More processes that write to logs that were read.
    pub(crate) fn writer(&mut self, proc: u32, stream: Stream, path: &str) {
        self.logs.insert((proc, stream), PathBuf::from(path));
    }

    /// Whether a line has been shown already.
    pub(crate) fn has(&mut self, line: &LogLine) -> bool {
        if line.at > self.read_at + LATE {
            self.noted.clear();
        }
        if self.noted.is_empty() {
            return false;
        }
        let Some(path) = self.logs.get(&(line.proc, line.stream)) else {
            return false;
        };
        let Some(noted) = self.noted.get_mut(path) else {
            return false;
        };
        let found = noted.iter().position(|text| *text == line.bytes);
        found.and_then(|found| noted.remove(found)).is_some()
    }
}

/// The whole lines in a part of a file, and how many bytes they have.
fn lines(path: &PathBuf, from: u64, to: u64) -> io::Result<(Vec<Vec<u8>>, u64)> {
    let mut bytes = vec![0; usize::try_from(to - from).unwrap_or(0)];
    File::open(path)?.read_exact_at(&mut bytes, from)?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let whole = bytes[..end].split_inclusive(|byte| *byte == b'\n');
    Ok((whole.map(|line| line[..line.len() - 1].to_vec()).collect(), end as u64))
}

/// What the app wrote.
fn own_text(line: &[u8], wrapped: bool) -> Vec<u8> {
    let message = || {
        let object: serde_json::Value = serde_json::from_slice(line).ok()?;
        Some(object.get("message")?.as_str()?.as_bytes().to_vec())
    };
    wrapped.then(message).flatten().unwrap_or_else(|| line.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::sources::of_processes;
    use crate::render::details::tests::detail;
    use std::io::Write;

    fn line(text: &str, at: i64) -> LogLine {
        let bytes = text.as_bytes().to_vec();
        LogLine { proc: 0, name: "api".to_owned(), stream: Stream::Out, at, bytes }
    }

    fn seam(log: &tempfile::NamedTempFile, more: &str, date: Option<&str>, json: bool) -> Seam {
        let mut of_api = detail(0, "api");
        of_api.out_log = Some(log.path().to_str().unwrap().to_owned());
        of_api.spec.logs.date_format = date.map(str::to_owned);
        of_api.spec.logs.json = json;
        let mut sources = of_processes(&[of_api], true, false);
        let before = Before::look(&sources);
        log.as_file().write_all(more.as_bytes()).unwrap();
        before.join(&mut sources, 5000)
    }

    #[test]
    fn each_line_is_shown_once() {
        let log = tempfile::NamedTempFile::new().unwrap();
        log.as_file().write_all(b"tick\nold\n").unwrap();
        let mut seam = seam(&log, "tick\nnew\nunfinished", None, false);
        let shown: Vec<bool> = ["tick", "new", "unfinished", "tick", "old"]
            .iter()
            .map(|text| !seam.has(&line(text, 5000)))
            .collect();
        assert_eq!(shown, [false, false, true, true, true]);
    }

    #[test]
    fn what_comes_late_was_not_in_the_file() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut seam = seam(&log, "tick\n", None, false);
        assert!(!seam.has(&line("tick", 7000)));
        assert!(!seam.has(&line("tick", 5000)), "and nothing is noted any more");
    }

    #[test]
    fn what_we_wrote_around_a_line_does_not_count() {
        let log = tempfile::NamedTempFile::new().unwrap();
        assert!(seam(&log, "2026: tick\n", Some("YYYY"), false).has(&line("tick", 5000)));
        let json = "{\"message\":\"a \\\"tick\\\"\",\"timestamp\":\"x\",\"type\":\"out\"}\n";
        assert!(seam(&log, json, None, true).has(&line("a \"tick\"", 5000)));
    }
}
