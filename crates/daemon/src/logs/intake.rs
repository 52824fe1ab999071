//! What becomes of a stream's bytes before they go to files: kept, left in the pipe, or dropped.
//!
//! While files take bytes, little is kept: an app that prints faster than the disk writes waits in
//! its pipe, as it would if it wrote the file itself. While a file hangs or fails, more is kept, so
//! that no app waits for it. Beyond a bound, whole lines are dropped and counted, until half of what
//! is kept has been written; each file tells how much is missing where it is missing.

use super::head::Description;
use super::record::Gap;
use super::spool::Spool;
use memchr::memchr;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// What is kept of a stream whose files take bytes.
const KEPT: u64 = 256 << 10;
/// The same, while there is much of other streams.
const KEPT_CROWDED: u64 = 64 << 10;
/// What is kept of a stream whose file hangs.
const KEPT_HUNG: u64 = 4 << 20;
/// What is kept of all streams; each may have [`KEPT_CROWDED`] beyond.
pub(super) const KEPT_ALL: u64 = 64 << 20;
/// All streams together are a crowd.
const CROWD: u64 = KEPT_ALL / 4;
/// A line that has begun when the bound is reached is kept, up to this.
const LINE_MAX: usize = 64 << 10;
/// Moved at a time.
const MOVE_MAX: u64 = 1 << 20;
/// Moved at a time where bytes have to be looked at.
const LOOK_MAX: usize = 256 << 10;

/// The way of one stream into its spool.
#[derive(Debug)]
pub(super) struct Intake {
    spool: Arc<Spool>,
    description: Description,
    /// The size of the spool; 0 before the first bytes.
    size: u64,
    flow: Flow,
}

/// What is done with bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// They are kept.
    Keep,
    /// Those up to the end of the line are kept; so many at most.
    Close { left: usize },
    /// They are dropped; the last one did or did not end a line.
    Drop { amid_line: bool },
}

/// How things are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    /// A file of the stream hangs or fails.
    pub(super) is_hung: bool,
    /// Take what is in the pipe now, whatever is kept already.
    pub(super) force: bool,
    /// Bytes that are kept of all streams.
    pub(super) all: u64,
}

/// What taking once gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// So many bytes.
    Bytes(usize),
    /// None now.
    Nothing,
    /// None ever again.
    End,
    /// They are left in the pipe for now.
    Full,
}

impl Intake {
    /// The way into a spool, from where it was left.
    pub(super) fn open(spool: Arc<Spool>, description: Description, at: i64) -> io::Result<Self> {
        let size = spool.size()?;
        let gaps = spool.gaps();
        let flow = if gaps.is_open { Flow::Drop { amid_line: gaps.amid_line } } else { Flow::Keep };
        let mut intake = Self { spool, description, size, flow };
        intake.sort_out_rest(at)?;
        Ok(intake)
    }

    /// Its spool.
    pub(super) fn spool(&self) -> &Arc<Spool> {
        &self.spool
    }

