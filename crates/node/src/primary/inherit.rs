//! Connections that a predecessor accepted and did not live to see answered.
//!
//! Of one that it was sending to a worker nobody can say whether it was sent. The worker can: it
//! answers in order, so it is sent something else that has to be answered, a *probe*: the same
//! connection for a listener that it does not have. It closes its copy and refuses. What it has not
//! answered before the probe has never reached it.

use super::Primary;
use super::timer::Timer;
use crate::encode::NEWCONN_MAX;
use crate::output::{ConnectionId, Output, SocketId, WorkerId};
use crate::worker::{Inherited, Phase, Unacked};
use std::net::IpAddr;

/// A probe that did not reach its worker is repeated after this.
const AGAIN_MS: u64 = 100;

/// How far a predecessor had come with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It was nobody's.
    Accepted,
    /// It was being sent. The predecessor has not read an answer.
    Sending {
        /// To whom.
        worker: WorkerId,
        /// As which handing-over.
        seq: u64,
    },
    /// It was sent, unless it had been inherited itself. The answer may have been read.
    Handed {
        /// To whom.
        worker: WorkerId,
        /// As which handing-over.
        seq: u64,
    },
}

impl Primary {
    /// Takes over a connection that a predecessor accepted from this socket. May come at any time
    /// after [`Self::restore`], and though there is no [`room`](Self::room).
    pub fn inherit(
        &mut self,
        socket: SocketId,
        id: ConnectionId,
        peer: Option<IpAddr>,
        progress: Progress,
    ) {
        if !self.enter(socket, id, peer) {
            return;
        }
        match progress {
            Progress::Accepted => self.route(id),
            Progress::Sending { worker, seq } => self.await_answer(worker, (seq, id), false),
            Progress::Handed { worker, seq } => self.await_answer(worker, (seq, id), true),
        }
    }

    /// A probe could not be sent.
    pub fn not_probed(&mut self, id: WorkerId, seq: u64) {
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.detach(seq);
            self.probe_later(id, seq);
        }
    }

    /// A probe did not reach its worker, which had no room for a descriptor.
    pub(super) fn probe_later(&mut self, id: WorkerId, seq: u64) {
        let worker = self.workers.get_mut(&id);
        let of = |own: &&mut Inherited| own.probe == Some(seq);
        if let Some(own) = worker.and_then(|own| own.inherited.iter_mut().find(of)) {
            own.probe = None;
            self.set_timer(AGAIN_MS, Timer::Probe(id));
        }
    }

    /// Sends the probes that did not reach a worker.
    pub(super) fn probe_again(&mut self, id: WorkerId) {
        let inherited = self.workers.get(&id).map(|own| own.inherited.clone());
        for own in inherited.unwrap_or_default() {
            if own.probe.is_none() {
                self.probe(id, own.connection);
            }
        }
    }

    fn probe(&mut self, id: WorkerId, connection: ConnectionId) {
        let seq = self.seq();
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        let of = |own: &&mut Inherited| own.connection == connection;
        if let Some(own) = worker.inherited.iter_mut().find(of) {
            own.probe = Some(seq);
            worker.attach(NEWCONN_MAX, Unacked::Probe { seq });
            self.outputs.push_back(Output::Probe { worker: id, connection, seq });
        }
    }

    /// An answer to a number of a predecessor, or to a probe.
    pub(super) fn answered_strangely(&mut self, id: WorkerId, seq: u64, accepted: bool) {
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        match worker.settle_by_probe(seq) {
            None => worker.remember(seq, accepted),
            // The answer was read by the predecessor, which had not acted upon it; nearly all
            // are taken. Were it given to another, two would read from it.
            Some(own) if own.was_handed => self.close(own.connection),
            Some(own) => self.route(own.connection),
        }
    }

    fn await_answer(
        &mut self,
        id: WorkerId,
        (seq, connection): (u64, ConnectionId),
        was_handed: bool,
    ) {
        let worker = self.workers.get_mut(&id).filter(|own| own.phase != Phase::Closed);
        let Some(worker) = worker else {
            self.route(connection);
            return;
        };
        match worker.recall(seq) {
            Some(true) => self.close(connection),
            Some(false) => self.refused(id, connection),
            None => {
                worker.inherited.push(Inherited { seq, connection, was_handed, probe: None });
                self.probe(id, connection);
            }
        }
    }
}

#[cfg(test)]
mod tests;
