//! The thread's loop: waits, reads, accepts.

use super::channel::Channel;
use super::connections::Connections;
use super::ledger::Ledger;
use super::sockets::Listening;
use super::{ChannelEvent, Order};
use rpm_node::{Primary, SocketId, WorkerId};
use rpm_sys::poller::{Interest, Poller, Ready, Waker};
use rpm_sys::stream::{Accepted, Read};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;
use std::sync::mpsc::Receiver;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// What is read from a channel at once: as much as its other end can hold.
const READ_LEN: usize = 256 * 1024;
/// So many connections are taken from one socket before others have their turn.
const ACCEPTS_MAX: usize = 16;
/// How long a socket rests when descriptors ran out, in ms.
const REST_MS: u64 = 100;
/// Records are sent at most this often, in ms.
const RECORDS_MS: u64 = 20;
const WAKER_TOKEN: u64 = u64::MAX;
pub(super) const SAFE_TOKEN: u64 = WAKER_TOKEN - 1;
const GUARD_TOKEN: u64 = WAKER_TOKEN - 2;

/// The thread and all it owns.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) orders: Receiver<Order>,
    waker: Waker,
    pub(super) poller: Poller,
    pub(super) events: Sender<ChannelEvent>,
    pub(super) primary: Primary,
    pub(super) channels: BTreeMap<WorkerId, Channel>,
    pub(super) sockets: BTreeMap<SocketId, Listening>,
    pub(super) connections: Connections,
    pub(super) ledger: Ledger,
    /// A line being written.
    pub(super) line: Vec<u8>,
    buffer: Vec<u8>,
    pub(super) records_due_ms: Option<u64>,
}

impl Thread {
    pub(super) fn new(
        orders: Receiver<Order>,
        waker: Waker,
        events: Sender<ChannelEvent>,
        ledger: Ledger,
    ) -> io::Result<Self> {
        let poller = Poller::new()?;
        poller.add(waker.fd(), WAKER_TOKEN, Interest::Read)?;
        ledger.watch_guard(&poller, GUARD_TOKEN);
        // Above all numbers of predecessors, also when one follows the other at once. JavaScript
        // can count so far.
        let first_seq = rpm_sys::clock::wall_ms() << 10;
        Ok(Self {
            orders,
            waker,
            poller,
            events,
            primary: Primary::new(first_seq, ephemeral_ports()),
            channels: BTreeMap::new(),
            sockets: BTreeMap::new(),
            connections: Connections::default(),
            ledger,
            line: Vec::new(),
            buffer: vec![0; READ_LEN],
            records_due_ms: None,
        })
    }

    /// Runs until the last handle is dropped.
    pub(super) fn run(mut self) {
        let mut ready = Vec::new();
        loop {
            let timeout = self.timeout();
            if let Err(error) = self.poller.wait(&mut ready, timeout) {
                tracing::error!(%error, "the channels cannot be waited for");
                return self.leave();
            }
            self.primary.tick(now_ms());
            self.carry_out();
            for event in ready.drain(..) {
                match event.token {
                    WAKER_TOKEN => {
                        self.waker.clear();
                        if self.take_orders().is_end() {
                            return self.leave();
                        }
                    }
                    SAFE_TOKEN => self.inherit(),
                    GUARD_TOKEN => self.ledger.guard_ended(&self.poller, now_ms()),
                    token if token >= SocketId::FIRST.0 => self.accept(SocketId(token)),
                    token => self.hear(WorkerId(token), event),
                }
            }
            self.accept_parked();
            self.send_records();
            if self.ledger.replace_guard(now_ms()) {
                self.ledger.watch_guard(&self.poller, GUARD_TOKEN);
            }
        }
    }

    /// What is still ours stays open until the process ends: then the guard saves it.
    fn leave(self) {
        if self.ledger.is_guarded() {
            std::mem::forget(self.connections);
        }
    }

    fn timeout(&self) -> Option<Duration> {
        let rests = self.sockets.values().map(|socket| socket.rests_until_ms);
        let rest = rests.filter(|at| *at > 0).min();
        let due =
            [self.primary.deadline_ms(), self.records_due_ms, self.ledger.deadline_ms(), rest];
        let due = due.into_iter().flatten().min()?;
        Some(Duration::from_millis(due.saturating_sub(now_ms())))
    }

    /// A channel can be read, or has room again.
    fn hear(&mut self, id: WorkerId, event: Ready) {
        if event.write
            && let Some(channel) = self.channels.get_mut(&id)
            && channel.flush()
        {
            channel.await_room(false, &self.poller);
            self.primary.blocked(id, false);
        }
        if event.read {
            self.read(id);
        }
        self.carry_out();
    }

