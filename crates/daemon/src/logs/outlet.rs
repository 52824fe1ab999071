//! A log file and all streams that write to it, worked on by one thread at a time.
//!
//! The capture never waits for an outlet: it leaves letters and has the outlet scheduled. Whoever
//! works on it may have to wait for the disk.

use super::command::Command;
use super::crew::{Crew, Kit};
use super::file::{self, LogFile, Writer};
use super::input::{Input, Phase, Turn};
use super::ticket::Ticket;
use camino::Utf8PathBuf;
use std::collections::BTreeMap;
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
    /// Nothing more is captured of a stream.
    End(Writer),
    /// Write all there is, also lines that have no end.
    Sync(Ticket),
    /// Write what can be written, then open the file anew.
    Reopen(Ticket),
    /// Write what can be written, then empty the file.
    Empty(Ticket),
}

/// What the thread that works on it has.
#[derive(Debug)]
struct Desk {
    id: FileId,
    file: LogFile,
    inputs: BTreeMap<Writer, Input>,
    /// Those that are not [`Phase::Owing`].
    writing: usize,
    /// A predecessor's write may have to be completed.
    unfinished: bool,
    pulse: Arc<AtomicU64>,
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
        let desk = Desk {
            id,
            file: LogFile::new(path.clone()),
            inputs: BTreeMap::new(),
            writing: 0,
            unfinished: false,
            pulse: Arc::clone(&pulse),
        };
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
        self.troubled.store(desk.file.is_troubled(), Relaxed);
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

impl Desk {
    fn read(&mut self, letter: Letter, kit: &mut Kit) {
        match letter {
            Letter::Attach(input) => {
                input.attach(&mut self.file);
                self.unfinished |= input.is_amid_write();
                self.writing += 1;
                self.inputs.insert(input.writer(), *input);
            }
            Letter::End(writer) => {
                if let Some(input) = self.inputs.get_mut(&writer) {
                    input.phase = Phase::Ending;
                }
            }
            Letter::Sync(ticket) => {
                self.sync(true, kit);
                self.look(kit);
                drop(ticket);
            }
            Letter::Reopen(ticket) => {
                self.sync(false, kit);
                self.file.reopen();
                drop(ticket);
            }
            Letter::Empty(ticket) => {
                self.sync(false, kit);
                if empty(self.file.path().to_owned(), &ticket) {
                    self.file.emptied();
                }
            }
        }
    }

    /// Each stream writes some. Returns whether any got on.
    fn round(&mut self, kit: &mut Kit) -> bool {
        let turn = self.turn(false, kit);
        let mut moved = false;
        for input in self.inputs.values_mut() {
            moved |= input.step(&mut self.file, turn, kit);
            self.pulse.store(kit.crew.now_ms(), Relaxed);
        }
        if !moved {
            self.part_with_ended(kit);
        }
        moved
    }

    /// Writes what is captured now; with `all`, also lines that have no end.
    fn sync(&mut self, all: bool, kit: &mut Kit) {
        let turn = self.turn(all, kit);
        for input in self.inputs.values_mut() {
            let goal = input.goal();
            while !input.has_reached(goal) && input.step(&mut self.file, turn, kit) {
                self.pulse.store(kit.crew.now_ms(), Relaxed);
            }
        }
    }

    /// Completes what a predecessor began, and says how to go on.
    fn turn(&mut self, all: bool, kit: &mut Kit) -> Turn {
        let mut blocked = None;
        if self.unfinished {
            for input in self.inputs.values_mut() {
                blocked = blocked.or(input.complete(&mut self.file, kit).err());
            }
            self.unfinished = blocked.is_some();
        }
        Turn { is_shared: self.writing > 1, all, blocked }
    }

    fn part_with_ended(&mut self, kit: &mut Kit) {
        let (id, writing) = (self.id, &mut self.writing);
        self.inputs.retain(|writer, input| {
            if input.phase == Phase::Ending && input.is_drained() {
                *writing -= 1;
                kit.crew.tell(Command::Drained(*writer));
                if input.owes() && kit.crew.may_owe() {
                    input.phase = Phase::Owing;
                    return true;
                }
                kit.crew.tell(Command::Detached(*writer, id));
                return false;
            }
            if input.phase == Phase::Owing && !input.owes() {
                kit.crew.owe_no_more();
                kit.crew.tell(Command::Detached(*writer, id));
                return false;
            }
            true
        });
    }

    /// Tells of a new trouble, and sees whether an old one is over.
    fn look(&mut self, kit: &mut Kit) {
        if !self.file.is_troubled() {
            return;
        }
        if let Some(why) = self.file.news() {
            kit.crew.counters.trouble(self.file.path(), &why);
            kit.crew.tell(Command::Troubled(self.file.path().to_owned(), why));
        }
        let owes = self.inputs.values().any(Input::owes);
        if !owes && self.file.ready().is_ok() && self.file.recovered() {
            kit.crew.counters.calm(self.file.path());
        }
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
