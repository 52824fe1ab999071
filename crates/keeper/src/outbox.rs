//! What the supervisor is still to be told.
//!
//! The keeper never waits for the supervisor. What is said is made when it can be sent, from what
//! the slots are by then, so nothing is told twice and nothing of a slot is kept here.

mod pack;

use crate::bag::{Bag, Happened, Slot, State};
use crate::wire::{Frame, SlotsFrame, Stage, frames};
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// While more than this waits, the supervisor is not listened to.
const WAITING_MAX: usize = 1024;

/// Waiting news, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: VecDeque<News>,
}

/// One thing to tell.
#[derive(Clone, Copy, Debug)]
enum News {
    Welcome {
        restarts: u64,
        died_at_ms: u64,
    },
    /// Slots from a key on; of that one, so many descriptors are told already.
    Slots {
        key: u64,
        fds: usize,
    },
    /// Exits of slots from a key on.
    Exits {
        key: u64,
    },
    End,
    /// Failures of slots from a key on.
    Failures {
        key: u64,
    },
    Happened(Happened),
    Refused {
        seq: u64,
        key: u64,
        stage: Stage,
        errno: i32,
    },
    Signal(i32),
    Pong,
    Renewed(i32),
}

/// What is left of one thing after a packet of it was sent.
type Rest = Option<News>;

impl Outbox {
    /// Greets a new supervisor. What its predecessor was not told is in the inventory, but for
    /// signals.
    pub(crate) fn greet(&mut self, restarts: u64, died_at_ms: u64) {
        self.waiting.retain(|news| matches!(news, News::Signal(_)));
        let greeting = [
            News::Welcome { restarts, died_at_ms },
            News::Slots { key: 0, fds: 0 },
            News::Exits { key: 0 },
            News::End,
            News::Failures { key: 0 },
        ];
        for news in greeting.into_iter().rev() {
            self.waiting.push_front(news);
        }
    }

    /// Greets a supervisor that has given us all there is.
    pub(crate) fn greet_giver(&mut self, restarts: u64, died_at_ms: u64) {
        self.waiting.push_front(News::End);
        self.waiting.push_front(News::Welcome { restarts, died_at_ms });
    }

    pub(crate) fn happened(&mut self, happened: Happened) {
        self.waiting.push_back(News::Happened(happened));
    }

    pub(crate) fn refused(&mut self, (seq, key): (u64, u64), stage: Stage, errno: i32) {
        self.waiting.push_back(News::Refused { seq, key, stage, errno });
    }

    /// A signal that waits already is not told twice.
    pub(crate) fn signal(&mut self, number: i32) {
        let waits = |news: &News| matches!(news, News::Signal(waiting) if *waiting == number);
        if !self.waiting.iter().any(waits) {
            self.waiting.push_back(News::Signal(number));
        }
    }

    pub(crate) fn pong(&mut self) {
        self.waiting.push_back(News::Pong);
    }

    pub(crate) fn renewed(&mut self, errno: i32) {
        self.waiting.push_back(News::Renewed(errno));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() > WAITING_MAX
    }

    /// Sends what fits. Fails with `WouldBlock` and the like when something has to wait.
    pub(crate) fn send(&mut self, bag: &mut Bag, socket: BorrowedFd<'_>) -> io::Result<()> {
        while let Some(news) = self.waiting.front().copied() {
            match news.send(bag, socket)? {
                Some(rest) => self.waiting[0] = rest,
                None => drop(self.waiting.pop_front()),
            }
        }
        Ok(())
    }
}

impl News {
    fn send(self, bag: &mut Bag, socket: BorrowedFd<'_>) -> io::Result<Rest> {
        let say = |frame: Frame<'_>| frame.send(socket).map(|()| None);
        match self {
            Self::Welcome { restarts, died_at_ms } => say(frames::welcome(restarts, died_at_ms)),
            Self::End => say(frames::end()),
            Self::Pong => say(frames::pong()),
            Self::Renewed(errno) => say(frames::renewed(errno)),
            Self::Signal(number) => say(frames::signal(number)),
            Self::Refused { seq, key, stage, errno } => {
                say(frames::spawn_failed(seq, key, stage, errno))
            }
            Self::Slots { key, fds } => slots(bag, socket, key, fds),
            Self::Exits { key } => {
                // One whose process is not told is told of both after the inventory.
                let is_due =
                    |slot: &Slot| slot.announced && matches!(slot.state, State::Ended { .. });
                each(bag, socket, key, is_due, |key| Self::Exits { key })
            }
            Self::Failures { key } => {
                let is_due = |slot: &Slot| matches!(slot.state, State::Failed { .. });
                each(bag, socket, key, is_due, |key| Self::Failures { key })
            }
            Self::Happened(happened) => happened.send(bag, socket).map(|()| None),
        }
    }
}

