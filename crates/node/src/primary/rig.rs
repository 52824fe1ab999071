//! A shell without sockets, for tests: carries outputs out and keeps the books.

use super::Primary;
use crate::output::{Bind, ConnectionId, News, Output, SocketId, WorkerId};
use crate::worker::{Join, Options, Policy, Runtime};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// `Options` as most tests want them.
pub(super) const PLAIN: Options = Options {
    policy: Policy::RoundRobin,
    window: 2,
    sticky: false,
    drain: true,
    runtime: Runtime::Node,
};

/// Stands for a probe among what a worker was handed.
pub(super) const PROBE: ConnectionId = ConnectionId(u32::MAX);

#[derive(Debug)]
pub(super) struct Rig {
    pub(super) primary: Primary,
    /// Lines that a worker was sent, and which of its queries they answer.
    pub(super) sent: BTreeMap<WorkerId, Vec<Value>>,
    /// Connections that a worker was handed and that it has not answered.
    pub(super) handed: BTreeMap<WorkerId, Vec<(u64, ConnectionId)>>,
    pub(super) open: BTreeSet<ConnectionId>,
    pub(super) news: Vec<(WorkerId, News)>,
    pub(super) sockets: BTreeMap<SocketId, Bind>,
    pub(super) unlinked: Vec<String>,
    /// With what binding fails; 0 is not at all.
    pub(super) bind_errno: i32,
    pub(super) binds: usize,
    pub(super) now_ms: u64,
    seqs: BTreeMap<WorkerId, u64>,
    pub(super) next_connection: u32,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::with(Primary::new(1000, 32768..=60999))
    }

    pub(super) fn with(primary: Primary) -> Self {
        Self {
            primary,
            sent: BTreeMap::new(),
            handed: BTreeMap::new(),
            open: BTreeSet::new(),
            news: Vec::new(),
            sockets: BTreeMap::new(),
            unlinked: Vec::new(),
            bind_errno: 0,
            binds: 0,
            now_ms: 0,
            seqs: BTreeMap::new(),
            next_connection: 0,
        }
    }

    pub(super) fn worker(&mut self, id: u64, slot: u32, options: Options) -> WorkerId {
        let id = WorkerId(id);
        let join = Join { app: "app".to_owned(), slot, cluster: Some(options) };
        self.primary.add(id, join);
        self.carry_out();
        id
    }

    /// A worker says something.
    pub(super) fn say(&mut self, id: WorkerId, line: &str) {
        self.primary.line(id, line.as_bytes());
        self.carry_out();
    }

    /// A worker asks for a port, and acknowledges a socket that it is given.
    pub(super) fn query(&mut self, id: WorkerId, port: u16) -> u64 {
        self.query_with(id, json!({ "port": port, "addressType": 4, "address": null }))
    }

    pub(super) fn query_with(&mut self, id: WorkerId, members: Value) -> u64 {
        let seq = self.seqs.entry(id).or_default();
        *seq += 1;
        let seq = *seq;
        let mut line =
            json!({ "cmd": "NODE_CLUSTER", "act": "queryServer", "index": 0, "seq": seq });
        if let (Value::Object(line), Value::Object(members)) = (&mut line, members) {
            line.extend(members);
        }
        self.say(id, &line.to_string());
        seq
    }

    /// The answer to a query; panics when there is none or more than one.
    pub(super) fn answer(&self, id: WorkerId, seq: u64) -> &Value {
        let of = |line: &&Value| line["ack"] == seq && line.get("errno").is_some();
        let mut found = self.sent.get(&id).into_iter().flatten().map(inner).filter(of);
        let answer = found.next().unwrap_or_else(|| panic!("no answer: {:#?}", self.sent));
        assert!(found.next().is_none(), "answered twice");
        answer
    }

    /// Accepts a connection from the only socket, if there is room.
    pub(super) fn connect(&mut self) -> Option<ConnectionId> {
        let socket = *self.sockets.keys().next()?;
        self.connect_to(socket, None)
    }

    pub(super) fn connect_to(
        &mut self,
        socket: SocketId,
        peer: Option<IpAddr>,
    ) -> Option<ConnectionId> {
        if self.primary.room(socket) == 0 {
            return None;
        }
        let mut id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        // Numbers are used again.
        if let Some(free) = (0..id.0).map(ConnectionId).find(|own| !self.open.contains(own)) {
            id = free;
        }
        self.open.insert(id);
        self.primary.connected(socket, id, peer);
        self.carry_out();
        Some(id)
    }

    /// A worker answers the oldest connection it was handed.
    pub(super) fn answer_oldest(&mut self, id: WorkerId, accepted: bool) -> Option<ConnectionId> {
        let handed = self.handed.get_mut(&id).filter(|own| !own.is_empty())?;
        let (seq, connection) = handed.remove(0);
        let accepted = accepted && connection != PROBE;
        self.say(
            id,
            &format!(r#"{{"cmd":"NODE_CLUSTER","ack":{seq},"accepted":{accepted},"seq":9}}"#),
        );
        Some(connection)
    }

    pub(super) fn acknowledge(&mut self, id: WorkerId) {
        self.say(id, r#"{"cmd":"NODE_HANDLE_ACK"}"#);
    }

    pub(super) fn pass(&mut self, ms: u64) {
        self.now_ms += ms;
        self.primary.tick(self.now_ms);
        self.carry_out();
    }

    pub(super) fn count(&self, id: WorkerId) -> usize {
        self.handed.get(&id).map_or(0, Vec::len)
    }

    pub(super) fn lines(&self, id: WorkerId, act: &str) -> usize {
        let lines = self.sent.get(&id).into_iter().flatten();
        lines.filter(|line| line["act"] == act || line["cmd"] == act).count()
    }

    pub(super) fn carry_out(&mut self) {
        while let Some(output) = self.primary.next_output() {
            match output {
                Output::Send { worker, line } | Output::SendSocket { worker, line, .. } => {
                    let text = line.strip_prefix(&[crate::message::BUN_MARK]).unwrap_or(&line);
                    let line = serde_json::from_slice(text).unwrap();
                    self.sent.entry(worker).or_default().push(line);
                }
                Output::Hand { worker, connection, seq, .. } => {
                    assert!(self.open.contains(&connection), "handed after it was closed");
                    self.handed.entry(worker).or_default().push((seq, connection));
                }
                Output::Probe { worker, connection, seq } => {
                    assert!(self.open.contains(&connection), "used after it was closed");
                    self.handed.entry(worker).or_default().push((seq, PROBE));
                }
                Output::Close(connection) => {
                    assert!(self.open.remove(&connection), "closed twice");
                }
                Output::Bind(socket, bind) => {
                    self.binds += 1;
                    if self.bind_errno == 0 {
                        self.sockets.insert(socket, bind);
                        self.primary.bound(socket, "[::]:3000".parse().ok());
                    } else {
                        self.primary.bind_failed(socket, self.bind_errno);
                    }
                }
                Output::CloseSocket { socket, unlink } => {
                    assert!(self.sockets.remove(&socket).is_some(), "closed what was not open");
                    self.unlinked.extend(unlink);
                }
                Output::News(worker, news) => self.news.push((worker, news)),
            }
        }
    }
}

/// The message in a line that carries a descriptor.
fn inner(line: &Value) -> &Value {
    line.get("msg").unwrap_or(line)
}