    pub(super) fn read(&mut self, id: WorkerId) -> Read {
        let Some(channel) = self.channels.get_mut(&id) else {
            return Read::End;
        };
        let read = channel.read(&mut self.buffer).unwrap_or_else(|error| {
            tracing::warn!(?id, %error, "a channel cannot be read");
            Read::End
        });
        match read {
            Read::Some { len, handles } => {
                if handles > 0 {
                    self.primary.handles(id, handles);
                }
                let primary = &mut self.primary;
                channel.lines.push(&self.buffer[..len], |line| primary.line(id, line));
            }
            Read::Empty => {}
            Read::End => {
                channel.retire(&self.poller);
                self.primary.closed(id);
            }
        }
        read
    }

    /// Takes connections while there is somebody to hand them to.
    fn accept(&mut self, id: SocketId) {
        let with_peer = self.primary.wants_peer(id);
        for _ in 0..ACCEPTS_MAX {
            let room = self.primary.room(id);
            let Some(socket) = self.sockets.get_mut(&id) else {
                return;
            };
            if room == 0 {
                socket.arm(false, &self.poller);
                return;
            }
            self.ledger.expects(id, socket.fd.as_fd());
            let accepted = socket.accept(with_peer);
            match &accepted {
                Ok(Accepted::Connection(fd, _)) => self.ledger.accepted(fd.as_fd(), id),
                Ok(Accepted::Empty | Accepted::Exhausted(_)) | Err(_) => {
                    self.ledger.expects_nothing();
                }
            }
            match accepted {
                Ok(Accepted::Connection(fd, peer)) => {
                    let connection = self.connections.insert(fd, id);
                    self.primary.connected(id, connection, peer);
                    self.carry_out();
                }
                Ok(Accepted::Empty) => {
                    socket.arm(true, &self.poller);
                    return;
                }
                Ok(Accepted::Exhausted(error)) => {
                    tracing::warn!(%error, "a connection waits: descriptors ran out");
                    socket.rests_until_ms = now_ms() + REST_MS;
                    socket.arm(false, &self.poller);
                    return;
                }
                Err(error) => {
                    tracing::error!(%error, "a listening socket fails");
                    socket.rests_until_ms = now_ms() + REST_MS;
                    socket.retire(&self.poller);
                    return;
                }
            }
        }
    }

    /// Looks at the sockets that are not waited for: there may be room again.
    fn accept_parked(&mut self) {
        let parked = |(id, socket): (&SocketId, &Listening)| (!socket.armed).then_some(*id);
        let mut next = self.sockets.iter().find_map(parked);
        while let Some(id) = next {
            if self.is_rested(id) && self.primary.room(id) > 0 {
                self.accept(id);
            }
            let after = SocketId(id.0 + 1);
            next = self.sockets.range(after..).find_map(parked);
        }
    }

    fn is_rested(&mut self, id: SocketId) -> bool {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return false;
        };
        if socket.rests_until_ms > 0 && now_ms() >= socket.rests_until_ms {
            socket.rests_until_ms = 0;
        }
        socket.rests_until_ms == 0
    }

    pub(super) fn send_records(&mut self) {
        if self.primary.take_changed() {
            self.records_due_ms.get_or_insert(now_ms() + RECORDS_MS);
        }
        if self.records_due_ms.is_some_and(|due| now_ms() >= due) {
            self.records_due_ms = None;
            match serde_json::to_string(&self.primary.records()) {
                Ok(records) => self.report(ChannelEvent::Records(records)),
                Err(error) => tracing::error!(%error, "the listeners cannot be recorded"),
            }
        }
    }

    /// Tells the main loop; waits when it is behind.
    pub(super) fn report(&self, event: ChannelEvent) {
        // Nobody listens any more when the main loop is about to go.
        self.events.blocking_send(event).ok();
    }
}

pub(super) fn now_ms() -> u64 {
    rpm_sys::clock::monotonic_ms()
}

/// Ports that the kernel gives to outgoing connections, `ip(7)`.
fn ephemeral_ports() -> std::ops::RangeInclusive<u16> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let mut ports = text.iter().flat_map(|text| text.split_whitespace()).map(str::parse);
    match (ports.next(), ports.next()) {
        (Some(Ok(first)), Some(Ok(last))) => first..=last,
        _ => 32768..=60999,
    }
}
