//! What waits to be written. While the disk hangs, newer values take the place of older ones, so
//! that what waits is never more than the table, and one promise for each client.

use super::Kept;
use camino::Utf8PathBuf;
use rpm_journal::{Delta, Figures};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// A file that is to be replaced.
pub(super) struct Replace {
    pub(super) path: Utf8PathBuf,
    /// `None` takes it away.
    pub(super) bytes: Option<Vec<u8>>,
    pub(super) done: oneshot::Sender<io::Result<()>>,
}

/// Everything that waits.
#[derive(Default)]
pub(super) struct Waiting {
    /// Changes of the table.
    pub(super) delta: Delta,
    /// Who is told when they, and all before, are on the disk.
    pub(super) done: Vec<Kept>,
    /// Pid files; `None` takes one away.
    pub(super) pids: BTreeMap<Utf8PathBuf, Option<u32>>,
    /// Each has a client that waits for it.
    pub(super) files: VecDeque<Replace>,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        let Self { delta, done, pids, files } = self;
        delta.is_empty() && done.is_empty() && pids.is_empty() && files.is_empty()
    }
}

/// Between the owner of the table and the thread that writes.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    rang: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Waiting,
    figures: Figures,
    closed: bool,
}

impl Inbox {
    /// Adds to what waits; `false` when nobody writes any more.
    pub(super) fn add(&self, add: impl FnOnce(&mut Waiting)) -> bool {
        let mut state = self.state();
        if state.closed {
            return false;
        }
        add(&mut state.waiting);
        self.rang.notify_one();
        true
    }

    /// Takes all that waits, once something does or `patience` is over; `None` at the end.
    pub(super) fn take(&self, patience: Option<Duration>) -> Option<Waiting> {
        let idle = |state: &mut State| state.waiting.is_empty() && !state.closed;
        let mut state = match patience {
            None => {
                self.rang.wait_while(self.state(), idle).unwrap_or_else(PoisonError::into_inner)
            }
            Some(patience) => {
                let waited = self.rang.wait_timeout_while(self.state(), patience, idle);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        let waiting = std::mem::take(&mut state.waiting);
        (!state.closed || !waiting.is_empty()).then_some(waiting)
    }

    /// Nothing more comes, or nobody writes: what still waits is told so by its promises.
    pub(super) fn close(&self, forget: bool) {
        let mut state = self.state();
        state.closed = true;
        if forget {
            state.waiting = Waiting::default();
        }
        self.rang.notify_one();
    }

    /// What has been written.
    pub(super) fn figures(&self) -> Figures {
        self.state().figures.clone()
    }

    /// The writer tells what it has written.
    pub(super) fn set_figures(&self, figures: Figures) {
        self.state().figures = figures;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
