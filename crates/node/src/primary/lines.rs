//! What comes from a worker's channel, and what an app is told.

use super::{Primary, timer::Timer};
use crate::encode;
use crate::message::{self, Message};
use crate::output::{ListenerId, News, WorkerId};
use crate::worker::{Phase, Unacked};

/// How long a worker that lost a descriptor is left alone: its table of them is full.
const PENALTY_MS: u64 = 100;
/// An answer with a socket is repeated so often.
const TRIES_MAX: u8 = 3;
/// `EMFILE`.
const TOO_MANY_FILES: i32 = 24;

impl Primary {
    /// Descriptors came on the channel, and are closed; the line they belong to follows.
    pub fn handles(&mut self, id: WorkerId, count: usize) {
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.handles = worker.handles.saturating_add(count);
        }
    }

    /// A line, without its end.
    pub fn line(&mut self, id: WorkerId, line: &[u8]) {
        let (message, marked) = message::parse(line);
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        if marked && !worker.marked {
            worker.marked = true;
            self.changed = true;
        }
        let in_cluster = worker.cluster.is_some();
        match message {
            Message::Ready => self.tell(id, News::Ready),
            Message::App(text) => self.tell(id, News::Message(text.to_owned())),
            Message::Handle(text) => self.app_handle(id, text),
            Message::HandleAck => self.acked(id),
            Message::HandleNack => self.nacked(id),
            Message::Answer { seq, accepted } if in_cluster => self.answered(id, seq, accepted),
            Message::Online if in_cluster => self.tell(id, News::Up),
            Message::Query(query) if in_cluster => self.query(id, *query),
            Message::Listening if in_cluster => self.listens(id),
            Message::Close(Some(listener)) if in_cluster => self.closes(id, listener),
            Message::Leaving { seq: Some(seq) } if in_cluster => self.leaves(id, seq),
            Message::Answer { .. }
            | Message::Online
            | Message::Query(_)
            | Message::Listening
            | Message::Close(_)
            | Message::Leaving { .. }
            | Message::Internal
            | Message::Garbage => {}
        }
    }

    /// Sends a message, given as JSON on one line, to the app.
    pub fn send(&mut self, id: WorkerId, json: &str) {
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        let mut line = Vec::with_capacity(json.len() + 1);
        // JSON has no raw line breaks but between tokens.
        line.extend(json.bytes().filter(|byte| *byte != b'\n'));
        line.push(b'\n');
        worker.count(line.len());
        self.outputs.push_back(crate::Output::Send { worker: id, line });
    }

    /// The app sends a handle. It is told that it arrived, or everything else it says would wait.
    fn app_handle(&mut self, id: WorkerId, text: Option<&str>) {
        let arrived = self.workers.get_mut(&id).is_some_and(|worker| {
            let arrived = worker.handles > 0;
            worker.handles = worker.handles.saturating_sub(1);
            arrived
        });
        self.say(id, encode::handle(arrived));
        if let (true, Some(text)) = (arrived, text) {
            self.tell(id, News::Message(text.to_owned()));
        }
    }

    fn acked(&mut self, id: WorkerId) {
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        worker.acknowledged();
        if !worker.held_back.is_empty() {
            self.give_held_back(id);
        }
        self.has_room(id);
    }

    fn nacked(&mut self, id: WorkerId) {
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        match worker.acknowledged() {
            None => {}
            Some(Unacked::Connection { seq }) => {
                let connection = worker.take_back(seq);
                self.penalise(id);
                if let Some(connection) = connection {
                    self.route(connection);
                }
                self.drain_on(id);
            }
            Some(Unacked::Probe { seq }) => self.probe_later(id, seq),
            Some(Unacked::Socket(mut given)) if given.tries < TRIES_MAX => {
                given.tries += 1;
                worker.held_back.push_front(given);
                self.give_held_back(id);
            }
            Some(Unacked::Socket(given)) => {
                self.let_go(id, given.listener);
                self.refuse(id, &given.query, given.listener, TOO_MANY_FILES);
            }
        }
    }

    /// Leaves a worker alone for a moment: descriptors do not reach it.
    pub fn penalise(&mut self, id: WorkerId) {
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.penalised = true;
            self.set_timer(PENALTY_MS, Timer::Forgive(id));
        }
    }

    fn listens(&mut self, id: WorkerId) {
        if let Some(worker) = self.workers.get_mut(&id) {
            self.changed |= !worker.listening;
            worker.listening = true;
            self.tell(id, News::Listening);
        }
    }

    fn leaves(&mut self, id: WorkerId, seq: u64) {
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        if worker.phase == Phase::Serving || worker.phase == Phase::Draining {
            worker.phase = Phase::Leaving;
            self.changed = true;
        }
        let own = self.seq();
        self.say(id, encode::acknowledged((seq, own)));
    }

    fn closes(&mut self, id: WorkerId, listener: ListenerId) {
        self.let_go(id, listener);
        let serving = self.workers.get(&id).is_some_and(|worker| worker.phase == Phase::Serving);
        if serving && self.listeners.get(&listener).is_some_and(|own| own.holders.is_empty()) {
            self.set_timer(super::workers::ABANDONED_MS, Timer::Abandon(listener));
        }
    }
}
