//! The time and the level of each line of a log, where a line that tells none has those of the line
//! that it goes on with.

use crate::Log;
use crate::level::Level;
use crate::moment::Moments;

/// Goes through a log's lines.
#[derive(Clone, Debug)]
pub struct Judge {
    moments: Moments,
    assumed: Level,
    /// The latest that a line can be.
    near: i64,
    at: Option<i64>,
    level: Level,
    /// Lines in a row without a time.
    untimed: u32,
}

/// What is known of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When it was written, in ms since 1970, where that is known.
    pub at: Option<i64>,
    /// How grave it is.
    pub level: Level,
    /// Where its own text begins, behind a stamp of ours.
    pub text: usize,
}

/// After so many lines without a time, it is no longer looked for before each line.
const UNTIMED_MAX: u32 = 1000;
/// Then it is looked for in one line after so many.
const RARELY: u32 = 64;

impl Judge {
    /// For a log whose lines were written at `near` (ms since 1970) at the latest.
    pub fn new(log: &Log, near: i64) -> Self {
        Self {
            moments: Moments::new(log.stamp.as_deref()),
            assumed: log.level,
            near,
            at: None,
            level: log.level,
            untimed: 0,
        }
    }

    /// The next line.
    pub fn see(&mut self, line: &[u8]) -> Seen {
        let text = self.time(line);
        let level = self.grade(&line[text..]);
        Seen { at: self.at, level, text }
    }

    /// Takes the time of the next line; returns where its own text begins.
    pub(crate) fn time(&mut self, line: &[u8]) -> usize {
        if (UNTIMED_MAX..UNTIMED_MAX + RARELY).contains(&self.untimed) {
            self.untimed += 1;
            return 0;
        }
        if let Some((at, text)) = self.moments.read(line, self.near) {
            self.at = Some(at);
            self.untimed = 0;
            return text;
        }
        self.untimed = (self.untimed + 1).min(UNTIMED_MAX);
        0
    }

    /// The time of the last line.
    pub(crate) fn at(&self) -> Option<i64> {
        self.at
    }

    /// The level of the next line by its own text. One that is indented goes on with the line
    /// before, as traces do.
    pub(crate) fn grade(&mut self, text: &[u8]) -> Level {
        let goes_on = matches!(text.first(), Some(b' ' | b'\t' | b'}' | b')' | b']'));
        if !goes_on {
            self.level = Level::of_line(text).unwrap_or(self.assumed);
        }
        self.level
    }

    /// The lines that follow are of another file, written at `near` at the latest.
    pub(crate) fn turn(&mut self, near: i64) {
        self.near = near;
        self.untimed = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_tells_nothing_goes_on_with_the_one_before() {
        let log = Log::plain("/x");
        let mut judge = Judge::new(&log, 0);
        let seen = |judge: &mut Judge, line: &str| {
            let seen = judge.see(line.as_bytes());
            (seen.at, seen.level)
        };
        assert_eq!(seen(&mut judge, "hello"), (None, Level::Info));
        assert_eq!(
            seen(&mut judge, "1970-01-01T00:00:01Z TypeError: x"),
            (Some(1000), Level::Error)
        );
        assert_eq!(seen(&mut judge, "    at file.js:1"), (Some(1000), Level::Error));
        assert_eq!(seen(&mut judge, "well"), (Some(1000), Level::Info));
    }

    #[test]
    fn a_log_without_times_may_get_some() {
        let log = Log::plain("/x");
        let mut judge = Judge::new(&log, 0);
        for _ in 0..3 * UNTIMED_MAX {
            assert_eq!(judge.see(b"hello").at, None);
        }
        let found = (0..=RARELY).find_map(|_| judge.see(b"1970-01-01T00:00:01Z x").at);
        assert_eq!(found, Some(1000));
    }

    #[test]
    fn the_stamp_is_not_part_of_the_text() {
        let log = Log { stamp: Some("YYYY".to_owned()), level: Level::Error, ..Log::plain("/x") };
        let line = b"2020: info: x";
        let seen = Judge::new(&log, 4_000_000_000_000).see(line);
        assert_eq!((&line[seen.text..], seen.level), (&b"info: x"[..], Level::Info));
    }
}
