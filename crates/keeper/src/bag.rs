//! What the keeper holds: a slot for each key.

mod adopted;
mod pack;

use crate::wire::Stage;
use rpm_sys::spawn::{Child, Outcome};
use std::collections::BTreeMap;
use std::collections::btree_map::Range;
use std::os::fd::OwnedFd;

/// All slots. Each holds a process or a descriptor, so the limit of descriptors bounds them.
#[derive(Debug, Default)]
pub(crate) struct Bag {
    slots: BTreeMap<u64, Slot>,
}

/// One slot.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(crate) aux: u64,
    /// Tags and descriptors.
    pub(crate) fds: Vec<(u32, OwnedFd)>,
    pub(crate) state: State,
    /// The supervisor of now was told of the process.
    pub(crate) announced: bool,
    /// The supervisor of now was told of the exit or the failure.
    pub(crate) told: bool,
}

/// What became of a request to start something.
#[derive(Debug, Default)]
pub(crate) enum State {
    /// There was none.
    #[default]
    Empty,
    /// There is a process; whether its program begins is not known.
    Starting { seq: u64, pid: u32, pidfd: OwnedFd, outcome: Outcome },
    /// The program runs.
    Running { seq: u64, pid: u32, pidfd: OwnedFd, origin: Origin },
    /// It has ended and nobody has acted upon it.
    Ended { seq: u64, pid: u32, pidfd: OwnedFd, status: i32, at_ms: u64 },
    /// It could not be started and nobody has acted upon that.
    Failed { seq: u64, stage: Stage, errno: i32 },
}

/// Where a process comes from, which decides how its end is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// We started it, and reap it.
    Child,
    /// A predecessor started it; its end is seen at its descriptor.
    Adopted,
    /// An adopted one that has ended. Its status is known when its parent has reaped it; that is
    /// awaited until then, as the monotonic clock goes.
    Gone {
        /// In ms.
        until_ms: u64,
    },
}

/// What happened in a slot that the supervisor has to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    /// The program has begun.
    Spawned(u64),
    /// The process has ended.
    Exited(u64),
    /// The program could not be started.
    Failed(u64),
}

impl Bag {
    pub(crate) fn get(&self, key: u64) -> Option<&Slot> {
        self.slots.get(&key)
    }

    pub(crate) fn get_mut(&mut self, key: u64) -> Option<&mut Slot> {
        self.slots.get_mut(&key)
    }

