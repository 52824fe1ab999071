//! Servers that want to listen: from `queryServer` to the answer.

use super::{Primary, timer::Timer};
use crate::encode;
use crate::listener::{AddressKind, Holder, Identity, Listener, Socket, SocketState};
use crate::listener::{bind_to, is_handed};
use crate::message::Query;
use crate::output::{Bind, ListenerId, Output, SocketId, Sockname, WorkerId};
use crate::worker::{Given, Phase, Policy, Unacked};

/// `EADDRINUSE`.
const ADDRESS_IN_USE: i32 = 98;
/// How long a port that an outgoing connection may have is waited for.
const BIND_PATIENCE_MS: u64 = 3000;
/// How often it is tried in that time.
const BIND_RETRY_MS: u64 = 100;

impl Primary {
    pub(super) fn query(&mut self, id: WorkerId, query: Query) {
        let Some(worker) = self.workers.get(&id) else {
            return;
        };
        let Some(options) = worker.cluster.filter(|_| worker.phase == Phase::Serving) else {
            return;
        };
        let slot = worker.slot;
        let app = worker.app.clone();
        let listener = self.find(&app, &query.identity).unwrap_or_else(|| {
            let inet = matches!(query.identity.kind, AddressKind::Tcp | AddressKind::Udp);
            let per_slot = options.policy == Policy::ReusePort && inet;
            self.open(Listener::new(&app, &query, per_slot))
        });
        if self.listeners.get(&listener).is_some_and(|own| own.is_held_by(id)) {
            self.refuse(id, &query, listener, ADDRESS_IN_USE);
            return;
        }
        let socket = match self.listeners.get(&listener).and_then(|own| own.socket_for(slot)) {
            Some(socket) => socket,
            None => self.add_socket(listener, id, &query, slot),
        };
        let Some(own) = self.listeners.get_mut(&listener).and_then(|own| own.socket_mut(socket))
        else {
            return;
        };
        match own.state {
            SocketState::Bound(_) => self.answer(id, query, listener, socket),
            SocketState::Binding { .. } => own.askers.push((id, query)),
        }
    }

    /// A socket is bound, and listens where that applies.
    pub fn bound(&mut self, socket: SocketId, name: Sockname) {
        let Some(id) = self.listener_of(socket) else {
            self.outputs.push_back(Output::CloseSocket { socket, unlink: None });
            return;
        };
        let Some(own) = self.listeners.get_mut(&id).and_then(|own| own.socket_mut(socket)) else {
            return;
        };
        own.state = SocketState::Bound(name);
        self.changed = true;
        for (worker, query) in std::mem::take(&mut own.askers) {
            self.answer(worker, query, id, socket);
        }
    }

    /// A socket could not be bound; `errno` is positive.
    pub fn bind_failed(&mut self, socket: SocketId, errno: i32) {
        let Some(id) = self.listener_of(socket) else {
            return;
        };
        if errno == ADDRESS_IN_USE && self.may_come_free(id, socket) {
            self.set_timer(BIND_RETRY_MS, Timer::Bind(socket));
            return;
        }
        let Some(listener) = self.listeners.get_mut(&id) else {
            return;
        };
        let askers = listener.socket_mut(socket).map(|own| std::mem::take(&mut own.askers));
        listener.sockets.retain(|own| own.id != socket);
        for (worker, query) in askers.unwrap_or_default() {
            self.refuse(worker, &query, id, errno);
        }
        if self.listeners.get(&id).is_some_and(|listener| listener.sockets.is_empty()) {
            self.close_listener(id);
        }
    }

    pub(super) fn bind_again(&mut self, socket: SocketId) {
        let Some(listener) = self.listener_of(socket).and_then(|id| self.listeners.get(&id)) else {
            return;
        };
        let Some(own) = listener.socket(socket) else {
            return;
        };
        let first = own.askers.iter().find(|(id, _)| self.workers.contains_key(id));
        match first {
            Some((asker, query)) => {
                let bind = bind(listener, *asker, query);
                self.outputs.push_back(Output::Bind(socket, bind));
            }
            // Nobody is left who wants it.
            None => self.bind_failed(socket, 0),
        }
    }

    /// Gives the sockets that were held back until a descriptor was acknowledged.
    pub(super) fn give_held_back(&mut self, id: WorkerId) {
        while let Some(given) = self.workers.get_mut(&id).and_then(|own| own.held_back.pop_front())
        {
            if !self.give(id, given) {
                return;
            }
        }
        self.drain_on(id);
    }

