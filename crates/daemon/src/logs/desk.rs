//! The work on one log file, by one thread at a time.

use super::aside::Aside;
use super::command::Command;
use super::crew::{Kit, wall_ms};
use super::file::{End, LogFile, Writer};
use super::input::{Input, Phase, Turn};
use super::outlet::{FileId, Letter, empty};
use camino::Utf8PathBuf;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// What the thread that works on it has.
#[derive(Debug)]
pub(super) struct Desk {
    id: FileId,
    file: LogFile,
    inputs: BTreeMap<Writer, Input>,
    /// Those that are not [`Phase::Owing`].
    writing: usize,
    /// A predecessor's write may have to be completed.
    unfinished: bool,
    /// Its old files have been looked at.
    tended: bool,
    pulse: Arc<AtomicU64>,
}

impl Desk {
    /// For a file that nobody writes to.
    pub(super) fn new(id: FileId, path: Utf8PathBuf, pulse: Arc<AtomicU64>) -> Self {
        Self {
            id,
            file: LogFile::new(path),
            inputs: BTreeMap::new(),
            writing: 0,
            unfinished: false,
            tended: false,
            pulse,
        }
    }

    /// Whether the file did not take bytes when last tried.
    pub(super) fn is_troubled(&self) -> bool {
        self.file.is_troubled()
    }

    /// Does what a letter says.
    pub(super) fn read(&mut self, letter: Letter, kit: &mut Kit) {
        match letter {
            Letter::Attach(input) => {
                input.attach(&mut self.file);
                self.unfinished |= input.is_amid_write();
                self.writing += 1;
                self.inputs.insert(input.writer(), *input);
                self.look_at_time(kit);
            }
            Letter::Rules(rules) => {
                self.file.limit.set_rules(rules);
                self.tended = false;
                self.look_at_time(kit);
            }
            Letter::Due => self.look_at_time(kit),
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
    pub(super) fn round(&mut self, kit: &mut Kit) -> bool {
        let turn = self.turn(false, kit);
        let mut moved = false;
        self.put_aside(kit);
        for writer in self.inputs.keys().copied().collect::<Vec<_>>() {
            moved |= self.step(writer, turn, kit);
        }
        if !moved {
            self.part_with_ended(kit);
        }
        moved
    }

    /// Writes what is captured now; with `all`, also lines that have no end.
    fn sync(&mut self, all: bool, kit: &mut Kit) {
        let turn = self.turn(all, kit);
        let goal = |(writer, input): (&Writer, &Input)| (*writer, input.goal());
        for (writer, goal) in self.inputs.iter().map(goal).collect::<Vec<_>>() {
            while self.inputs.get(&writer).is_some_and(|input| !input.has_reached(goal))
                && self.step(writer, turn, kit)
            {}
        }
    }

    /// One stream writes some, and the file is put aside if it is large enough then. Returns whether
    /// it got on.
    fn step(&mut self, writer: Writer, turn: Turn, kit: &mut Kit) -> bool {
        let Some(input) = self.inputs.get_mut(&writer) else {
            return false;
        };
        let moved = input.step(&mut self.file, turn, kit);
        self.put_aside(kit);
        self.pulse.store(kit.crew.now_ms(), Relaxed);
        moved
    }

    /// Puts the file aside, if that is to be and a line has ended.
    fn put_aside(&mut self, kit: &Kit) {
        let amid_line = match self.file.end() {
            End::Line | End::Torn => false,
            End::Begun(by) => self.inputs.get(&by).is_some_and(|it| it.phase == Phase::Open),
        };
        // What a predecessor began to write belongs to the file that it wrote to.
        if self.unfinished || !self.file.limit.is_over(amid_line) {
            return;
        }
        let path = self.file.path().to_owned();
        match self.file.put_aside(wall_ms()) {
            Aside::Done(aside) => {
                kit.crew.counters.rotated.fetch_add(1, Relaxed);
                kit.crew.tell(Command::Rotated(path, aside));
                self.tend(kit);
            }
            Aside::Failed(error) => kit.crew.tell(Command::NotRotated(path, error.to_string())),
            Aside::Unneeded | Aside::StillFails => {}
        }
    }

    /// A time may have come at which the file is to be put aside.
    fn look_at_time(&mut self, kit: &Kit) {
        if self.file.ready().is_ok() && (self.file.limit.look_at_time(wall_ms()) || !self.tended) {
            self.tend(kit);
        }
    }

    /// Has its old files looked at: compressed, and removed when they are too many or too old.
    fn tend(&mut self, kit: &Kit) {
        if let (Some(rules), Some(path)) = (self.file.limit.rules(), self.file.real_path()) {
            kit.crew.archivist.tend(path, Arc::clone(rules));
            self.tended = true;
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
    pub(super) fn look(&mut self, kit: &mut Kit) {
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
