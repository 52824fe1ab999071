//! The primary of Node's `cluster`, with any calls in any order.
//!
//! The shell around it keeps books: each connection that it accepted has one end, each socket that
//! it bound is closed, and what is sent is lines of JSON.

use crate::bytes::Bytes;
use rpm_node::message::BUN_MARK;
use rpm_node::{
    ConnectionId, Join, Options, Output, Policy, Primary, Records, Runtime, SocketId, WorkerId,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::RangeInclusive;

const EPHEMERAL: RangeInclusive<u16> = 32768..=60999;
/// More outputs after one call are a storm.
const OUTPUTS_MAX: usize = 10_000;
const APPS: [&str; 2] = ["one", "two"];

/// Calls of all kinds, chosen by bytes; then everything ends.
pub fn node_primary(bytes: &[u8]) {
    let mut shell = Shell::new(Primary::new(1000, EPHEMERAL));
    let mut bytes = Bytes::new(bytes);
    while !bytes.is_empty() {
        shell.call(&mut bytes);
        shell.carry_out();
    }
    for id in 0..shell.next_worker {
        shell.primary.gone(WorkerId(id));
        shell.carry_out();
    }
    for app in APPS {
        shell.primary.app_gone(app);
        shell.carry_out();
    }
    assert!(shell.open.is_empty(), "connections are left: {:?}", shell.open);
    assert!(shell.sockets.is_empty(), "sockets are left: {:?}", shell.sockets);
}

struct Shell {
    primary: Primary,
    now_ms: u64,
    next_worker: u64,
    seq: u64,
    joined: BTreeMap<WorkerId, Join>,
    open: BTreeSet<ConnectionId>,
    handed: BTreeMap<WorkerId, Vec<(u64, ConnectionId)>>,
    sockets: BTreeSet<SocketId>,
    bind_errno: i32,
}

impl Shell {
    fn new(primary: Primary) -> Self {
        Self {
            primary,
            now_ms: 0,
            next_worker: 1,
            seq: 0,
            joined: BTreeMap::new(),
            open: BTreeSet::new(),
            handed: BTreeMap::new(),
            sockets: BTreeSet::new(),
            bind_errno: 0,
        }
    }

    fn call(&mut self, bytes: &mut Bytes<'_>) {
        let what = bytes.byte() % 22;
        let id = WorkerId(self.next_worker.saturating_sub(u64::from(bytes.byte() % 8)));
        match what {
            0 | 1 => self.join(bytes),
            2..=4 => self.query(id, bytes),
            5..=8 => self.connect(bytes),
            9..=11 => self.answer(id, !bytes.byte().is_multiple_of(8)),
            12 => {
                let word = if bytes.byte().is_multiple_of(4) { "NACK" } else { "ACK" };
                let line = format!(r#"{{"cmd":"NODE_HANDLE_{word}"}}"#);
                self.primary.line(id, line.as_bytes());
            }
            13 => self.now_ms += 50 * u64::from(bytes.byte()),
            14 => {
                let length = usize::from(bytes.byte());
                self.primary.handles(id, usize::from(bytes.byte() % 3));
                self.primary.line(id, bytes.take(length));
            }
            _ => self.call_rarely(what, id, bytes),
        }
        self.primary.tick(self.now_ms);
    }

    fn call_rarely(&mut self, what: u8, id: WorkerId, bytes: &mut Bytes<'_>) {
        match what {
            15 => self.primary.blocked(id, bytes.flag()),
            16 => self.not_handed(id),
            17 if bytes.flag() => self.primary.torn(id),
            17 => {
                let text = "x".repeat(300 * usize::from(bytes.byte()));
                self.primary.send(id, &format!("\"{text}\""));
            }
            18 => self.part(id, bytes),
            19 => self.bind_errno = [0, 98, 13][usize::from(bytes.byte() % 3)],
            20 => self.succeed(),
            _ if bytes.byte() < 32 => self.primary.app_gone(APPS[usize::from(bytes.flag())]),
            _ => self.now_ms += 1,
        }
    }

    fn join(&mut self, bytes: &mut Bytes<'_>) {
        let kind = bytes.byte();
        let policy = [Policy::RoundRobin, Policy::Shared, Policy::ReusePort];
        let runtime = [Runtime::Node, Runtime::Node, Runtime::Bun, Runtime::Deno];
        let options = Options {
            policy: policy[usize::from(kind % 3)],
            window: u32::from(bytes.byte() % 5),
            sticky: kind & 8 != 0,
            drain: kind & 16 != 0,
            runtime: runtime[usize::from(kind >> 6)],
        };
        let app = APPS[usize::from(kind & 32 != 0)].to_owned();
        let cluster = (kind != 255).then_some(options);
        let join = Join { app, slot: u32::from(bytes.byte() % 4), cluster };
        let id = WorkerId(self.next_worker);
        self.next_worker += 1;
        self.joined.insert(id, join.clone());
        self.primary.add(id, join);
    }

    fn query(&mut self, id: WorkerId, bytes: &mut Bytes<'_>) {
        let kinds = ["4", "6", "-1", "\"udp4\"", "null", "4"];
        let address = ["null", "\"127.0.0.1\"", "\"::\"", "\"/tmp/s\"", "\"x\""];
        let kind = kinds[usize::from(bytes.byte()) % kinds.len()];
        let address = address[usize::from(bytes.byte()) % address.len()];
        let port = [0, 80, 81, 40_000][usize::from(bytes.byte() % 4)];
        self.seq += 1;
        let (seq, index) = (self.seq, bytes.byte() % 2);
        let line = format!(
            r#"{{"cmd":"NODE_CLUSTER","act":"queryServer","seq":{seq},"addressType":{kind},"address":{address},"port":{port},"index":{index},"fd":null}}"#
        );
        self.primary.line(id, line.as_bytes());
    }

    fn connect(&mut self, bytes: &mut Bytes<'_>) {
        let place = usize::from(bytes.byte() % 4);
        let Some(socket) = self.sockets.iter().nth(place).copied() else {
            return;
        };
        if self.primary.room(socket) == 0 {
            return;
        }
        // Numbers are used again.
        let free = (0..=u32::MAX).map(ConnectionId).find(|id| !self.open.contains(id));
        let id = free.expect("numbers do not run out");
        self.open.insert(id);
        let peer = IpAddr::from([10, 0, 0, bytes.byte()]);
        let peer = self.primary.wants_peer(socket).then_some(peer);
        self.primary.connected(socket, id, peer);
    }

    fn answer(&mut self, id: WorkerId, accepted: bool) {
        let Some(handed) = self.handed.get_mut(&id).filter(|handed| !handed.is_empty()) else {
            return;
        };
        let (seq, _) = handed.remove(0);
        let line = format!(r#"{{"cmd":"NODE_CLUSTER","ack":{seq},"accepted":{accepted},"seq":9}}"#);
        self.primary.line(id, line.as_bytes());
    }

    fn not_handed(&mut self, id: WorkerId) {
        if let Some((seq, _)) = self.handed.get_mut(&id).and_then(Vec::pop) {
            self.primary.blocked(id, true);
            self.primary.not_handed(id, seq);
        }
    }

    fn part(&mut self, id: WorkerId, bytes: &mut Bytes<'_>) {
        match bytes.byte() % 5 {
            0 => self.primary.drain(id),
            1 => self.primary.closed(id),
            2 => {
                self.primary.gone(id);
                self.joined.remove(&id);
                self.handed.remove(&id);
            }
            3 => {
                let line = br#"{"cmd":"NODE_CLUSTER","act":"exitedAfterDisconnect","seq":5}"#;
                self.primary.line(id, line);
            }
            _ => {
                let key = bytes.byte() % 6;
                let line =
                    format!(r#"{{"cmd":"NODE_CLUSTER","act":"close","key":"k{key}","seq":1}}"#);
                self.primary.line(id, line.as_bytes());
            }
        }
    }

    /// Another primary takes over; the connections that were with this one are lost, or taken.
    fn succeed(&mut self) {
        self.carry_out();
        let text = serde_json::to_string(&self.primary.records()).expect("records can be written");
        let records: Records = serde_json::from_str(&text).expect("records can be read");
        self.primary = Primary::new(self.now_ms + 1_000_000_000, EPHEMERAL);
        self.open.clear();
        self.handed.clear();
        for (id, join) in &self.joined {
            self.primary.add(*id, join.clone());
        }
        let sockets: Vec<SocketId> = self.sockets.iter().copied().collect();
        let strays = self.primary.restore(records, &sockets);
        assert!(strays.is_empty(), "sockets of nobody: {strays:?}");
    }

    fn carry_out(&mut self) {
        for _ in 0..OUTPUTS_MAX {
            let Some(output) = self.primary.next_output() else {
                return;
            };
            self.carry(output);
        }
        panic!("there is no end to what is to be done");
    }

    fn carry(&mut self, output: Output) {
        match output {
            Output::Send { line, .. } => is_line(&line),
            Output::SendSocket { line, socket, .. } => {
                assert!(self.sockets.contains(&socket), "a socket that is not open");
                is_line(&line);
            }
            Output::Hand { worker, connection, seq, .. } => {
                assert!(self.open.contains(&connection), "handed after it was closed");
                self.handed.entry(worker).or_default().push((seq, connection));
            }
            Output::Probe { connection, .. } => {
                assert!(self.open.contains(&connection), "used after it was closed");
            }
            Output::Close(connection) => {
                assert!(self.open.remove(&connection), "closed twice");
            }
            Output::Bind(socket, _) if self.bind_errno == 0 => {
                assert!(self.sockets.insert(socket), "bound twice");
                self.primary.bound(socket, "[::]:3000".parse().ok());
            }
            Output::Bind(socket, _) => self.primary.bind_failed(socket, self.bind_errno),
            Output::CloseSocket { socket, .. } => {
                assert!(self.sockets.remove(&socket), "closed what was not open");
            }
            Output::News(..) => {}
        }
    }
}

fn is_line(line: &[u8]) {
    let line = line.strip_suffix(b"\n").expect("a line has its end");
    assert!(!line.contains(&b'\n'), "two lines");
    let line = line.strip_prefix(&[BUN_MARK]).unwrap_or(line);
    serde_json::from_slice::<serde_json::Value>(line).expect("a line is JSON");
}