    /// Takes what is in a pipe, at the time `at`. `buffer` is memory to use; with `show`, what was
    /// taken is in it.
    pub(super) fn take(
        &mut self,
        pipe: BorrowedFd<'_>,
        weather: Weather,
        (at, show): (i64, bool),
        buffer: &mut Vec<u8>,
    ) -> io::Result<Taken> {
        let Some(room) = self.room(weather) else {
            return Ok(Taken::Full);
        };
        if self.size == 0 {
            match look(pipe)? {
                Taken::Bytes(_) => self.size = self.spool.begin(&self.description)?,
                nothing => return Ok(nothing),
            }
        }
        let from = self.size;
        match self.spool.capture(pipe, from, room) {
            Ok(0) => Ok(Taken::End),
            Ok(count) => {
                self.size += count as u64;
                // Once they are handed on, they may be written and gone at any time.
                if show || self.flow != Flow::Keep {
                    buffer.resize(count, 0);
                    self.spool.read(from, buffer)?;
                }
                self.sort(from, at, self.may_resume(weather), buffer)?;
                Ok(Taken::Bytes(count))
            }
            Err(Errno::AGAIN) => Ok(Taken::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether there is room again for what was left in the pipe.
    pub(super) fn has_room(&mut self, weather: Weather) -> bool {
        self.room(weather).is_some()
    }

    /// Asks to be told when there is room. Returns `false` when there is some.
    pub(super) fn wait(&self) -> bool {
        self.spool.tell_at(KEPT_CROWDED / 2)
    }

    /// Whether bytes are dropped.
    pub(super) fn drops(&self) -> bool {
        matches!(self.flow, Flow::Drop { .. })
    }

    /// Stops dropping where that can be done between two lines. Returns whether it did.
    pub(super) fn resume(&mut self, weather: Weather) -> io::Result<bool> {
        let between = self.flow == Flow::Drop { amid_line: false };
        if !between || !self.may_resume(weather) {
            return Ok(false);
        }
        self.end()?;
        Ok(true)
    }

    /// Nothing more will be taken: what was dropped is all of it.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.flow = Flow::Keep;
        let mut gaps = self.spool.gaps();
        if gaps.is_open {
            gaps.is_open = false;
            self.spool.set_gaps(gaps, self.spool.captured())?;
        }
        Ok(())
    }

    /// Gives back memory after a rush.
    pub(super) fn trim(&mut self) -> io::Result<()> {
        if let Some(size) = self.spool.trim()? {
            self.size = size;
        }
        Ok(())
    }

    /// How much may be taken now; `None` when it is to be left in the pipe.
    fn room(&mut self, weather: Weather) -> Option<usize> {
        if self.flow == Flow::Keep {
            let used = self.spool.used();
            let kept = match weather {
                Weather { force: true, .. } => used + MOVE_MAX,
                Weather { is_hung: true, all, .. } if all < KEPT_ALL => KEPT_HUNG,
                Weather { is_hung: false, all, .. } if all < CROWD => KEPT,
                _ => KEPT_CROWDED,
            };
            if used < kept {
                return usize::try_from((kept - used).min(MOVE_MAX)).ok();
            }
            if !weather.is_hung || !self.spool.may_gap() {
                return None;
            }
            self.flow = Flow::Close { left: LINE_MAX };
        }
        Some(LOOK_MAX)
    }

    fn may_resume(&self, weather: Weather) -> bool {
        let all = if weather.is_hung { KEPT_ALL / 2 } else { KEPT_ALL };
        self.spool.used() < KEPT_HUNG / 2 && weather.all < all && self.spool.may_gap()
    }

    /// Sorts out what was captured from `from` on; unless all is kept, it is in the buffer.
    fn sort(&mut self, from: u64, at: i64, may_resume: bool, buffer: &[u8]) -> io::Result<()> {
        if self.flow == Flow::Keep {
            self.spool.publish(self.size, at);
            return Ok(());
        }
        let amid_line = !buffer.ends_with(b"\n");
        let line_end = memchr(b'\n', buffer).map(|end| end + 1);
        match (self.flow, line_end) {
            (Flow::Close { left }, None) if buffer.len() < left => {
                self.spool.publish(self.size, at);
                self.flow = Flow::Close { left: left - buffer.len() };
            }
            (Flow::Close { .. }, end) => {
                self.spool.publish(from + end.unwrap_or(0) as u64, at);
                self.drop_to(self.size, amid_line)?;
            }
            (Flow::Drop { amid_line: true }, Some(end)) if may_resume => {
                self.drop_to(from + end as u64, false)?;
                self.end()?;
                self.spool.publish(self.size, at);
            }
            (Flow::Drop { amid_line: false }, _) if may_resume => {
                self.end()?;
                self.spool.publish(self.size, at);
            }
            (Flow::Drop { .. } | Flow::Keep, _) => self.drop_to(self.size, amid_line)?,
        }
        Ok(())
    }

    /// A predecessor captured these and had not sorted them out.
    fn sort_out_rest(&mut self, at: i64) -> io::Result<()> {
        let size = self.size;
        let mut buffer = Vec::new();
        while self.spool.captured() < size {
            let from = self.spool.captured();
            self.size = size.min(from + LOOK_MAX as u64);
            buffer.resize(usize::try_from(self.size - from).unwrap_or(0), 0);
            self.spool.read(from, &mut buffer)?;
            self.sort(from, at, false, &buffer)?;
        }
        self.size = size;
        Ok(())
    }

    /// All that is not handed on before `to` is dropped.
    fn drop_to(&mut self, to: u64, amid_line: bool) -> io::Result<()> {
        self.flow = Flow::Drop { amid_line };
        let from = self.spool.captured();
        if to == from {
            return Ok(());
        }
        let mut gaps = self.spool.gaps();
        match gaps.list.last_mut().filter(|_| gaps.is_open) {
            Some(gap) => {
                gap.to = to;
                gap.dropped += to - from;
            }
            None => gaps.list.push(Gap { from, to, dropped: to - from }),
        }
        let begun = gaps.list.last().map_or(from, |gap| gap.from);
        (gaps.is_open, gaps.amid_line) = (true, amid_line);
        self.spool.set_gaps(gaps, to)?;
        self.spool.punch_gap(begun.max(from.saturating_sub(LOOK_MAX as u64)), to);
        Ok(())
    }
}

/// Sees what a pipe has, without taking it: bytes that are taken before there is a head belong to
/// nobody.
fn look(pipe: BorrowedFd<'_>) -> io::Result<Taken> {
    let mut fds = [PollFd::new(&pipe, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    let found = fds[0].revents();
    Ok(if found.contains(PollFlags::IN) {
        Taken::Bytes(0)
    } else if found.is_empty() {
        Taken::Nothing
    } else {
        Taken::End
    })
}

#[cfg(test)]
mod tests;
