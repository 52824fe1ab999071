//! How long to leave bytes in the pipes before they are read again.
//!
//! What costs is waking up, not moving bytes: reading a busy pipe at each of its lines takes ten
//! times the processor of reading it every 2 ms. So the first bytes after a quiet time are read at
//! once, and while more keep coming, passes are kept apart; unless a pipe fills up, as its app
//! would have to wait then.

use std::time::{Duration, Instant};

/// The time between passes, at most.
const WAIT: Duration = Duration::from_millis(2);
/// A pipe is kept from filling beyond 1 / this.
const ROOM: usize = 4;

/// The pace of passes.
#[derive(Debug)]
pub(super) struct Pace {
    last: Instant,
    wait: Option<Duration>,
    busiest: Fill,
}

/// How full a pipe was.
#[derive(Clone, Copy, Debug, Default)]
struct Fill {
    bytes: usize,
    capacity: usize,
}

impl Pace {
    /// After a quiet time.
    pub(super) fn new() -> Self {
        Self { last: Instant::now(), wait: None, busiest: Fill::default() }
    }

    /// One pipe held so much.
    pub(super) fn saw(&mut self, bytes: usize, capacity: usize) {
        if bytes * self.busiest.capacity.max(1) >= self.busiest.bytes * capacity {
            self.busiest = Fill { bytes, capacity };
        }
    }

    /// A pass has ended.
    pub(super) fn passed(&mut self) {
        let Fill { bytes, capacity } = std::mem::take(&mut self.busiest);
        let now = Instant::now();
        let since = now - self.last;
        self.last = now;
        let calm = bytes * ROOM <= capacity;
        self.wait = (bytes > 0 && since < WAIT * 2 && calm).then_some(WAIT);
    }

    /// How long to wait before the next pass; `None` to read whatever comes at once.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.wait
    }
}