    /// Tells a worker that a server cannot listen.
    pub(super) fn refuse(&mut self, id: WorkerId, query: &Query, listener: ListenerId, errno: i32) {
        let seq = self.seq();
        self.say(id, encode::failed((query.seq, seq), listener, &query.data, errno));
    }

    fn find(&self, app: &str, identity: &Identity) -> Option<ListenerId> {
        let same = |own: &Listener| own.app == app && own.identity == *identity;
        self.listeners.iter().find(|(_, own)| same(own)).map(|(id, _)| *id)
    }

    fn open(&mut self, listener: Listener) -> ListenerId {
        let id = ListenerId(self.next_listener);
        self.next_listener += 1;
        self.listeners.insert(id, listener);
        id
    }

    fn add_socket(
        &mut self,
        id: ListenerId,
        asker: WorkerId,
        query: &Query,
        slot: u32,
    ) -> SocketId {
        let socket = SocketId(self.next_socket);
        self.next_socket += 1;
        let give_up_ms =
            self.ephemeral.contains(&query.identity.port).then(|| self.now_ms + BIND_PATIENCE_MS);
        let Some(listener) = self.listeners.get(&id) else {
            return socket;
        };
        let bind = bind(listener, asker, query);
        if let Some(listener) = self.listeners.get_mut(&id) {
            let state = SocketState::Binding { give_up_ms };
            listener.sockets.push(Socket { id: socket, slot, state, askers: Vec::new() });
        }
        self.outputs.push_back(Output::Bind(socket, bind));
        socket
    }

    /// Whether a port that is taken is worth waiting for: an outgoing connection may have it, and
    /// no other app of ours does.
    fn may_come_free(&self, id: ListenerId, socket: SocketId) -> bool {
        let Some(listener) = self.listeners.get(&id) else {
            return false;
        };
        let port = listener.identity.port;
        let ours = self.listeners.iter().any(|(other, own)| {
            *other != id && own.chosen_port().is_some_and(|taken| taken == port)
        });
        let waits = listener.socket(socket).is_some_and(|own| match own.state {
            SocketState::Binding { give_up_ms } => give_up_ms.is_some_and(|at| self.now_ms < at),
            SocketState::Bound(_) => false,
        });
        waits && !ours
    }

    /// Answers with a socket that is bound.
    fn answer(&mut self, id: WorkerId, query: Query, listener: ListenerId, socket: SocketId) {
        let Some(worker) = self.workers.get(&id).filter(|own| own.phase == Phase::Serving) else {
            return;
        };
        let Some(options) = worker.cluster else {
            return;
        };
        let seq = self.next_seq + 1;
        let Some(own) = self.listeners.get_mut(&listener) else {
            return;
        };
        if own.is_held_by(id) {
            self.refuse(id, &query, listener, ADDRESS_IN_USE);
            return;
        }
        let handed = is_handed(own.identity.kind, options.policy);
        own.holders.push(Holder { worker: id, socket: (!handed).then_some(socket) });
        self.changed = true;
        if handed {
            let name = own.socket(socket).and_then(|own| match own.state {
                SocketState::Bound(name) => name,
                SocketState::Binding { .. } => None,
            });
            let line = encode::balanced((query.seq, seq), listener, &own.data, name);
            self.next_seq = seq;
            self.say(id, line);
        } else {
            let tries = 0;
            self.give(id, Given { query, listener, tries });
        }
        self.flush(listener);
    }

    /// Sends a worker its socket, or holds it back. `false`: held back.
    fn give(&mut self, id: WorkerId, given: Given) -> bool {
        let seq = self.seq();
        let Some(listener) = self.listeners.get(&given.listener) else {
            return true;
        };
        let held = listener.holders.iter().find(|holder| holder.worker == id);
        let Some(socket) = held.and_then(|holder| holder.socket) else {
            return true;
        };
        let names = (given.query.seq, seq);
        let line = encode::shared(names, given.listener, &listener.data, listener.is_datagram());
        let Some(worker) = self.workers.get_mut(&id) else {
            return true;
        };
        if !worker.may_attach(line.len()) {
            worker.held_back.push_front(given);
            return false;
        }
        worker.attach(line.len(), Unacked::Socket(given));
        self.outputs.push_back(Output::SendSocket { worker: id, line, socket });
        true
    }
}

fn bind(listener: &Listener, asker: WorkerId, query: &Query) -> Bind {
    let chosen = listener.chosen_port();
    Bind {
        to: bind_to(query, asker, chosen.unwrap_or(query.identity.port)),
        reuse_port: listener.per_slot,
        first: listener.per_slot && chosen.is_none(),
        backlog: listener.backlog,
    }
}
