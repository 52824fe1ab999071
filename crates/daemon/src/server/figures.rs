//! What became of clients, counted for the report.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// Refusals are said in the log at most this often.
const SAY: Duration = Duration::from_mins(1);

/// Counters since this supervisor began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Clients of other users.
    pub(crate) foreign: u64,
    /// Clients for whom there was no room.
    pub(crate) crowded: u64,
    /// Clients that took too long to say something.
    pub(crate) late: u64,
    /// Frames that could not be read.
    pub(crate) unreadable: u64,
}

/// The counters, for those who count and those who read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    counts: Rc<Cell<Counts>>,
    said: Rc<RefCell<Option<tokio::time::Instant>>>,
}

impl Figures {
    /// What was counted.
    pub(crate) fn counts(&self) -> Counts {
        self.counts.get()
    }

    /// Turned away a client of this user.
    pub(crate) fn foreign(&self, uid: Option<u32>) {
        let count = self.count(|counts| counts.foreign += 1).foreign;
        if self.may_say() {
            tracing::warn!(?uid, count, "turned away a client of another user");
        }
    }

    /// Had no room for a client.
    pub(crate) fn crowded(&self) {
        let count = self.count(|counts| counts.crowded += 1).crowded;
        if self.may_say() {
            tracing::warn!(count, "turned away a client: there are too many");
        }
    }

    /// Gave up a client that said nothing, or not all.
    pub(crate) fn late(&self) {
        self.count(|counts| counts.late += 1);
    }

    /// Was sent what it cannot read.
    pub(crate) fn unreadable(&self) {
        self.count(|counts| counts.unreadable += 1);
    }

    fn count(&self, add: impl FnOnce(&mut Counts)) -> Counts {
        let mut counts = self.counts.get();
        add(&mut counts);
        self.counts.set(counts);
        counts
    }

    fn may_say(&self) -> bool {
        let now = tokio::time::Instant::now();
        let mut said = self.said.borrow_mut();
        let may = said.is_none_or(|at| now.duration_since(at) >= SAY);
        if may {
            *said = Some(now);
        }
        may
    }
}
