//! One stream's way into one file.
//!
//! In a file that has no other writer, bytes go straight through. Where several streams share a
//! file, only whole lines do, so that lines never mix; who else writes may change at any time. Lines
//! with stamps are whole as well, so that one that is begun when the file is renamed has one stamp.
//! A line that is held stays in the spool and counts as not consumed.
//!
//! Before each write an intent is noted, and after it the new place. Whoever finds an intent makes
//! up the same bytes again and sees from the file's size how many of them are there. That holds
//! because a file has one writer at a time, so that no two intents for it are open.

use super::crew::{Kit, wall_ms};
use super::file::{End, LogFile, Writer};
use super::page::{Outcome, Page};
use super::part::{Cut, Part, Rules};
use super::record::{Gap, Intent, Left, Place, Why};
use super::render::Render;
use super::spool::{Next, Spool};
use memchr::memchr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Bytes written at a time.
const CHUNK: u64 = 256 << 10;
/// Bytes written at a time where each line grows.
const CHUNK_STAMPED: u64 = 64 << 10;

/// A file as one stream writes to it.
#[derive(Debug)]
pub(super) struct Input {
    writer: Writer,
    spool: Arc<Spool>,
    /// Which of the stream's files it is.
    index: usize,
    render: Render,
    place: Place,
    /// The number of the last record.
    number: u64,
    /// How far it is known that no line ends.
    scanned: u64,
    /// Whether more may come, and what is owed when nothing does.
    pub(super) phase: Phase,
}

/// The life of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// More may come.
    Open,
    /// No more is captured.
    Ending,
    /// All is written; the file does not tell yet what was dropped.
    Owing,
}

/// How to write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// Other streams write to the file.
    pub(super) is_shared: bool,
    /// Write also a line that has no end; its writer may go on with it.
    pub(super) all: bool,
    /// Nothing may be written, as a write that was begun cannot be completed.
    pub(super) blocked: Option<Why>,
}

impl Input {
    /// The way of `writer` into a file, from where it was left.
    pub(super) fn new(
        writer: Writer,
        (spool, index): (Arc<Spool>, usize),
        render: Render,
        (number, place): (u64, Place),
    ) -> Self {
        Self { writer, spool, index, render, place, number, scanned: 0, phase: Phase::Open }
    }

    /// Who writes.
    pub(super) fn writer(&self) -> Writer {
        self.writer
    }

    /// The place it begins at tells how the file ends, if it was the last to write.
    pub(super) fn attach(&self, file: &mut LogFile) {
        let open = file.ready().is_ok();
        if self.place.order > file.order {
            file.order = self.place.order;
            if !(open && file.is_empty()) {
                file.ends(self.writer, self.place.left);
            }
        }
    }

    /// Writes what can be written at once. Returns whether it got on.
    pub(super) fn step(&mut self, file: &mut LogFile, turn: Turn, kit: &mut Kit) -> bool {
        if self.place.intent.is_some() {
            return false;
        }
        // Where there was no head, there was nothing to consume.
        self.place.consumed = self.place.consumed.max(self.spool.first());
        match self.spool.next(self.place.consumed) {
            Next::Nothing => {
                if turn.blocked.is_none() && self.owes() && file.ready().is_ok() {
                    self.confess(file, kit);
                }
                false
            }
            Next::Gap(gap) => {
                self.pass(gap, kit);
                true
            }
            Next::Bytes { to, mark, gap_follows } => {
                let last = gap_follows || self.phase != Phase::Open;
                self.take(to, mark, last, turn, file, kit)
            }
        }
    }

    /// Whether the file has to tell that bytes are missing.
    pub(super) fn owes(&self) -> bool {
        self.place.dropped > 0
    }

    /// Whether it has written all before `goal`, an offset of the spool.
    pub(super) fn has_reached(&self, goal: u64) -> bool {
        self.place.consumed >= goal
    }

    /// All that may be written now.
    pub(super) fn goal(&self) -> u64 {
        self.spool.captured()
    }

    /// Whether a write has been begun and not completed.
    pub(super) fn is_amid_write(&self) -> bool {
        self.place.intent.is_some()
    }

    /// Whether all is written that was captured.
    pub(super) fn is_drained(&self) -> bool {
        self.place.intent.is_none() && self.spool.next(self.place.consumed) == Next::Nothing
    }

