//! The primary of Node's `cluster`, for all apps at once.
//!
//! Every method may put [`Output`]s into a queue; the caller carries them out in order, taking them
//! with [`Primary::next_output`]. Time comes in with [`Primary::tick`] alone.
//!
//! ```text
//!  line, handles, unblocked ─┐                      ┌─ Send, SendSocket, Hand
//!  connected, not_handed    ─┼─►  next_output()  ──┼─ Close, Bind, CloseSocket
//!  bound, bind_failed, tick ─┘                      └─ News
//! ```

mod inherit;
mod lines;
mod query;
mod restore;
mod route;
mod timer;
mod workers;

use crate::listener::Listener;
use crate::output::{ListenerId, News, Output, SocketId, WorkerId};
use crate::worker::Worker;
pub use inherit::Progress;
use route::Connection;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::RangeInclusive;
use timer::Timer;

/// The primary.
#[derive(Debug)]
pub struct Primary {
    now_ms: u64,
    next_seq: u64,
    next_listener: u32,
    next_socket: u64,
    ephemeral: RangeInclusive<u16>,
    workers: BTreeMap<WorkerId, Worker>,
    listeners: BTreeMap<ListenerId, Listener>,
    /// By the number of the connection, which are dense.
    connections: Vec<Option<Connection>>,
    /// How many connections could not be handed on yet, of all listeners.
    waiting: usize,
    timers: BTreeSet<(u64, Timer)>,
    outputs: VecDeque<Output>,
    changed: bool,
}

impl Primary {
    /// A primary without workers. Lines are numbered from `first_seq`, which must be above all
    /// numbers that a predecessor used. Ports in `ephemeral` may be taken for a moment by an
    /// outgoing connection; others are either free or not.
    pub fn new(first_seq: u64, ephemeral: RangeInclusive<u16>) -> Self {
        Self {
            now_ms: 0,
            next_seq: first_seq,
            next_listener: 1,
            next_socket: SocketId::FIRST.0,
            ephemeral,
            workers: BTreeMap::new(),
            listeners: BTreeMap::new(),
            connections: Vec::new(),
            waiting: 0,
            timers: BTreeSet::new(),
            outputs: VecDeque::new(),
            changed: false,
        }
    }

    /// The next thing to do; `None` until something else comes in.
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether [`Self::records`] would tell something new since this was last asked.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Whether connections of this socket are to be told apart by where they come from.
    pub fn wants_peer(&self, socket: SocketId) -> bool {
        self.listener_of(socket).is_some_and(|id| self.is_sticky(id))
    }

    fn listener_of(&self, socket: SocketId) -> Option<ListenerId> {
        let mut listeners = self.listeners.iter();
        listeners.find(|(_, listener)| listener.socket(socket).is_some()).map(|(id, _)| *id)
    }

    fn seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq
    }

    fn tell(&mut self, worker: WorkerId, news: News) {
        self.outputs.push_back(Output::News(worker, news));
    }

    /// Sends a line of ours.
    fn say(&mut self, id: WorkerId, line: Vec<u8>) {
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        let line = if worker.marked { crate::encode::for_bun(line) } else { line };
        worker.count(line.len());
        self.outputs.push_back(Output::Send { worker: id, line });
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod tests;
