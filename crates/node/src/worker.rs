//! What is known of one worker.

use crate::encode::NEWCONN_MAX;
use crate::message::Query;
use crate::output::{ConnectionId, ListenerId};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Bytes that may be unread when a descriptor follows another. The receiver reads 64 KiB at a time
/// and loses descriptors when a line with one is cut by the end of a read.
const UNACKED_BYTES_MAX: u64 = 60_000;

/// So many answers are remembered: more than the widest window, which bounds what a predecessor
/// could have handed over.
const EARLY_MAX: usize = 128;

/// A run that joins: what is at the other end of its channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The app.
    pub app: String,
    /// Its number within the app.
    pub slot: u32,
    /// How connections reach it; `None` for a plain process with a channel.
    pub cluster: Option<Options>,
}

/// How connections reach a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Who accepts.
    pub policy: Policy,
    /// Round robin: how many connections it may have that it has not answered.
    pub window: u32,
    /// Round robin: the same source address goes to the same slot.
    pub sticky: bool,
    /// The worker has loaded [`DRAIN_PRELOAD`](crate::DRAIN_PRELOAD).
    pub drain: bool,
    /// Who runs the app.
    pub runtime: Runtime,
}

/// Who accepts connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The primary, which hands them on in turn.
    RoundRobin,
    /// The workers, from one socket.
    Shared,
    /// The workers, each from its own `SO_REUSEPORT` socket.
    ReusePort,
}

/// Who runs a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// Node.
    Node,
    /// Bun: binds by itself and never asks.
    Bun,
    /// Deno: never accepts from a socket that it was given.
    Deno,
}

impl Options {
    /// As asked for, as far as the runtime can.
    pub(crate) fn effective(self) -> Self {
        let policy = if self.runtime == Runtime::Deno { Policy::RoundRobin } else { self.policy };
        Self { policy, window: self.window.clamp(1, 64), ..self }
    }
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is true or not at any time")]
pub(crate) struct Worker {
    pub(crate) app: String,
    pub(crate) slot: u32,
    pub(crate) cluster: Option<Options>,
    pub(crate) phase: Phase,
    pub(crate) listening: bool,
    /// Internal lines need [`BUN_MARK`](crate::message::BUN_MARK).
    pub(crate) marked: bool,
    /// Handed over, not answered: number, connection.
    pub(crate) unanswered: Vec<(u64, ConnectionId)>,
    /// What a predecessor handed it, as far as is known, and it has not answered.
    pub(crate) inherited: Vec<Inherited>,
    /// Its latest answers to numbers that mean nothing to us: what they are about may be inherited
    /// later.
    early: VecDeque<(u64, bool)>,
    /// Lines with a descriptor that are not acknowledged, oldest first, each with what had been
    /// sent up to its end.
    unacked: VecDeque<(u64, Unacked)>,
    /// Bytes sent in all.
    sent: u64,
    /// Bytes that the worker has certainly read: up to the last line that it acknowledged.
    acked: u64,
    /// A line with a descriptor was written in pieces; no other may follow before it is
    /// acknowledged.
    torn: bool,
    /// Answers with a socket that wait for an acknowledgement.
    pub(crate) held_back: VecDeque<Given>,
    /// What was written is not all taken yet.
    pub(crate) blocked: bool,
    /// Out of the rotation for a moment: it lost a descriptor.
    pub(crate) penalised: bool,
    /// Descriptors of the app that came and are not yet told of.
    pub(crate) handles: usize,
}

/// A connection that a predecessor may have handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inherited {
    /// The predecessor's number for that.
    pub(crate) seq: u64,
    pub(crate) connection: ConnectionId,
    /// Without doubt, so that its answer may have been read.
    pub(crate) was_handed: bool,
    /// What is answered after it; `None` when that is to be sent yet.
    pub(crate) probe: Option<u64>,
}

/// Where a worker is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// Takes part.
    Serving,
    /// Is handed nothing more; answers are awaited.
    Draining,
    /// Has been told to leave, or leaves by itself.
    Leaving,
    /// Its channel is closed.
    Closed,
}