    /// Finishes a write that another process began; fails when the file cannot be had. Must come
    /// before any other write to the file.
    pub(super) fn complete(&mut self, file: &mut LogFile, kit: &mut Kit) -> Result<(), Why> {
        let Some(mut intent) = self.place.intent else {
            return Ok(());
        };
        file.ready()?;
        if !self.load(intent.len, kit) {
            return Err(self.place.why);
        }
        let now = file.mark();
        let same = |mark| now.filter(|now| (now.device, now.inode) == mark);
        let (outcome, here) = match intent.file {
            Some(was) if same((was.device, was.inode)).is_some() => {
                let there = now.map_or(0, |now| now.size.saturating_sub(was.size));
                (self.perform(file, &intent, there, kit), true)
            }
            Some(was) => {
                if let Some(mut old) = file.renamed(was) {
                    let there = old.mark().map_or(0, |now| now.size.saturating_sub(was.size));
                    (self.perform(&mut old, &intent, there, kit), false)
                } else {
                    (intent.cut, intent.goes_on) = (false, false);
                    (self.perform(file, &intent, 0, kit), true)
                }
            }
            None => (self.perform(file, &intent, 0, kit), true),
        };
        let end = file.end();
        self.finish(&outcome, &intent, file, kit);
        if !here {
            file.restore(end);
        }
        Ok(())
    }

    fn take(
        &mut self,
        to: u64,
        mark: Option<(u64, i64)>,
        last: bool,
        turn: Turn,
        file: &mut LogFile,
        kit: &mut Kit,
    ) -> bool {
        let from = self.place.consumed;
        let chunk = if self.render.is_stamped() { CHUNK_STAMPED } else { CHUNK };
        let end = to.min(from + chunk);
        let last = last && end == to;
        if end == self.scanned && !last && !turn.all {
            return false;
        }
        let whole = turn.is_shared || self.render.needs_whole_lines();
        // First what came together; a line that began then gets its time.
        let together = mark.map(|(end, _)| end).filter(|together| *together < end);
        for end in together.into_iter().chain([end]) {
            if !self.load(end - from, kit) {
                return false;
            }
            if !whole && self.skips_torn_line(kit) {
                return true;
            }
            let last = last && end == to;
            let rules = Rules {
                cut: match (whole, self.render.is_stamped()) {
                    (true, _) => Cut::ClosedLines,
                    (false, true) => Cut::Lines,
                    (false, false) => Cut::Anywhere,
                },
                last,
                all: turn.all && end == to && !self.render.needs_whole_lines(),
            };
            if let Some(part) = Part::of(&kit.buffer, rules) {
                let part = part.within(file.limit.room(), &kit.buffer);
                let at = mark.map_or_else(wall_ms, |(_, at)| at);
                kit.buffer.truncate(part.len);
                match turn.blocked {
                    Some(why) => self.drop_bytes(part.len, why, kit),
                    None => self.bring(part, at, file, kit),
                }
                return true;
            }
        }
        self.scanned = end;
        false
    }

    /// What follows a line whose beginning is lost: while nothing is said of that yet, the rest of
    /// the line is lost too. Output that has no lines is taken up anywhere.
    fn skips_torn_line(&mut self, kit: &mut Kit) -> bool {
        let is_torn = self.owes() && self.place.lost && self.place.amid_line;
        let Some(end) = memchr(b'\n', &kit.buffer).filter(|_| is_torn) else {
            return false;
        };
        self.drop_bytes(end + 1, self.place.why, kit);
        true
    }

    /// Brings bytes to the file, or drops and counts them when it does not take any.
    fn bring(&mut self, part: Part, at: i64, file: &mut LogFile, kit: &mut Kit) {
        if let Err(why) = file.ready() {
            return self.drop_bytes(part.len, why, kit);
        }
        if self.owes() && !self.confess(file, kit) {
            return self.drop_bytes(part.len, self.place.why, kit);
        }
        let intent = Intent {
            len: part.len as u64,
            at,
            goes_on: file.end() == End::Begun(self.writer),
            cut: match file.end() {
                End::Line => false,
                End::Begun(by) => by != self.writer,
                End::Torn => true,
            },
            close: part.close,
            file: file.mark(),
        };
        self.carry_out(intent, file, kit);
    }

