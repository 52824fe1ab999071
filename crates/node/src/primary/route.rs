//! Connections: which worker is handed which, and what becomes of those that are not taken.
//!
//! A connection that a worker has not answered can be handed to another: a worker answers before it
//! reads a byte. So none is lost when a worker dies, refuses, or is out of descriptors.

use super::{Primary, timer::Timer};
use crate::balance;
use crate::listener::{Holder, Listener, Named};
use crate::output::{ConnectionId, ListenerId, Output, SocketId, WorkerId};
use crate::worker::{Phase, Unacked, Worker};
use std::net::IpAddr;

/// When all workers refuse a connection it is offered again after this.
const REFUSED_MS: u64 = 10;
/// A worker that has so many more unanswered connections than the least loaded is passed over.
const SLACK_MAX: usize = 4;
/// So many connections may wait for the one worker that their source address belongs to.
const STICKY_WAITING_MAX: usize = 256;
/// What `newconn` lines are counted as.
const LINE_LEN: usize = crate::encode::NEWCONN_MAX;

/// A connection that is ours until a worker has taken it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) listener: ListenerId,
    pub(super) peer: Option<IpAddr>,
    /// Who refused it since it was last offered to all.
    refused: Vec<WorkerId>,
}

/// Where a connection goes now.
enum Way {
    To(WorkerId),
    /// Somebody will have room.
    Wait,
    /// All have refused it.
    Later,
}

impl Primary {
    /// How many connections of this socket can be handed on now. No more may be accepted: those
    /// that wait in the kernel survive us, those that wait here do not.
    pub fn room(&self, socket: SocketId) -> usize {
        let Some((id, listener)) = self.named(socket) else {
            return 0;
        };
        if !listener.is_ours(socket) {
            return 0;
        }
        if self.is_sticky(id) {
            let open = self.receivers(listener).next().is_some();
            return if open {
                STICKY_WAITING_MAX.saturating_sub(listener.waiting.len())
            } else {
                0
            };
        }
        if listener.waiting.is_empty() {
            self.receivers(listener).map(Worker::room).sum()
        } else {
            0
        }
    }

    /// A connection was accepted from this socket, for which there was [`Self::room`].
    pub fn connected(&mut self, socket: SocketId, id: ConnectionId, peer: Option<IpAddr>) {
        if self.enter(socket, id, peer) {
            self.route(id);
        }
    }

    /// Enters a connection into the books; `false` when its listener is gone, and it too.
    pub(super) fn enter(
        &mut self,
        socket: SocketId,
        id: ConnectionId,
        peer: Option<IpAddr>,
    ) -> bool {
        let Some(listener) = self.listener_of(socket) else {
            self.outputs.push_back(Output::Close(id));
            return false;
        };
        let place = id.0 as usize;
        if self.connections.len() <= place {
            self.connections.resize_with(place + 1, || None);
        }
        self.connections[place] = Some(Connection { listener, peer, refused: Vec::new() });
        true
    }

    /// A connection could not be sent to the worker it was handed to.
    pub fn not_handed(&mut self, worker: WorkerId, seq: u64) {
        let Some(own) = self.workers.get_mut(&worker) else {
            return;
        };
        own.detach(seq);
        if let Some(connection) = own.take_back(seq) {
            self.route(connection);
        }
        self.drain_on(worker);
    }

