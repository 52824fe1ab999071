//! The lines of what is selected: kept, searched, scrolled.

use rpm_logbook::{Judge, Level, Log};
use rpm_proto::{LogLine, Stream};
use std::collections::{HashMap, VecDeque};

/// Lines kept.
const LINES_MAX: usize = 2000;
/// Bytes kept.
const BYTES_MAX: usize = 4 << 20;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The instance.
    pub(crate) proc: u32,
    /// The stream.
    pub(crate) stream: Stream,
    /// What it says of itself, or what is assumed.
    pub(crate) level: Level,
    /// Its bytes, as the app wrote them.
    pub(crate) bytes: Vec<u8>,
}

/// The lines, and what is seen of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logs {
    lines: VecDeque<Line>,
    bytes: usize,
    judges: HashMap<(u32, Stream), Judge>,
    /// Lines that came while the view stood still.
    pub(crate) unseen: usize,
    /// How many lines the end of the view is before the last line; `None` follows.
    pub(crate) back: Option<usize>,
    /// Columns that are left out on the left.
    pub(crate) left: usize,
    /// What is looked for.
    pub(crate) search: String,
    /// The least level that is shown.
    pub(crate) level: Option<Level>,
    /// Lines that the daemon left out.
    pub(crate) missed: u64,
}

/// The level of a line that tells none: what a program says on standard error is amiss.
pub(crate) fn assumed(stream: Stream) -> Level {
    match stream {
        Stream::Out => Level::Info,
        Stream::Err => Level::Error,
    }
}

impl Logs {
    /// Another app is selected. What is looked for stays.
    pub(crate) fn clear(&mut self) {
        *self =
            Self { search: std::mem::take(&mut self.search), level: self.level, ..Self::default() };
    }

    /// Takes lines.
    pub(crate) fn extend(&mut self, lines: Vec<LogLine>) {
        for line in lines {
            self.push(line);
        }
    }

    /// Takes a line.
    pub(crate) fn push(&mut self, line: LogLine) {
        let judge = self.judges.entry((line.proc, line.stream)).or_insert_with(|| {
            Judge::new(&Log { level: assumed(line.stream), ..Log::plain("") }, line.at)
        });
        let level = judge.see(&line.bytes).level;
        self.bytes += line.bytes.len();
        let LogLine { proc, stream, bytes, .. } = line;
        self.lines.push_back(Line { proc, stream, level, bytes });
        if self.is_shown(self.lines.len() - 1)
            && let Some(back) = &mut self.back
        {
            *back += 1;
            self.unseen += 1;
        }
        while self.lines.len() > LINES_MAX || self.bytes > BYTES_MAX {
            let Some(line) = self.lines.pop_front() else { break };
            self.bytes -= line.bytes.len();
        }
    }

    fn is_shown(&self, at: usize) -> bool {
        self.level.is_none_or(|least| self.lines[at].level >= least)
    }

    /// The lines that are shown, oldest first.
    pub(crate) fn shown(&self) -> Vec<&Line> {
        (0..self.lines.len()).filter(|at| self.is_shown(*at)).map(|at| &self.lines[at]).collect()
    }

    /// The lines in a view of this height.
    pub(crate) fn visible(&self, height: usize) -> Vec<&Line> {
        let mut shown = self.shown();
        let back = self.back.unwrap_or(0).min(shown.len().saturating_sub(height));
        shown.truncate(shown.len() - back);
        let first = shown.len().saturating_sub(height);
        shown.split_off(first)
    }

    /// Goes so many lines up, or down when negative. At the end it follows again.
    pub(crate) fn scroll(&mut self, lines: isize, height: usize) {
        let most = self.shown().len().saturating_sub(height);
        let back = self.back.unwrap_or(0).min(most).saturating_add_signed(lines).min(most);
        if back == 0 && lines < 0 {
            self.follow();
        } else {
            self.back = Some(back);
        }
    }

    /// Stops the view, or lets it follow.
    pub(crate) fn pause(&mut self) {
        if self.back.is_some() { self.follow() } else { self.back = Some(0) }
    }

    /// Goes to the end, and follows.
    pub(crate) fn follow(&mut self) {
        self.back = None;
        self.unseen = 0;
    }