    /// Says in the file how much is missing there. Returns whether it took that.
    fn confess(&mut self, file: &mut LogFile, kit: &mut Kit) -> bool {
        let cut = file.end() != End::Line;
        self.carry_out(Intent { cut, file: file.mark(), ..Intent::default() }, file, kit);
        !self.owes()
    }

    fn carry_out(&mut self, intent: Intent, file: &mut LogFile, kit: &mut Kit) {
        let before = (self.place.order, self.place.left);
        file.order += 1;
        self.place.order = file.order;
        self.place.intent = Some(intent);
        self.note(kit);
        let outcome = self.perform(file, &intent, 0, kit);
        if outcome.written == 0 {
            (self.place.order, self.place.left) = before;
        }
        self.finish(&outcome, &intent, file, kit);
    }

    /// Writes what an intent says, but for the bytes that are `there`. What it brings is loaded.
    fn perform(
        &mut self,
        file: &mut LogFile,
        intent: &Intent,
        there: u64,
        kit: &mut Kit,
    ) -> Outcome {
        let mut page = Page::new(&mut kit.page, file, there);
        if intent.cut {
            page.straight(b"\n");
        }
        if intent.len == 0 {
            let (count, why) = (self.place.dropped, self.place.why.words());
            let words = format!("[rpm] {count} bytes of output dropped ({why})\n");
            page.straight(words.as_bytes());
        } else {
            self.render.write(&kit.buffer, intent.at, intent.goes_on, &mut page);
            if intent.close && !self.render.needs_whole_lines() {
                page.straight(b"\n");
            }
        }
        page.end()
    }

    /// Notes what a write came to.
    fn finish(&mut self, outcome: &Outcome, intent: &Intent, file: &mut LogFile, kit: &mut Kit) {
        self.place.intent = None;
        kit.crew.counters.written.fetch_add(outcome.written, Relaxed);
        if let Some(byte) = outcome.last {
            self.place.left = match (byte, &outcome.error) {
                (b'\n', _) => Left::Line,
                (_, None) => Left::Begun,
                (_, Some(_)) => Left::Torn,
            };
            file.ends(self.writer, self.place.left);
        }
        let why = outcome.error.as_ref().map(|error| file.fail(error));
        if intent.len > 0 {
            self.place.consumed += intent.len;
            self.place.amid_line = !kit.buffer.ends_with(b"\n");
            self.place.lost = why.is_some();
        }
        match why {
            None => {
                if intent.len == 0 {
                    self.place.dropped = 0;
                }
                if file.recovered() {
                    kit.crew.counters.calm(file.path());
                }
            }
            Some(why) => {
                self.place.why = why;
                if intent.len > 0 {
                    self.place.dropped += outcome.unwritten;
                    kit.crew.counters.drop_bytes(why.words(), outcome.unwritten);
                }
            }
        }
        self.note(kit);
    }

    fn drop_bytes(&mut self, len: usize, why: Why, kit: &mut Kit) {
        self.place.consumed += len as u64;
        self.place.dropped += len as u64;
        self.place.why = why;
        self.place.lost = true;
        self.place.amid_line = len > 0 && kit.buffer[len - 1] != b'\n';
        kit.crew.counters.drop_bytes(why.words(), len as u64);
        self.note(kit);
    }

    /// Passes what is to be in no file.
    fn pass(&mut self, gap: Gap, kit: &mut Kit) {
        self.place.consumed = gap.to;
        if gap.dropped > 0 {
            self.place.dropped += gap.dropped;
            self.place.why = Why::OVERFLOW;
            kit.crew.counters.drop_bytes(Why::OVERFLOW.words(), gap.dropped);
            // It ends where a line does.
            (self.place.lost, self.place.amid_line) = (true, false);
        }
        self.note(kit);
    }

    fn note(&mut self, kit: &mut Kit) {
        self.number += 1;
        if let Err(error) = self.spool.note(self.index, self.number, &self.place) {
            tracing::error!(%error, "could not note how far a log is written");
        }
        if self.spool.consumed(self.index, self.place.consumed) {
            kit.crew.ring();
        }
    }

    /// Reads the next bytes.
    fn load(&self, len: u64, kit: &mut Kit) -> bool {
        kit.buffer.resize(usize::try_from(len).unwrap_or(0), 0);
        let read = self.spool.read(self.place.consumed, &mut kit.buffer);
        if let Err(error) = &read {
            tracing::error!(%error, "could not read what was captured");
        }
        read.is_ok()
    }
}