    /// Slots from `key` on.
    pub(crate) fn from(&self, key: u64) -> Range<'_, u64, Slot> {
        self.slots.range(key..)
    }

    /// Nothing is under way or remembered in this slot.
    pub(crate) fn is_free(&self, key: u64) -> bool {
        self.get(key).is_none_or(|slot| matches!(slot.state, State::Empty))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Holds descriptors; the last one with a tag stays.
    pub(crate) fn put(&mut self, key: u64, fds: Vec<(OwnedFd, u32)>) {
        let slot = self.slots.entry(key).or_default();
        for (fd, tag) in fds {
            slot.fds.retain(|(held, _)| *held != tag);
            slot.fds.push((tag, fd));
        }
        self.tidy(key);
    }

    /// Lets go of descriptors, and of a failure when no single tag is meant.
    pub(crate) fn drop(&mut self, key: u64, tag: Option<u32>) {
        let Some(slot) = self.slots.get_mut(&key) else {
            return;
        };
        slot.fds.retain(|(held, _)| tag.is_some_and(|tag| tag != *held));
        if tag.is_none() && matches!(slot.state, State::Failed { .. }) {
            slot.state = State::Empty;
        }
        self.tidy(key);
    }

    /// Forgets an exit.
    pub(crate) fn acknowledge(&mut self, key: u64, whose: u32) {
        if let Some(slot) = self.slots.get_mut(&key)
            && matches!(slot.state, State::Ended { pid, .. } if pid == whose)
        {
            slot.state = State::Empty;
        }
        self.tidy(key);
    }

    /// A process of a free slot has been started.
    pub(crate) fn started(&mut self, (seq, key, aux): (u64, u64, u64), child: Child) {
        let slot = self.slots.entry(key).or_default();
        let Child { pid, pidfd, outcome } = child;
        slot.aux = aux;
        slot.state = State::Starting { seq, pid, pidfd, outcome };
        (slot.announced, slot.told) = (false, false);
    }

    /// A program of a free slot could not be started.
    pub(crate) fn failed(&mut self, (seq, key, aux): (u64, u64, u64), stage: Stage, errno: i32) {
        let slot = self.slots.entry(key).or_default();
        slot.aux = aux;
        slot.state = State::Failed { seq, stage, errno };
        (slot.announced, slot.told) = (false, false);
    }

    /// Sees whether the program of a slot has begun.
    pub(crate) fn look(&mut self, key: u64) -> Option<Happened> {
        let slot = self.slots.get_mut(&key)?;
        let State::Starting { outcome, .. } = &slot.state else {
            return None;
        };
        let outcome = outcome.poll()?;
        slot.settle(outcome).map(|happened| happened(key))
    }

    /// A child has ended. `false` when it is none of a slot.
    pub(crate) fn ended(
        &mut self,
        (whose, status): (u32, i32),
        at_ms: u64,
        mut each: impl FnMut(Happened),
    ) -> bool {
        let Some(key) = self.key_of(whose) else {
            return false;
        };
        // Its end of the pipe is closed, so it is known now what became of the program.
        if let Some(happened) = self.look(key) {
            each(happened);
        }
        let Some(slot) = self.slots.get_mut(&key) else {
            return true;
        };
        match std::mem::take(&mut slot.state) {
            State::Starting { seq, pid, pidfd, .. } | State::Running { seq, pid, pidfd, .. } => {
                slot.state = State::Ended { seq, pid, pidfd, status, at_ms };
                each(Happened::Exited(key));
            }
            state => slot.state = state,
        }
        true
    }

    /// Slots whose program has not begun, with the pipe that tells.
    pub(crate) fn starting(&self) -> impl Iterator<Item = (u64, &Outcome)> {
        self.slots.iter().filter_map(|(key, slot)| match &slot.state {
            State::Starting { outcome, .. } => Some((*key, outcome)),
            _ => None,
        })
    }

    /// Processes that are there.
    pub(crate) fn alive(&self) -> impl Iterator<Item = (u32, &OwnedFd)> {
        self.slots.values().filter_map(|slot| match &slot.state {
            State::Starting { pid, pidfd, .. } | State::Running { pid, pidfd, .. } => {
                Some((*pid, pidfd))
            }
            State::Empty | State::Ended { .. } | State::Failed { .. } => None,
        })
    }

    /// A new supervisor has been told nothing.
    pub(crate) fn nothing_told(&mut self) {
        for slot in self.slots.values_mut() {
            (slot.announced, slot.told) = (false, false);
        }
    }

    /// The slot of a child.
    fn key_of(&self, whose: u32) -> Option<u64> {
        let is_it = |slot: &Slot| {
            matches!(slot.state,
                State::Starting { pid, .. } | State::Running { pid, origin: Origin::Child, .. }
                if pid == whose)
        };
        self.slots.iter().find(|(_, slot)| is_it(slot)).map(|(key, _)| *key)
    }

    fn tidy(&mut self, key: u64) {
        let is_idle = |slot: &Slot| slot.fds.is_empty() && matches!(slot.state, State::Empty);
        if self.get(key).is_some_and(is_idle) {
            self.slots.remove(&key);
        }
    }
}

impl Slot {
    fn settle(
        &mut self,
        outcome: Result<(), rpm_sys::spawn::SpawnError>,
    ) -> Option<fn(u64) -> Happened> {
        let State::Starting { seq, pid, pidfd, .. } = std::mem::take(&mut self.state) else {
            return None;
        };
        match outcome {
            Ok(()) => {
                self.state = State::Running { seq, pid, pidfd, origin: Origin::Child };
                Some(Happened::Spawned)
            }
            Err(error) => {
                let errno = error.error.raw_os_error().unwrap_or(0);
                self.state = State::Failed { seq, stage: Stage::Process(error.stage), errno };
                Some(Happened::Failed)
            }
        }
    }
}
