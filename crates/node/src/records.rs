//! What must outlive the process that holds a [`Primary`](crate::Primary).
//!
//! Sockets and channels are kept open by someone else; this says what they are.

use crate::listener::{Holder, Identity};
use crate::output::{ListenerId, SocketId, Sockname, WorkerId};
use crate::worker::Phase;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// All listeners and the state of all workers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Records {
    pub(crate) next_listener: u32,
    pub(crate) next_socket: u64,
    pub(crate) listeners: Vec<ListenerRecord>,
    pub(crate) workers: Vec<WorkerRecord>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ListenerRecord {
    pub(crate) id: ListenerId,
    pub(crate) app: String,
    pub(crate) identity: Identity,
    pub(crate) data: Value,
    pub(crate) backlog: i32,
    pub(crate) per_slot: bool,
    pub(crate) sockets: Vec<SocketRecord>,
    pub(crate) holders: Vec<Holder>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SocketRecord {
    pub(crate) id: SocketId,
    pub(crate) slot: u32,
    pub(crate) name: Sockname,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WorkerRecord {
    pub(crate) id: WorkerId,
    pub(crate) phase: Phase,
    pub(crate) listening: bool,
    pub(crate) marked: bool,
}
