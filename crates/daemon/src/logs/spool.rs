//! Memory between a stream's pipe and its files, which outlives the supervisor.
//!
//! A spool is a file without a name, `memfd_create(2)`, that the keeper also holds. Bytes are moved
//! into it by the kernel, which takes them out of the pipe and makes the file larger in one step
//! that no signal divides: so its size tells what has been captured, whenever the supervisor dies.
//! Offsets only grow; what all files have is punched out, `fallocate(2)`, and costs no memory.
//!
//! At its head stand a description of the stream and three records: the gaps, which belong to the
//! capture, and a place for each of the two files, which belong to whoever writes that file. A
//! record is written by one `pwrite(2)` within a page. A stream that says nothing costs no memory.

use super::counters::Counters;
use super::head::{self, Description, PAGE, read_exactly, read_record, write_record};
use super::record::{GAPS_MAX, Gap, Gaps, Place};
use rustix::fs::{FallocateFlags, MemfdFlags, SeekFrom, fallocate, fstat, ftruncate, memfd_create};
use rustix::io::Errno;
use rustix::pipe::SpliceFlags;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Memory is given back in pieces of this size.
const PUNCH: u64 = 256 << 10;
/// What stays in memory while the last lines of a run are of interest.
const TAIL: u64 = 4 << 10;
/// Stamps of captures that wait; more share one.
const MARKS_MAX: usize = 1024;

/// The spool of one stream.
#[derive(Debug)]
pub(super) struct Spool {
    memory: OwnedFd,
    counters: Arc<Counters>,
    view: Mutex<View>,
}

/// What the capture and the writers of files share.
#[derive(Debug)]
struct View {
    /// Where bytes begin; 0 while there is no head.
    data_at: u64,
    /// All before this offset is a byte of the stream or in a gap.
    captured: u64,
    gaps: Gaps,
    gaps_number: u64,
    /// How far the writer of each file is.
    places: Vec<u64>,
    /// How far all of them are.
    freed: u64,
    punched: u64,
    /// Bytes that wait.
    used: u64,
    /// Ends of captures and their times, where stamps are needed.
    marks: VecDeque<(u64, i64)>,
    is_stamped: bool,
    keeps_tail: bool,
    /// Tell the capture when so few bytes are left.
    tell_at: Option<u64>,
}

/// What comes next for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing yet.
    Nothing,
    /// Bytes.
    Bytes {
        /// Their end.
        to: u64,
        /// The end of those that came with the first of them, and when that was, in ms since 1970;
        /// where stamps are needed and it is known.
        mark: Option<(u64, i64)>,
        /// What would come after them is dropped.
        gap_follows: bool,
    },
    /// Nothing that is to be written.
    Gap(Gap),
}

/// An empty spool. Closes on exec.
pub fn create() -> io::Result<OwnedFd> {
    Ok(memfd_create("rpm-log", MemfdFlags::CLOEXEC)?)
}

impl Spool {
    /// Takes a spool over. Returns the place of each file with the number of its record.
    pub(super) fn open(
        memory: OwnedFd,
        (known, files): (Option<&Description>, usize),
        (is_stamped, keeps_tail): (bool, bool),
        counters: Arc<Counters>,
    ) -> io::Result<(Self, Vec<(u64, Place)>)> {
        let mut places = vec![(0, Place::default()); files];
        let mut gaps = (0, Gaps::default());
        let (mut data_at, mut size) = (0, 0);
        if let Some(known) = known {
            data_at = head::length(known)?;
            gaps = read_record(&memory, 0)?;
            for (index, place) in places.iter_mut().enumerate() {
                *place = read_record(&memory, index + 1)?;
                place.1.consumed = place.1.consumed.max(data_at);
            }
            size = u64::try_from(fstat(&memory)?.st_size).unwrap_or(0).max(data_at);
            // A gap that fills a page may have been noted and not made.
            let end = gaps.1.list.last().map_or(size, |gap| gap.to);
            if end > size {
                ftruncate(&memory, end)?;
                size = end;
            }
        }
        let offsets: Vec<u64> = places.iter().map(|(_, place)| place.consumed).collect();
        let freed = offsets.iter().copied().min().unwrap_or(size);
        let mut view = View {
            data_at,
            captured: size,
            gaps: gaps.1,
            gaps_number: gaps.0,
            places: offsets,
            freed,
            punched: data_at,
            used: 0,
            marks: VecDeque::new(),
            is_stamped,
            keeps_tail,
            tell_at: None,
        };
        if view.gaps.is_open {
            view.captured = view.gaps.list.last().map_or(size, |gap| gap.to);
        }
        view.used = (view.captured - freed).saturating_sub(view.in_gaps(freed, view.captured));
        counters.spool(view.used);
        Ok((Self { memory, counters, view: Mutex::new(view) }, places))
    }

