//! From records and back.

use super::Primary;
use crate::listener::{Listener, Socket, SocketState};
use crate::output::{ListenerId, SocketId, WorkerId};
use crate::records::{ListenerRecord, Records, SocketRecord, WorkerRecord};
use crate::worker::{Phase, Worker};
use std::collections::{BTreeSet, VecDeque};

impl Primary {
    /// What a successor must know.
    pub fn records(&self) -> Records {
        Records {
            next_listener: self.next_listener,
            next_socket: self.next_socket,
            listeners: self.listeners.iter().filter_map(listener_record).collect(),
            workers: self.workers.iter().map(worker_record).collect(),
        }
    }

    /// Takes over from a predecessor. Its workers that still run have been [`add`](Self::add)ed;
    /// `sockets` are those of its sockets that are still open. Returns the sockets that belong to
    /// nothing any more.
    pub fn restore(&mut self, records: Records, sockets: &[SocketId]) -> Vec<SocketId> {
        let newest = sockets.iter().map(|socket| socket.0 + 1).max().unwrap_or(0);
        self.next_listener = self.next_listener.max(records.next_listener);
        self.next_socket = self.next_socket.max(records.next_socket).max(newest);
        let mut unknown: BTreeSet<SocketId> = sockets.iter().copied().collect();
        for record in records.listeners {
            let (id, mut listener) = self.listener(record);
            listener.sockets.retain(|socket| unknown.remove(&socket.id));
            if !listener.sockets.is_empty() {
                self.listeners.insert(id, listener);
            }
        }
        for record in records.workers {
            if let Some(worker) = self.workers.get_mut(&record.id) {
                worker.phase = record.phase;
                worker.listening = record.listening;
                worker.marked = record.marked;
                // Its channel will say so again if it is closed.
                if worker.phase == Phase::Closed {
                    worker.phase = Phase::Leaving;
                }
                self.drain_on(record.id);
            }
        }
        self.changed = true;
        unknown.into_iter().collect()
    }

    fn listener(&self, record: ListenerRecord) -> (ListenerId, Listener) {
        let socket = |own: SocketRecord| Socket {
            id: own.id,
            slot: own.slot,
            state: SocketState::Bound(own.name),
            askers: Vec::new(),
        };
        let mut holders = record.holders;
        holders.retain(|holder| self.workers.contains_key(&holder.worker));
        let listener = Listener {
            app: record.app,
            identity: record.identity,
            data: record.data,
            backlog: record.backlog,
            sockets: record.sockets.into_iter().map(socket).collect(),
            per_slot: record.per_slot,
            holders,
            last: 0,
            waiting: VecDeque::new(),
            quiet_until_ms: 0,
        };
        (record.id, listener)
    }
}

fn listener_record((id, own): (&ListenerId, &Listener)) -> Option<ListenerRecord> {
    let socket = |socket: &Socket| match socket.state {
        SocketState::Bound(name) => Some(SocketRecord { id: socket.id, slot: socket.slot, name }),
        SocketState::Binding { .. } => None,
    };
    let sockets: Vec<SocketRecord> = own.sockets.iter().filter_map(socket).collect();
    (!sockets.is_empty()).then(|| ListenerRecord {
        id: *id,
        app: own.app.clone(),
        identity: own.identity.clone(),
        data: own.data.clone(),
        backlog: own.backlog,
        per_slot: own.per_slot,
        sockets,
        holders: own.holders.clone(),
    })
}

fn worker_record((id, own): (&WorkerId, &Worker)) -> WorkerRecord {
    WorkerRecord { id: *id, phase: own.phase, listening: own.listening, marked: own.marked }
}