impl Happened {
    /// Nothing is sent when it was told or is true no more.
    fn send(self, bag: &mut Bag, socket: BorrowedFd<'_>) -> io::Result<()> {
        let (Self::Spawned(key) | Self::Exited(key) | Self::Failed(key)) = self;
        let Some(slot) = bag.get_mut(key) else {
            return Ok(());
        };
        match (&slot.state, self) {
            (
                State::Running { seq, pid, pidfd, .. } | State::Ended { seq, pid, pidfd, .. },
                Self::Spawned(_),
            ) if !slot.announced => {
                frames::spawned(*seq, key, *pid, pidfd).send(socket)?;
                slot.announced = true;
            }
            (State::Ended { pid, status, at_ms, .. }, Self::Exited(_)) if !slot.told => {
                frames::exit(key, *pid, *status, *at_ms).send(socket)?;
                slot.told = true;
            }
            (State::Failed { seq, stage, errno }, Self::Failed(_)) if !slot.told => {
                frames::spawn_failed(*seq, key, *stage, *errno).send(socket)?;
                slot.told = true;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Sends one packet of slots.
fn slots(bag: &mut Bag, socket: BorrowedFd<'_>, key: u64, skip: usize) -> io::Result<Rest> {
    let mut frame = SlotsFrame::new();
    let mut told = Vec::new();
    let mut rest = None;
    let mut skip = skip;
    for (key, slot) in bag.from(key) {
        let (pid, pidfd) = slot.process(skip);
        let all = slot.fds.get(skip..).unwrap_or_default();
        let room = frame.room().and_then(|room| room.checked_sub(usize::from(pidfd.is_some())));
        let Some(room) = room.filter(|room| *room > 0 || all.is_empty()) else {
            rest = Some(News::Slots { key: *key, fds: skip });
            break;
        };
        let piece = all.get(..room).unwrap_or(all);
        frame.push((*key, slot.aux, pid), pidfd.map(AsFd::as_fd), piece);
        told.push(*key);
        if piece.len() < all.len() {
            rest = Some(News::Slots { key: *key, fds: skip + piece.len() });
            break;
        }
        skip = 0;
    }
    if !frame.is_empty() {
        frame.frame().send(socket)?;
    }
    for key in told {
        if let Some(slot) = bag.get_mut(key) {
            slot.announced = matches!(slot.state, State::Running { .. } | State::Ended { .. });
        }
    }
    Ok(rest)
}

/// Tells of the next slot from `key` on of which something is due.
fn each(
    bag: &mut Bag,
    socket: BorrowedFd<'_>,
    key: u64,
    is_due: impl Fn(&Slot) -> bool,
    rest: impl Fn(u64) -> News,
) -> io::Result<Rest> {
    let due = bag.from(key).find(|(_, slot)| !slot.told && is_due(slot));
    let Some((key, slot)) = due.map(|(key, slot)| (*key, slot)) else {
        return Ok(None);
    };
    let happened = match slot.state {
        State::Failed { .. } => Happened::Failed(key),
        _ => Happened::Exited(key),
    };
    happened.send(bag, socket)?;
    Ok(key.checked_add(1).map(rest))
}

impl Slot {
    /// The process as it is told in the inventory; its descriptor comes with the first piece.
    fn process(&self, skip: usize) -> (u32, Option<&std::os::fd::OwnedFd>) {
        match &self.state {
            State::Running { pid, pidfd, .. } => (*pid, (skip == 0).then_some(pidfd)),
            State::Ended { pid, .. } => (*pid, None),
            State::Empty | State::Starting { .. } | State::Failed { .. } => (0, None),
        }
    }
}