    /// Writes the head, unless there is one. Returns where bytes begin.
    pub(super) fn begin(&self, description: &Description) -> io::Result<u64> {
        let known = self.view().data_at;
        if known > 0 {
            return Ok(known);
        }
        let data_at = head::write(&self.memory, description)?;
        let mut view = self.view();
        (view.data_at, view.captured, view.freed, view.punched) =
            (data_at, data_at, data_at, data_at);
        view.places.fill(data_at);
        Ok(data_at)
    }

    /// The size of it: what has been captured, known to the writers or not.
    pub(super) fn size(&self) -> io::Result<u64> {
        Ok(u64::try_from(fstat(&self.memory)?.st_size).unwrap_or(0))
    }

    /// Moves at most `room` bytes from a pipe to the end, which is at `size`.
    pub(super) fn capture(
        &self,
        pipe: BorrowedFd<'_>,
        size: u64,
        room: usize,
    ) -> Result<usize, Errno> {
        loop {
            let mut at = size;
            let flags = SpliceFlags::NONBLOCK;
            match rustix::pipe::splice(pipe, None, &self.memory, Some(&mut at), room, flags) {
                Err(Errno::INTR) => {}
                moved => return moved,
            }
        }
    }

    /// Hands bytes before `to`, captured at `at`, to the writers.
    pub(super) fn publish(&self, to: u64, at: i64) {
        let mut view = self.view();
        let bytes = to - view.captured;
        view.captured = to;
        view.used += bytes;
        if view.is_stamped {
            if view.marks.len() >= MARKS_MAX {
                view.marks.pop_back();
            }
            view.marks.push_back((to, at));
        }
        self.counters.spool(bytes);
    }

    /// Bytes that wait to be written.
    pub(super) fn used(&self) -> u64 {
        self.view().used
    }

    /// What the writers may know of: all before this offset.
    pub(super) fn captured(&self) -> u64 {
        self.view().captured
    }

    /// Where bytes begin.
    pub(super) fn first(&self) -> u64 {
        self.view().data_at
    }

    /// The gaps.
    pub(super) fn gaps(&self) -> Gaps {
        self.view().gaps.clone()
    }

    /// Asks to be told when at most `bytes` wait. Returns `false` when that is so already.
    pub(super) fn tell_at(&self, bytes: u64) -> bool {
        let mut view = self.view();
        let waits = view.used > bytes;
        view.tell_at = waits.then_some(bytes);
        waits
    }

    /// Takes note of the gaps and of what has been captured with them.
    pub(super) fn set_gaps(&self, mut gaps: Gaps, captured: u64) -> io::Result<()> {
        let mut view = self.view();
        let freed = view.freed;
        gaps.list.retain(|gap| gap.to > freed);
        view.gaps_number += 1;
        write_record(&self.memory, 0, view.gaps_number, &gaps)?;
        view.gaps = gaps;
        view.captured = captured;
        Ok(())
    }

    /// Whether there is room to note one gap more, and one after it.
    pub(super) fn may_gap(&self) -> bool {
        let view = self.view();
        view.gaps.list.iter().filter(|gap| gap.to > view.freed).count() + 1 < GAPS_MAX
    }

    /// What comes after `offset`.
    pub(super) fn next(&self, offset: u64) -> Next {
        let view = self.view();
        let (mut to, mut gap_follows, gaps) = (view.captured, false, &view.gaps);
        if let Some((index, gap)) = gaps.list.iter().enumerate().find(|(_, gap)| gap.to > offset) {
            if gap.from > offset {
                (to, gap_follows) = (gap.from, true);
            } else if gaps.is_open && index + 1 == gaps.list.len() {
                return Next::Nothing;
            } else {
                return Next::Gap(*gap);
            }
        }
        if to <= offset {
            return Next::Nothing;
        }
        let mark = view.marks.iter().find(|(end, _)| *end > offset).copied();
        Next::Bytes { to, mark, gap_follows }
    }

