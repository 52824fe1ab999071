//! Followers: whoever watches new lines, each with a queue of its own.
//!
//! A follower that falls behind loses lines, never the app's time nor the daemon's memory. Once its
//! queue is full, new lines are counted instead until it has read half of it; the count stands where
//! the lines would be. Lines delivered and lines missed add up to the lines written.

use super::command::{Command, Door};
use super::{Filter, Source};
use rpm_proto::{LogLine, Stream};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::Notify;

/// Lines that wait for a follower, at most.
const LINES_MAX: usize = 4096;
/// Bytes that wait for a follower, at most; a single line may go beyond.
const BYTES_MAX: usize = 4 << 20;

/// What a follower is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// A line, and where it comes from.
    Line(LogLine, Arc<Source>),
    /// So many lines were left out here.
    Missed(u64),
}

/// New lines, for one client. Dropping it ends the subscription.
#[derive(Debug)]
pub struct Follower {
    queue: Arc<Queue>,
    door: Weak<Door>,
}

/// A follower as the thread knows it.
#[derive(Clone)]
pub(super) struct Subscription {
    queue: Arc<Queue>,
    filter: Filter,
    out: bool,
    err: bool,
}

/// Lines on their way to one follower.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Debug, Default)]
struct State {
    entries: VecDeque<Entry>,
    lines: usize,
    bytes: usize,
    /// Lines are being left out; the last entry counts them.
    skipping: bool,
    closed: bool,
}

#[derive(Debug)]
enum Entry {
    Line { source: Arc<Source>, stream: Stream, at: i64, bytes: Box<[u8]> },
    Missed(u64),
}

/// Subscribes.
pub(super) fn follow(door: &Arc<Door>, filter: Filter, out: bool, err: bool) -> Follower {
    let queue = Arc::<Queue>::default();
    door.send(Command::Follow(Subscription { queue: Arc::clone(&queue), filter, out, err }));
    Follower { queue, door: Arc::downgrade(door) }
}

impl Follower {
    /// The next line, or how many were left out; `None` when the thread has ended.
    pub async fn next(&mut self) -> Option<Followed> {
        loop {
            let news = self.queue.news.notified();
            {
                let mut state = self.queue.state();
                if let Some(entry) = state.pop() {
                    return Some(entry.into_followed());
                }
                if state.closed {
                    return None;
                }
            }
            news.await;
        }
    }

    /// What is there now, without waiting.
    pub fn try_next(&mut self) -> Option<Followed> {
        self.queue.state().pop().map(Entry::into_followed)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(door) = self.door.upgrade() {
            door.send(Command::Unfollow);
        }
    }
}

impl Subscription {
    /// The queue, when it takes lines of this stream.
    pub(super) fn wants(&self, source: &Source, stream: Stream) -> Option<Arc<Queue>> {
        let asked = match stream {
            Stream::Out => self.out,
            Stream::Err => self.err,
        };
        (asked && (self.filter)(source)).then(|| Arc::clone(&self.queue))
    }

    /// Whether somebody reads it.
    pub(super) fn is_alive(&self) -> bool {
        !self.queue.is_closed()
    }

    /// No line will come any more.
    pub(super) fn close(&self) {
        self.queue.close();
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("out", &self.out)
            .field("err", &self.err)
            .finish_non_exhaustive()
    }
}

impl Queue {
    /// Adds a line, or counts it. [`Self::tell`] must follow.
    pub(super) fn push(&self, source: &Arc<Source>, stream: Stream, at: i64, line: &[u8]) {
        let mut state = self.state();
        if !state.has_room() {
            state.skip();
            return;
        }
        state.lines += 1;
        state.bytes += line.len();
        let source = Arc::clone(source);
        state.entries.push_back(Entry::Line { source, stream, at, bytes: line.into() });
    }

    /// Wakes the follower.
    pub(super) fn tell(&self) {
        self.news.notify_one();
    }

    /// Whether its follower or the thread has gone.
    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    fn close(&self) {
        self.state().closed = true;
        self.tell();
    }

    /// Nobody panics while holding it; were it so, the queue would still be whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether a line fits. After lines were left out, only when the queue is half empty: a
    /// follower at its limit sees few long gaps rather than many short ones.
    fn has_room(&mut self) -> bool {
        let share = if self.skipping { 2 } else { 1 };
        self.skipping = self.lines >= LINES_MAX / share || self.bytes >= BYTES_MAX / share;
        !self.skipping
    }

    fn skip(&mut self) {
        match self.entries.back_mut() {
            Some(Entry::Missed(lines)) => *lines += 1,
            _ => self.entries.push_back(Entry::Missed(1)),
        }
    }

    fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        if let Entry::Line { bytes, .. } = &entry {
            self.lines -= 1;
            self.bytes -= bytes.len();
        }
        Some(entry)
    }
}

impl Entry {
    fn into_followed(self) -> Followed {
        match self {
            Self::Missed(lines) => Followed::Missed(lines),
            Self::Line { source, stream, at, bytes } => {
                let line = LogLine {
                    proc: source.proc.0,
                    name: source.name.to_string(),
                    stream,
                    at,
                    bytes: bytes.into_vec(),
                };
                Followed::Line(line, source)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpm_core::ProcId;

    fn fill(queue: &Queue, lines: usize, size: usize) {
        let source = Arc::new(Source {
            proc: ProcId(0),
            name: Arc::from("api"),
            namespace: Arc::from("default"),
        });
        for _ in 0..lines {
            queue.push(&source, Stream::Out, 0, &vec![b'x'; size]);
        }
    }

    /// Reads so many entries; returns how many lines they tell of.
    fn read(queue: &Queue, entries: usize) -> usize {
        let told = |entry| match entry {
            Entry::Line { .. } => 1,
            Entry::Missed(lines) => usize::try_from(lines).unwrap(),
        };
        (0..entries).filter_map(|_| queue.state().pop()).map(told).sum()
    }

    #[test]
    fn a_follower_at_its_limit_sees_few_long_gaps() {
        let queue = Queue::default();
        fill(&queue, LINES_MAX + 5, 1);
        assert_eq!(read(&queue, LINES_MAX / 2), LINES_MAX / 2);
        fill(&queue, 5, 1);
        assert_eq!(read(&queue, 1), 1);
        fill(&queue, 7, 1);
        let entries = queue.state().entries.len();
        assert_eq!(entries, LINES_MAX / 2 - 1 + 1 + 7, "one gap of ten lines");
        assert_eq!(read(&queue, entries), LINES_MAX / 2 - 1 + 10 + 7);
    }

    #[test]
    fn long_lines_are_limited_by_their_bytes() {
        let queue = Queue::default();
        fill(&queue, 100, 1 << 20);
        assert_eq!(queue.state().bytes, BYTES_MAX);
        assert_eq!(read(&queue, 100), 100);
        assert_eq!(queue.state().bytes, 0);
    }
}
