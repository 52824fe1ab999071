//! A log file and all streams that write to it, worked on by one thread at a time.
//!
//! The capture never waits for an outlet: it leaves letters and has the outlet scheduled. Whoever
//! works on it may have to wait for the disk.

use super::crew::{Crew, Kit};
use super::desk::Desk;
use super::file::{self, Writer};
use super::input::Input;
use super::rotation::Rules;
use super::ticket::Ticket;
use camino::Utf8PathBuf;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Rounds before other files have their turn.
const ROUNDS: usize = 4;
/// A write that takes longer hangs, in ms.
const HUNG_MS: u64 = 1000;

/// Names an outlet.
pub(super) type FileId = u64;

/// A log file.
#[derive(Debug)]
pub(super) struct Outlet {
    path: Utf8PathBuf,
    letters: Mutex<Vec<Letter>>,
    state: AtomicU8,
    /// When it got on last, while it is worked on, in ms of the crew's clock.
    pulse: Arc<AtomicU64>,
    troubled: AtomicBool,
    desk: Mutex<Desk>,
}

/// What an outlet is told.
#[derive(Debug)]
pub(super) enum Letter {
    /// A stream writes to it from now on.
    Attach(Box<Input>),
    /// When it is put aside from now on.
    Rules(Option<Arc<Rules>>),
    /// A time has come at which files are put aside.
    Due,
    /// Nothing more is captured of a stream.
    End(Writer),
    /// Write all there is, also lines that have no end.
    Sync(Ticket),
    /// Write what can be written, then open the file anew.
    Reopen(Ticket),
    /// Write what can be written, then empty the file.
    Empty(Ticket),
}

/// What is going on with an outlet.
mod state {
    /// Nothing.
    pub(super) const IDLE: u8 = 0;
    /// It waits for a thread.
    pub(super) const QUEUED: u8 = 1;
    /// A thread works on it.
    pub(super) const RUNNING: u8 = 2;
    /// A thread works on it, and there is more to do.
    pub(super) const AGAIN: u8 = 3;
}

impl Outlet {
    /// An outlet that nobody writes to.
    pub(super) fn new(id: FileId, path: Utf8PathBuf) -> Self {
        let pulse = Arc::new(AtomicU64::new(0));
        let desk = Desk::new(id, path.clone(), Arc::clone(&pulse));
        Self {
            path,
            letters: Mutex::default(),
            state: AtomicU8::new(state::IDLE),
            pulse,
            troubled: AtomicBool::new(false),
            desk: Mutex::new(desk),
        }
    }

    /// The file.
    pub(super) fn path(&self) -> &Utf8PathBuf {
        &self.path
    }

    /// Leaves a letter; it is read when the outlet is next worked on.
    pub(super) fn leave(&self, letter: Letter) {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
    }

    /// Whether a write to it does not come to an end, or no thread comes to it because others hang.
    pub(super) fn is_hung(&self, crew: &Crew) -> bool {
        let since = match self.state.load(Acquire) {
            state::IDLE => return false,
            state::QUEUED => crew.taken_last_ms(),
            _ => self.pulse.load(Relaxed),
        };
        crew.now_ms().saturating_sub(since) > HUNG_MS
    }

    /// Whether it did not take bytes when last tried.
    pub(super) fn is_troubled(&self) -> bool {
        self.troubled.load(Relaxed)
    }

    /// There is work. Returns whether it has to be queued for that.
    fn call(&self) -> bool {
        loop {
            let now = self.state.load(Acquire);
            let next = match now {
                state::IDLE => state::QUEUED,
                state::RUNNING => state::AGAIN,
                _ => return false,
            };
            if self.state.compare_exchange(now, next, AcqRel, Acquire).is_ok() {
                return next == state::QUEUED;
            }
        }
    }

    /// Works on it. Returns whether it is to be queued again.
    pub(super) fn work(&self, kit: &mut Kit) -> bool {
        self.pulse.store(kit.crew.now_ms(), Relaxed);
        self.state.store(state::RUNNING, SeqCst);
        let mut desk = self.desk();
        let mut more = true;
        for _ in 0..ROUNDS {
            let letters = std::mem::take(&mut *self.lock_letters());
            for letter in letters {
                desk.read(letter, kit);
            }
            more = desk.round(kit);
            if !more {
                break;
            }
        }
        desk.look(kit);
        self.troubled.store(desk.is_troubled(), Relaxed);
        drop(desk);
        let idle = !more
            && self.state.compare_exchange(state::RUNNING, state::IDLE, AcqRel, Acquire).is_ok();
        if !idle {
            self.state.store(state::QUEUED, SeqCst);
        }
        !idle
    }

    fn lock_letters(&self) -> MutexGuard<'_, Vec<Letter>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Empties a file, for whoever asked for it.
pub(super) fn empty(path: Utf8PathBuf, ticket: &Ticket) -> bool {
    match file::empty(&path) {
        Ok(()) => {
            ticket.emptied(path);
            true
        }
        Err(error) => {
            if error.kind() != std::io::ErrorKind::NotFound {
                tracing::warn!(%path, %error, "could not empty a log file");
            }
            false
        }
    }
}

/// Has an outlet worked on.
pub(super) fn schedule(outlet: &Arc<Outlet>, crew: &Arc<Crew>) {
    if outlet.call() {
        crew.queue(super::crew::Job::Work(Arc::clone(outlet)));
    }
}