/// A line that was sent with a descriptor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Unacked {
    Connection { seq: u64 },
    Probe { seq: u64 },
    Socket(Given),
}

/// A listener that a worker was given the socket of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Given {
    pub(crate) query: Query,
    pub(crate) listener: ListenerId,
    pub(crate) tries: u8,
}

impl Worker {
    pub(crate) fn new(join: Join) -> Self {
        Self {
            app: join.app,
            slot: join.slot,
            cluster: join.cluster.map(Options::effective),
            phase: Phase::Serving,
            listening: false,
            marked: false,
            unanswered: Vec::new(),
            inherited: Vec::new(),
            early: VecDeque::new(),
            unacked: VecDeque::new(),
            sent: 0,
            acked: 0,
            torn: false,
            held_back: VecDeque::new(),
            blocked: false,
            penalised: false,
            handles: 0,
        }
    }

    /// How many connections it may have that it has not answered.
    pub(crate) fn window(&self) -> usize {
        self.cluster.map_or(0, |options| options.window as usize)
    }

    /// How many more connections it may be handed.
    pub(crate) fn room(&self) -> usize {
        let open = self.phase == Phase::Serving
            && !self.blocked
            && !self.penalised
            && self.held_back.is_empty()
            && self.may_attach(NEWCONN_MAX);
        if open { self.window().saturating_sub(self.unanswered.len()) } else { 0 }
    }

    /// Whether a line of this length may carry a descriptor now.
    pub(crate) fn may_attach(&self, len: usize) -> bool {
        let ahead = self.sent - self.acked + len as u64;
        self.unacked.is_empty() || (!self.torn && ahead <= UNACKED_BYTES_MAX)
    }

    /// Counts a line that is sent without a descriptor.
    pub(crate) fn count(&mut self, len: usize) {
        self.sent += len as u64;
    }

    /// Counts a line that is sent with one.
    pub(crate) fn attach(&mut self, len: usize, what: Unacked) {
        self.sent += len as u64;
        self.unacked.push_back((self.sent, what));
    }

    /// The oldest line with a descriptor is acknowledged, or known to have failed.
    pub(crate) fn acknowledged(&mut self) -> Option<Unacked> {
        let (end, what) = self.unacked.pop_front()?;
        self.acked = end;
        self.torn &= !self.unacked.is_empty();
        Some(what)
    }

    /// A line with a connection or a probe was not sent after all.
    pub(crate) fn detach(&mut self, seq: u64) {
        self.unacked.retain(|(_, what)| {
            *what != Unacked::Connection { seq } && *what != Unacked::Probe { seq }
        });
    }

    /// A line with a descriptor was written in pieces.
    pub(crate) fn tear(&mut self) {
        self.torn = true;
    }

    /// Takes back a connection that is not answered.
    pub(crate) fn take_back(&mut self, seq: u64) -> Option<ConnectionId> {
        if let Some(place) = self.unanswered.iter().position(|(other, _)| *other == seq) {
            return Some(self.unanswered.remove(place).1);
        }
        let place = self.inherited.iter().position(|own| own.seq == seq)?;
        Some(self.inherited.remove(place).connection)
    }

    /// Takes what this probe came after.
    pub(crate) fn settle_by_probe(&mut self, probe: u64) -> Option<Inherited> {
        let place = self.inherited.iter().position(|own| own.probe == Some(probe))?;
        Some(self.inherited.remove(place))
    }

    /// Remembers an answer to something that is not known yet.
    pub(crate) fn remember(&mut self, seq: u64, accepted: bool) {
        if self.early.len() == EARLY_MAX {
            self.early.pop_front();
        }
        self.early.push_back((seq, accepted));
    }

    /// An answer that was remembered.
    pub(crate) fn recall(&mut self, seq: u64) -> Option<bool> {
        let place = self.early.iter().position(|(other, _)| *other == seq)?;
        self.early.remove(place).map(|(_, accepted)| accepted)
    }
}