    /// Whether all that was written to a worker has been taken by its channel.
    pub fn blocked(&mut self, id: WorkerId, blocked: bool) {
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.blocked = blocked;
            self.has_room(id);
        }
    }

    /// A line with a descriptor was written in pieces.
    pub fn torn(&mut self, id: WorkerId) {
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.tear();
        }
    }

    pub(super) fn answered(&mut self, id: WorkerId, seq: u64, accepted: bool) {
        let taken = self.workers.get_mut(&id).and_then(|worker| worker.take_back(seq));
        match taken {
            Some(connection) if accepted => self.close(connection),
            Some(connection) => self.refused(id, connection),
            None => self.answered_strangely(id, seq, accepted),
        }
        self.has_room(id);
        self.drain_on(id);
    }

    /// A worker does not want a connection.
    pub(super) fn refused(&mut self, id: WorkerId, connection: ConnectionId) {
        if let Some(own) = self.connection_mut(connection) {
            own.refused.push(id);
        }
        self.route(connection);
    }

    /// Finds a worker for a connection that is nobody's, or lets it wait.
    pub(super) fn route(&mut self, id: ConnectionId) {
        let Some(listener) = self.connection(id).map(|own| own.listener) else {
            return;
        };
        match self.way(id) {
            None => self.close(id),
            Some(Way::To(worker)) => self.hand(worker, id, listener),
            Some(way) => {
                let Some(own) = self.listeners.get_mut(&listener) else {
                    return;
                };
                own.waiting.push_back(id);
                self.waiting += 1;
                if matches!(way, Way::Later) {
                    own.quiet_until_ms = self.now_ms + REFUSED_MS;
                    self.set_timer(REFUSED_MS, Timer::Retry(listener));
                }
            }
        }
    }

    /// Hands on what waits, as far as there is room.
    pub(super) fn flush(&mut self, id: ListenerId) {
        let Some(listener) = self.listeners.get_mut(&id) else {
            return;
        };
        if listener.waiting.is_empty() {
            return;
        }
        let quiet = self.now_ms < listener.quiet_until_ms;
        let waiting = std::mem::take(&mut listener.waiting);
        self.waiting -= waiting.len();
        for connection in waiting {
            if !quiet && let Some(own) = self.connection_mut(connection) {
                own.refused.clear();
            }
            self.route(connection);
        }
    }

    /// A worker may have room for what waits.
    pub(super) fn has_room(&mut self, id: WorkerId) {
        if self.waiting == 0 || self.workers.get(&id).is_none_or(|worker| worker.room() == 0) {
            return;
        }
        let held =
            |(listener, own): (&ListenerId, &Listener)| own.is_held_by(id).then_some(*listener);
        let held: Vec<ListenerId> = self.listeners.iter().filter_map(held).collect();
        for listener in held {
            self.flush(listener);
        }
    }

    pub(super) fn close(&mut self, id: ConnectionId) {
        if let Some(own) = self.connections.get_mut(id.0 as usize)
            && own.take().is_some()
        {
            self.outputs.push_back(Output::Close(id));
        }
    }

    pub(super) fn is_sticky(&self, id: ListenerId) -> bool {
        let Some(listener) = self.listeners.get(&id) else {
            return false;
        };
        // The newest knows best what its app wants.
        let newest = listener.holders.iter().map(|holder| holder.worker).max();
        newest
            .and_then(|newest| self.workers.get(&newest)?.cluster)
            .is_some_and(|options| options.sticky)
    }

    fn named(&self, socket: SocketId) -> Option<Named<'_>> {
        let mut listeners = self.listeners.iter();
        let (id, listener) = listeners.find(|(_, own)| own.socket(socket).is_some())?;
        Some((*id, listener))
    }

    fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(id.0 as usize)?.as_ref()
    }

    fn connection_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.connections.get_mut(id.0 as usize)?.as_mut()
    }

    /// The workers that may be handed connections of a listener, full or not.
    fn receivers<'a>(&'a self, listener: &'a Listener) -> impl Iterator<Item = &'a Worker> {
        let receives = |holder: &&Holder| listener.receives(holder);
        listener
            .holders
            .iter()
            .filter(receives)
            .filter_map(|holder| self.workers.get(&holder.worker))
            .filter(|worker| worker.phase == Phase::Serving)
    }

    /// `None`: its listener is gone.
    fn way(&mut self, id: ConnectionId) -> Option<Way> {
        let own = self.connection(id)?;
        let listener = self.listeners.get(&own.listener)?;
        match own.peer {
            Some(peer) if self.is_sticky(own.listener) => Some(self.own_way(own, listener, peer)),
            _ => {
                let (way, last) = self.next_way(own, listener);
                let name = own.listener;
                self.listeners.get_mut(&name)?.last = last;
                Some(way)
            }
        }
    }

    /// The worker whose turn it is, and its place among the holders.
    fn next_way(&self, own: &Connection, listener: &Listener) -> (Way, usize) {
        let holders = &listener.holders;
        let open = |holder: &Holder| {
            let worker = self.workers.get(&holder.worker)?;
            let may = worker.phase == Phase::Serving
                && listener.receives(holder)
                && !own.refused.contains(&holder.worker);
            may.then_some(worker)
        };
        let load = |place: usize| {
            let worker = open(&holders[place])?;
            (worker.room() > 0).then_some(worker.unanswered.len())
        };
        let slack = SLACK_MAX.min(self.receivers(listener).map(Worker::window).max().unwrap_or(1));
        match balance::next(listener.last, holders.len(), slack, load) {
            Some(place) => (Way::To(holders[place].worker), place),
            None if own.refused.is_empty() || holders.iter().any(|own| open(own).is_some()) => {
                (Way::Wait, listener.last)
            }
            None => (Way::Later, listener.last),
        }
    }

    /// The worker that a source address belongs to.
    fn own_way(&self, own: &Connection, listener: &Listener, peer: IpAddr) -> Way {
        let open = |holder: &Holder| {
            let worker = self.workers.get(&holder.worker)?;
            let may = worker.phase == Phase::Serving
                && listener.receives(holder)
                && !own.refused.contains(&holder.worker);
            may.then_some((holder.worker, worker))
        };
        // Within the slot, the newest that listens.
        let best = listener.holders.iter().filter_map(open).max_by_key(|(id, worker)| {
            (balance::weight(peer, worker.slot), worker.slot, worker.listening, *id)
        });
        match best {
            Some((id, worker)) if worker.room() > 0 => Way::To(id),
            Some(_) => Way::Wait,
            None if own.refused.is_empty() => Way::Wait,
            None => Way::Later,
        }
    }

    fn hand(&mut self, to: WorkerId, connection: ConnectionId, listener: ListenerId) {
        let seq = self.seq();
        let Some(worker) = self.workers.get_mut(&to) else {
            return;
        };
        worker.unanswered.push((seq, connection));
        worker.attach(LINE_LEN, Unacked::Connection { seq });
        self.outputs.push_back(Output::Hand { worker: to, connection, listener, seq });
    }
}
