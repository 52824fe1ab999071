//! Node's IPC channel and the primary side of its `cluster`, without input or output.
//!
//! An app that uses `http`, `net` or `dgram` as a worker of Node's `cluster` does not bind its
//! sockets: it asks its primary for them over the channel. [`Primary`] is that primary. It is
//! handed lines, tokens of connections and the time, and gives back [`Output`]s to be carried out
//! in order. It knows no sockets and no clock, so each of its rules can be tried in a test.
//!
//! # Vocabulary
//!
//! - A *line* is one message: JSON on one line, see [`mod@line`].
//! - A *listener* is what apps call a server's address. It belongs to the app, not to a worker, and
//!   has one *socket*, or one for each slot where workers accept by themselves with
//!   `SO_REUSEPORT`.
//! - A worker *holds* a listener when it has asked for it. It is handed connections (round robin),
//!   or has a duplicate of the socket and accepts by itself.
//! - A connection is *handed* to a worker and then *answered* by it: taken or refused. Until then
//!   it can be handed to another without harm, as a worker answers before it reads a byte.
//!
//! # Where things are
//!
//! [`message`] reads what workers say, `encode` writes what they are told. [`primary`] decides;
//! [`balance`] holds the arithmetic of whose turn it is. [`DRAIN_PRELOAD`] is what a worker loads
//! so that its keep-alive connections end cleanly.

pub mod balance;
mod encode;
pub mod line;
mod listener;
pub mod message;
pub mod output;
pub mod primary;
pub mod records;
mod worker;

pub use encode::newconn;
pub use line::Lines;
pub use output::{
    Bind, BindTo, ConnectionId, ListenerId, News, Output, SocketId, Sockname, WorkerId,
};
pub use primary::{Primary, Progress};
pub use records::Records;
pub use worker::{Join, Options, Policy, Runtime};

/// A script for Node's `--require`. It does nothing until the primary says that the worker is to
/// drain; see the script.
pub const DRAIN_PRELOAD: &str = include_str!("drain.cjs");

/// What a Node app loads to tell figures of itself, in the words of PM2's libraries.
pub const METRICS_PRELOAD: &str = include_str!("metrics.cjs");