    /// Goes to the first line.
    pub(crate) fn top(&mut self, height: usize) {
        self.back = Some(self.shown().len().saturating_sub(height));
    }

    /// Shows one level more, or all after the last.
    pub(crate) fn next_level(&mut self) {
        self.level = match self.level {
            None => Some(Level::Debug),
            Some(Level::Debug) => Some(Level::Info),
            Some(Level::Info) => Some(Level::Warn),
            Some(Level::Warn) => Some(Level::Error),
            Some(Level::Trace | Level::Error | Level::Fatal) => None,
        };
        self.follow();
    }

    /// How many of the lines have what is looked for.
    pub(crate) fn found(&self) -> usize {
        self.shown().iter().filter(|line| self.matches(line)).count()
    }

    /// Whether a line has what is looked for.
    pub(crate) fn matches(&self, line: &Line) -> bool {
        !self.search.is_empty() && has(&line.bytes, &self.search)
    }

    /// Goes to the next line up (or down) that has what is looked for, and puts it at the end of
    /// the view.
    pub(crate) fn find(&mut self, up: bool) {
        let shown = self.shown();
        let at = shown.len().saturating_sub(1 + self.back.unwrap_or(0));
        let is_found = |index: &usize| self.matches(shown[*index]);
        let found =
            if up { (0..at).rev().find(is_found) } else { (at + 1..shown.len()).find(is_found) };
        if let Some(found) = found {
            self.back = Some(shown.len() - 1 - found);
        }
    }
}

/// Whether a line has a text, in any case of ASCII letters.
fn has(line: &[u8], text: &str) -> bool {
    let text = text.as_bytes();
    line.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> LogLine {
        let (name, bytes) = ("api".to_owned(), text.as_bytes().to_vec());
        LogLine { proc: 0, name, stream: Stream::Out, at: 0, bytes }
    }

    fn logs(count: usize) -> Logs {
        let mut logs = Logs::default();
        for number in 0..count {
            logs.push(line(&format!("line {number}")));
        }
        logs
    }

    fn last(logs: &Logs) -> String {
        last_of(logs, 5)
    }

    fn last_of(logs: &Logs, height: usize) -> String {
        let visible = logs.visible(height);
        visible
            .last()
            .map(|line| String::from_utf8_lossy(&line.bytes).into_owned())
            .unwrap_or_default()
    }

    #[test]
    fn a_view_that_stands_still_stays_where_it_is() {
        let mut logs = logs(20);
        assert_eq!(last(&logs), "line 19");
        logs.scroll(3, 5);
        assert_eq!(last(&logs), "line 16");
        logs.push(line("more"));
        assert_eq!((last(&logs).as_str(), logs.unseen), ("line 16", 1));
        logs.scroll(-10, 5);
        assert_eq!((last(&logs).as_str(), logs.unseen), ("more", 0));
        logs.top(5);
        assert_eq!(last(&logs), "line 4");
        logs.scroll(100, 5);
        assert_eq!(last(&logs), "line 4");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let logs = logs(LINES_MAX + 10);
        assert_eq!(logs.shown().len(), LINES_MAX);
        let mut logs = Logs::default();
        for _ in 0..10 {
            logs.push(line(&"x".repeat(1 << 20)));
        }
        assert!(logs.bytes <= BYTES_MAX);
    }

    #[test]
    fn levels_and_words() {
        let mut logs = logs(3);
        logs.push(line("error: no disk"));
        logs.push(line("  at x"));
        logs.push(line("fine"));
        for _ in 0..4 {
            logs.next_level();
        }
        assert_eq!(logs.level, Some(Level::Error));
        assert_eq!(logs.shown().len(), 2, "what goes on with a line has its level");
        logs.next_level();
        logs.search = "LINE".to_owned();
        assert_eq!(logs.found(), 3);
        logs.find(true);
        assert_eq!(last_of(&logs, 1), "line 2");
        logs.find(true);
        assert_eq!(last_of(&logs, 1), "line 1");
        logs.find(false);
        assert_eq!(last_of(&logs, 1), "line 2");
    }
}
