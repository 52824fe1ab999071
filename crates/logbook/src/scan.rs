//! Reading a log forwards, from its oldest file to the end of the one that is written to.

use crate::filter::Filter;
use crate::judge::{Judge, Seen};
use crate::lines::Lines;
use crate::volumes::{self, Opened, Volume};
use crate::{Log, ReadError, seek};
use memchr::memrchr;
use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// The lines of a log that a filter wants, in their order.
pub struct Scan {
    volumes: VecDeque<Volume>,
    filter: Arc<Filter>,
    judge: Judge,
    reader: Option<Reader>,
    line: Range<usize>,
    seen: Option<Seen>,
}

struct Reader {
    lines: Lines,
    path: PathBuf,
    /// When its file was last written to: the time of lines that tell none.
    until: i64,
}

/// Lines before a wanted one that are looked at for its time and level.
const LOOK_BACK: usize = 32;

impl Scan {
    /// Opens a log. The file that is written to is read to where it ends now.
    pub fn open(log: &Log, filter: Arc<Filter>) -> Result<Self, ReadError> {
        let mut volumes = VecDeque::from(volumes::of(log)?);
        if let Some(since) = filter.since {
            volumes.retain(|volume| !volume.is_older_than(since));
        }
        Ok(Self::of(log, filter, volumes))
    }

    /// The lines of one file of a log, which was last written to at `until`.
    pub(crate) fn of_one(
        log: &Log,
        filter: Arc<Filter>,
        opened: Opened,
        (path, until): (PathBuf, i64),
    ) -> Result<Self, ReadError> {
        let mut scan = Self::of(log, filter, VecDeque::new());
        scan.read(opened, path, until)?;
        Ok(scan)
    }

    fn of(log: &Log, filter: Arc<Filter>, volumes: VecDeque<Volume>) -> Self {
        let judge = Judge::new(log, 0);
        Self { volumes, filter, judge, reader: None, line: 0..0, seen: None }
    }

    /// Goes to the next line that is wanted; `false` at the end.
    pub fn advance(&mut self) -> Result<bool, ReadError> {
        loop {
            let Some(reader) = &mut self.reader else {
                match self.volumes.pop_front() {
                    Some(volume) => self.turn_to(volume)?,
                    None => return Ok(false),
                }
                continue;
            };
            match Self::next(reader, &mut self.judge, &self.filter) {
                Ok(Some((line, seen))) => {
                    self.line = line;
                    self.seen = Some(seen);
                    return Ok(true);
                }
                Ok(None) => self.reader = None,
                Err(source) => return Err(ReadError { path: reader.path.clone(), source }),
            }
        }
    }

    /// The line, without its newline and with the stamp before it.
    pub fn line(&self) -> &[u8] {
        self.reader.as_ref().map_or(b"", |reader| &reader.lines.bytes()[self.line.clone()])
    }

    /// What is known of it.
    pub fn seen(&self) -> Option<Seen> {
        self.seen
    }

    /// Its time, and where none is known the one at which its file was last written to.
    pub(crate) fn order(&self) -> i64 {
        let until = self.reader.as_ref().map_or(0, |reader| reader.until);
        self.seen.and_then(|seen| seen.at).unwrap_or(until)
    }

    fn turn_to(&mut self, volume: Volume) -> Result<(), ReadError> {
        let (path, until) = (volume.path.clone(), volume.until);
        match volume.open()? {
            Some(opened) => self.read(opened, path, until),
            None => Ok(()),
        }
    }

    fn read(&mut self, opened: Opened, path: PathBuf, until: i64) -> Result<(), ReadError> {
        self.judge.turn(until);
        let input: Box<dyn Read + Send> = match opened {
            Opened::Packed(input) => input,
            Opened::Plain(mut file, size) => {
                let failed = |source| ReadError { path: path.clone(), source };
                let start = match self.filter.since {
                    Some(since) => seek::start(&file, size, since, &self.judge).map_err(failed)?,
                    None => 0,
                };
                file.seek(SeekFrom::Start(start)).map_err(failed)?;
                Box::new(file.take(size - start))
            }
        };
        self.reader = Some(Reader { lines: Lines::new(input), path, until });
        Ok(())
    }

    fn next(
        reader: &mut Reader,
        judge: &mut Judge,
        filter: &Filter,
    ) -> io::Result<Option<(Range<usize>, Seen)>> {
        loop {
            if let Some(pattern) = filter.sieve() {
                let skipped = reader.lines.skip_to(pattern);
                look_back(judge, &reader.lines.bytes()[skipped]);
            }
            let Some(place) = reader.lines.next()? else {
                return Ok(None);
            };
            let line = &reader.lines.bytes()[place.clone()];
            let text = judge.time(line);
            let level = judge.grade(&line[text..]);
            let seen = Seen { at: judge.at(), level, text };
            // A file that was last written to too early has been left out; of the others, lines that
            // tell no time may be of any time.
            if filter.wants_time(seen.at) && filter.wants_level(level) && filter.wants_text(line) {
                return Ok(Some((place, seen)));
            }
        }
    }
}

/// Takes time and level from the last of the lines that were passed over.
fn look_back(judge: &mut Judge, passed: &[u8]) {
    let mut start = passed.len();
    for _ in 0..LOOK_BACK {
        if start == 0 {
            break;
        }
        start = memrchr(b'\n', &passed[..start - 1]).map_or(0, |end| end + 1);
    }
    for line in passed[start..].split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let text = judge.time(line);
        judge.grade(&line[text..]);
    }
}
