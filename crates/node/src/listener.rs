//! Listeners: which one is meant, its sockets, and who holds it.

use crate::message::Query;
use crate::output::{BindTo, ConnectionId, ListenerId, SocketId, Sockname, WorkerId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::VecDeque;

/// What Node uses when an app names no backlog.
const BACKLOG_DEFAULT: i32 = 511;

/// Which listener of an app is meant. Two servers that ask for the same share one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// What it is bound to.
    pub kind: AddressKind,
    /// The address or path as the worker gave it.
    pub address: Option<String>,
    /// The port.
    pub port: u16,
    /// Node's `addressType`, as JSON.
    pub family: String,
    /// The descriptor that is to be used.
    pub fd: Option<i32>,
    /// Tells several servers on any port apart; 0 where the port is given.
    pub index: u32,
}

/// What a listener is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// A TCP port.
    Tcp,
    /// A UDP port.
    Udp,
    /// A path.
    Unix,
    /// Whatever a descriptor of the worker is.
    Fd,
    /// The same, and it takes datagrams.
    UdpFd,
}

/// One listener of an app.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) app: String,
    pub(crate) identity: Identity,
    /// Of the first worker that asked; the others are given the same.
    pub(crate) data: Value,
    pub(crate) backlog: i32,
    pub(crate) sockets: Vec<Socket>,
    /// One socket for each slot, bound with `SO_REUSEPORT`.
    pub(crate) per_slot: bool,
    pub(crate) holders: Vec<Holder>,
    /// Whose turn it was last, as a place in `holders`.
    pub(crate) last: usize,
    /// Connections that could not be handed on yet.
    pub(crate) waiting: VecDeque<ConnectionId>,
    /// Those waiting are not to be tried before, in ms.
    pub(crate) quiet_until_ms: u64,
}

/// One socket of a listener.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) id: SocketId,
    /// Whose it is where each slot has its own.
    pub(crate) slot: u32,
    pub(crate) state: SocketState,
    /// Who waits for it to be bound.
    pub(crate) askers: Vec<(WorkerId, Query)>,
}

/// How far a socket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SocketState {
    /// To be bound; given up at this time, in ms, when the port stays taken.
    Binding { give_up_ms: Option<u64> },
    /// Bound.
    Bound(Sockname),
}

/// A worker that holds a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    pub(crate) worker: WorkerId,
    /// The socket of which it has a duplicate; `None` is handed connections.
    pub(crate) socket: Option<SocketId>,
}

impl Listener {
    /// A listener that nobody holds yet.
    pub(crate) fn new(app: &str, query: &Query, per_slot: bool) -> Self {
        Self {
            app: app.to_owned(),
            identity: query.identity.clone(),
            data: query.data.clone(),
            backlog: if query.backlog > 0 { query.backlog } else { BACKLOG_DEFAULT },
            sockets: Vec::new(),
            per_slot,
            holders: Vec::new(),
            last: 0,
            waiting: VecDeque::new(),
            quiet_until_ms: 0,
        }
    }

    pub(crate) fn socket(&self, id: SocketId) -> Option<&Socket> {
        self.sockets.iter().find(|socket| socket.id == id)
    }

    pub(crate) fn socket_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        self.sockets.iter_mut().find(|socket| socket.id == id)
    }

    /// The socket for a worker in `slot`, if there is one.
    pub(crate) fn socket_for(&self, slot: u32) -> Option<SocketId> {
        let mut sockets = self.sockets.iter();
        let own =
            if self.per_slot { sockets.find(|socket| socket.slot == slot) } else { sockets.next() };
        own.map(|socket| socket.id)
    }

    pub(crate) fn is_held_by(&self, worker: WorkerId) -> bool {
        self.holders.iter().any(|holder| holder.worker == worker)
    }

    /// Whether connections of this socket are ours to accept: some worker waits to be handed them,
    /// or nobody else takes them.
    pub(crate) fn is_ours(&self, socket: SocketId) -> bool {
        let mut taken = false;
        for holder in &self.holders {
            match holder.socket {
                None => return true,
                Some(own) => taken |= own == socket,
            }
        }
        !taken
    }

    /// Whether a holder may be handed connections: all may when no one waits to be.
    pub(crate) fn receives(&self, holder: &Holder) -> bool {
        holder.socket.is_none() || self.holders.iter().all(|other| other.socket.is_some())
    }

    pub(crate) fn is_datagram(&self) -> bool {
        matches!(self.identity.kind, AddressKind::Udp | AddressKind::UdpFd)
    }

    /// The port of the first socket, where the app left the choice to us.
    pub(crate) fn chosen_port(&self) -> Option<u16> {
        self.sockets.iter().find_map(|socket| match socket.state {
            SocketState::Bound(Some(name)) => Some(name.port()),
            SocketState::Bound(None) | SocketState::Binding { .. } => None,
        })
    }

    /// The file that is to go with the sockets.
    pub(crate) fn path(&self) -> Option<String> {
        match self.identity.kind {
            AddressKind::Unix => self.identity.address.clone(),
            AddressKind::Tcp | AddressKind::Udp | AddressKind::Fd | AddressKind::UdpFd => None,
        }
    }
}

/// Where a query's socket is to be bound.
pub(crate) fn bind_to(query: &Query, asker: WorkerId, port: u16) -> BindTo {
    let identity = &query.identity;
    let address = identity.address.clone();
    match identity.kind {
        AddressKind::Tcp => BindTo::Tcp { address, port, v6_only: query.v6_only },
        AddressKind::Udp => BindTo::Udp {
            address: address.unwrap_or_else(|| {
                if identity.family.contains("udp6") { "::" } else { "0.0.0.0" }.to_owned()
            }),
            port,
            v6_only: query.v6_only,
            reuse_address: query.reuse_address,
        },
        AddressKind::Unix => BindTo::Unix {
            path: address.unwrap_or_default(),
            readable_all: query.readable_all,
            writable_all: query.writable_all,
        },
        AddressKind::Fd | AddressKind::UdpFd => {
            BindTo::Inherited { worker: asker, fd: identity.fd.unwrap_or(-1) }
        }
    }
}

/// How a worker gets the connections of a listener.
pub(crate) fn is_handed(kind: AddressKind, policy: crate::Policy) -> bool {
    match kind {
        AddressKind::Udp | AddressKind::UdpFd => false,
        AddressKind::Tcp | AddressKind::Unix | AddressKind::Fd => {
            policy == crate::Policy::RoundRobin
        }
    }
}

/// A listener with its name.
pub(crate) type Named<'a> = (ListenerId, &'a Listener);
