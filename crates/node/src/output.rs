//! What the primary wants done, and the names of things.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);
    };
}

id! {
    /// A worker, chosen by the caller and never used again.
    WorkerId(u64)
}
id! {
    /// A listener. Workers know it as `k` and its number.
    ListenerId(u32)
}
id! {
    /// A listening socket. Numbers begin at [`SocketId::FIRST`].
    SocketId(u64)
}
id! {
    /// A connection, chosen by the caller: small numbers, free again after [`Output::Close`].
    ConnectionId(u32)
}

impl ListenerId {
    /// None that a worker ever holds.
    pub const NONE: Self = Self(0);
}

impl SocketId {
    /// The first; smaller numbers are free for other uses of the same table of names.
    pub const FIRST: Self = Self(1 << 32);
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Write a line.
    Send {
        /// To whom.
        worker: WorkerId,
        /// The line with its end.
        line: Vec<u8>,
    },
    /// Write a line with a duplicate of a listening socket at its first byte.
    SendSocket {
        /// To whom.
        worker: WorkerId,
        /// The line with its end.
        line: Vec<u8>,
        /// The socket.
        socket: SocketId,
    },
    /// Write a [`newconn`](crate::newconn) line with a connection at its first byte. When that
    /// cannot be done, say so with [`Primary::not_handed`](crate::Primary::not_handed).
    Hand {
        /// To whom.
        worker: WorkerId,
        /// The connection.
        connection: ConnectionId,
        /// The server it is for.
        listener: ListenerId,
        /// Names this handing-over.
        seq: u64,
    },
    /// Write a [`newconn`](crate::newconn) line for [`ListenerId::NONE`] with a connection at its
    /// first byte, when there is room. The worker closes what it got and answers, after all that
    /// was sent before. When that cannot be done, say so with
    /// [`Primary::not_probed`](crate::Primary::not_probed).
    Probe {
        /// To whom.
        worker: WorkerId,
        /// Some connection.
        connection: ConnectionId,
        /// Names the answer.
        seq: u64,
    },
    /// Close our copy of a connection: a worker has it, or nobody ever will.
    Close(ConnectionId),
    /// Bind and listen, then answer with [`Primary::bound`](crate::Primary::bound) or
    /// [`Primary::bind_failed`](crate::Primary::bind_failed).
    Bind(SocketId, Bind),
    /// Close a listening socket, and remove the file it is bound to.
    CloseSocket {
        /// The socket.
        socket: SocketId,
        /// The file.
        unlink: Option<String>,
    },
    /// Tell whoever supervises.
    News(WorkerId, News),
}

/// What matters to supervision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The runtime is up: the app's first line is about to run.
    Up,
    /// A server listens.
    Listening,
    /// The app said `ready`.
    Ready,
    /// The channel is closed.
    Disconnected,
    /// Another message of the app, as JSON.
    Message(String),
}

/// How to bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// Where.
    pub to: BindTo,
    /// Others of ours are bound to the same port, `SO_REUSEPORT`.
    pub reuse_port: bool,
    /// With `reuse_port`: the first of ours, which fails where a stranger has the port.
    /// `SO_REUSEPORT` would hide that.
    pub first: bool,
    /// How many connections may wait.
    pub backlog: i32,
}

/// Where to bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindTo {
    /// A TCP port; no address is every address.
    Tcp {
        /// The address as Node writes it.
        address: Option<String>,
        /// The port, 0 for any.
        port: u16,
        /// No IPv4 on an IPv6 socket.
        v6_only: bool,
    },
    /// A UDP port.
    Udp {
        /// The address as Node writes it.
        address: String,
        /// The port, 0 for any.
        port: u16,
        /// No IPv4 on an IPv6 socket.
        v6_only: bool,
        /// `SO_REUSEADDR`.
        reuse_address: bool,
    },
    /// A path.
    Unix {
        /// Absolute.
        path: String,
        /// Everybody may read.
        readable_all: bool,
        /// Everybody may write.
        writable_all: bool,
    },
    /// A descriptor that the worker has itself.
    Inherited {
        /// Whose.
        worker: WorkerId,
        /// Its number there.
        fd: i32,
    },
}

/// The address a socket is bound to; `None` where it is not of the internet.
pub type Sockname = Option<SocketAddr>;