    /// Reads what is at `offset` into `buffer`; all of it is there.
    pub(super) fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        read_exactly(&self.memory, buffer, offset)
    }

    /// The writer of a file notes its place.
    pub(super) fn note(&self, index: usize, number: u64, place: &Place) -> io::Result<()> {
        write_record(&self.memory, index + 1, number, place)
    }

    /// The writer of a file is at `offset`, and that is noted. Gives back memory. Returns whether
    /// the capture waits for this.
    pub(super) fn consumed(&self, index: usize, offset: u64) -> bool {
        let mut view = self.view();
        if let Some(place) = view.places.get_mut(index) {
            *place = offset;
        }
        let low = view.places.iter().copied().min().unwrap_or(offset);
        if low > view.freed {
            let gone = low - view.freed - view.in_gaps(view.freed, low);
            view.used = view.used.saturating_sub(gone);
            view.freed = low;
            self.counters.unspool(gone);
            while view.marks.front().is_some_and(|(end, _)| *end <= low) {
                view.marks.pop_front();
            }
        }
        let keep = if view.keeps_tail { TAIL } else { 0 };
        let end = low.min(view.captured.saturating_sub(keep)) / PAGE * PAGE;
        if end >= view.punched + PUNCH {
            self.punch(view.punched, end);
            view.punched = end;
        }
        let tell = view.tell_at.is_some_and(|bytes| view.used <= bytes);
        if tell {
            view.tell_at = None;
        }
        tell
    }

    /// Nobody will ask for the last lines.
    pub(super) fn forget_tail(&self) {
        self.view().keeps_tail = false;
    }

    /// Gives back all memory but the head, when all is written. Only the capture may call it.
    /// Returns the new size, if it has changed.
    pub(super) fn trim(&self) -> io::Result<Option<u64>> {
        let (mut gaps, size, punched) = {
            let view = self.view();
            let busy = view.used > 0 || view.keeps_tail || view.gaps.is_open;
            if busy || view.data_at == 0 || view.captured == view.punched {
                return Ok(None);
            }
            (view.gaps.clone(), view.captured, view.punched)
        };
        if !self.may_gap() {
            return Ok(None);
        }
        let end = size.next_multiple_of(PAGE);
        if end > size {
            gaps.list.push(Gap { from: size, to: end, dropped: 0 });
            self.set_gaps(gaps, end)?;
            // Without it, whatever is captured next makes the file as large, and so does a
            // successor that finds the gap.
            if let Err(error) = ftruncate(&self.memory, end) {
                tracing::debug!(%error, "could not extend a spool");
            }
        }
        self.punch(punched, end);
        self.view().punched = end;
        Ok(Some(end))
    }

    /// The last bytes that are still in memory, at most 4 KiB.
    pub(super) fn last_bytes(&self) -> io::Result<Vec<u8>> {
        let (data_at, end) = {
            let view = self.view();
            (view.data_at, view.captured)
        };
        let from = end.saturating_sub(TAIL).max(data_at);
        if data_at == 0 || from >= end {
            return Ok(Vec::new());
        }
        // Nobody uses the offset of the descriptor.
        let from = match rustix::fs::seek(&self.memory, SeekFrom::Data(from)) {
            Ok(found) => found,
            Err(Errno::NXIO) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut bytes = vec![0; usize::try_from(end.saturating_sub(from)).unwrap_or(0)];
        self.read(from, &mut bytes)?;
        Ok(bytes)
    }

    /// Gives back the memory of a gap that grows, as far as whole pages of it are before `end`.
    pub(super) fn punch_gap(&self, from: u64, end: u64) {
        self.punch(from.next_multiple_of(PAGE), end / PAGE * PAGE);
    }

    fn punch(&self, from: u64, to: u64) {
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        if to > from
            && let Err(error) = fallocate(&self.memory, flags, from, to - from)
        {
            tracing::debug!(%error, "could not give back the memory of a spool");
        }
    }

    /// Nobody panics while holding it.
    fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let used = self.view().used;
        self.counters.unspool(used);
    }
}

impl View {
    /// Bytes between two offsets that are in gaps.
    fn in_gaps(&self, from: u64, to: u64) -> u64 {
        let overlap = |gap: &Gap| gap.to.min(to).saturating_sub(gap.from.max(from));
        self.gaps.list.iter().map(overlap).sum()
    }
}
