//! Workers come and go, and apps with them.

use super::Primary;
use crate::encode;
use crate::listener::{Listener, SocketState};
use crate::output::{ListenerId, News, Output, WorkerId};
use crate::worker::{Join, Phase, Runtime, Worker};

/// How long a listener that its app closed is kept, should the app be about to leave: the worker
/// that replaces it will ask for it again.
pub(super) const ABANDONED_MS: u64 = 5000;
/// How long idle connections may still be used in a worker that drains. Above Node's default
/// keep-alive of 5 s; the preload waits longer where a server is set to.
const IDLE_MS: u32 = 6000;

impl Primary {
    /// A run with a channel is about to start.
    pub fn add(&mut self, id: WorkerId, join: Join) {
        self.workers.insert(id, Worker::new(join));
        self.changed = true;
    }

    /// Hands a worker no more connections, and asks it to leave when it has answered those it has.
    pub fn drain(&mut self, id: WorkerId) {
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        if worker.phase == Phase::Serving && worker.cluster.is_some() {
            worker.phase = Phase::Draining;
            self.changed = true;
            self.reroute_waiting(id);
            self.drain_on(id);
        }
    }

    /// The channel is at its end: what was not answered never will be.
    pub fn closed(&mut self, id: WorkerId) {
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        if worker.phase == Phase::Closed {
            return;
        }
        worker.phase = Phase::Closed;
        worker.held_back.clear();
        self.changed = true;
        self.tell(id, News::Disconnected);
        self.leave(id);
    }

    /// The process has ended and its channel has been read to its end.
    pub fn gone(&mut self, id: WorkerId) {
        self.leave(id);
        if self.workers.remove(&id).is_some() {
            self.changed = true;
        }
    }

    /// No instance of this app is left.
    pub fn app_gone(&mut self, app: &str) {
        let own = |(id, own): (&ListenerId, &Listener)| (own.app == app).then_some(*id);
        let listeners: Vec<ListenerId> = self.listeners.iter().filter_map(own).collect();
        for listener in listeners {
            self.close_listener(listener);
        }
    }

    /// Goes on with a worker that drains, once nothing is on its way to it.
    pub(super) fn drain_on(&mut self, id: WorkerId) {
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        let answered = worker.unanswered.is_empty() && worker.inherited.is_empty();
        let done = answered && worker.held_back.is_empty();
        if worker.phase != Phase::Draining || !done {
            return;
        }
        worker.phase = Phase::Leaving;
        self.changed = true;
        let preloaded = worker.cluster.is_some_and(|own| own.drain && own.runtime == Runtime::Node);
        if preloaded {
            self.say(id, encode::drain(IDLE_MS));
        }
        let seq = self.seq();
        self.say(id, encode::disconnect(seq));
    }

    /// A worker holds a listener no more.
    pub(super) fn let_go(&mut self, id: WorkerId, listener: ListenerId) {
        if let Some(own) = self.listeners.get_mut(&listener) {
            let before = own.holders.len();
            own.holders.retain(|holder| holder.worker != id);
            self.changed |= own.holders.len() != before;
            self.flush(listener);
        }
    }

    /// Closes a listener's sockets and what waits at it. Workers that hold it are not told: there
    /// is no way to.
    pub(super) fn close_listener(&mut self, id: ListenerId) {
        let Some(listener) = self.listeners.remove(&id) else {
            return;
        };
        self.changed = true;
        self.waiting -= listener.waiting.len();
        for connection in &listener.waiting {
            self.close(*connection);
        }
        let path = listener.path();
        for socket in listener.sockets {
            if matches!(socket.state, SocketState::Bound(_)) {
                let unlink = path.clone();
                self.outputs.push_back(Output::CloseSocket { socket: socket.id, unlink });
            }
        }
    }

    /// The app closed this listener a while ago. It goes, unless the app opened it again, or is
    /// about to, or left.
    pub(super) fn remove_abandoned(&mut self, id: ListenerId) {
        let Some(listener) = self.listeners.get(&id) else {
            return;
        };
        let mut siblings = self.workers.values().filter(|own| own.app == listener.app);
        let held = !listener.holders.is_empty();
        let closed_by_choice = siblings.clone().any(|own| own.phase == Phase::Serving);
        let starting = siblings.any(|own| own.phase == Phase::Serving && !own.listening);
        if closed_by_choice && !held && !starting {
            self.close_listener(id);
        }
    }

    /// What was on its way to a worker goes to others.
    fn leave(&mut self, id: WorkerId) {
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        worker.phase = Phase::Closed;
        let unanswered = std::mem::take(&mut worker.unanswered);
        let inherited = std::mem::take(&mut worker.inherited);
        let held: Vec<ListenerId> = self.held_by(id);
        for listener in &held {
            self.let_go(id, *listener);
        }
        for listener in self.listeners.values_mut() {
            for socket in &mut listener.sockets {
                socket.askers.retain(|(asker, _)| *asker != id);
            }
        }
        let connections = unanswered.into_iter().map(|(_, connection)| connection);
        for connection in connections.chain(inherited.into_iter().map(|own| own.connection)) {
            self.route(connection);
        }
    }

    /// What waits for this worker alone goes elsewhere.
    fn reroute_waiting(&mut self, id: WorkerId) {
        for listener in self.held_by(id) {
            self.flush(listener);
        }
    }

    fn held_by(&self, id: WorkerId) -> Vec<ListenerId> {
        let held =
            |(listener, own): (&ListenerId, &Listener)| own.is_held_by(id).then_some(*listener);
        self.listeners.iter().filter_map(held).collect()
    }
}
