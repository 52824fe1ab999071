//! What workers are told.

use crate::message::BUN_MARK;
use crate::output::ListenerId;
use serde_json::{Value, json};
use std::fmt;
use std::io::Write;
use std::net::SocketAddr;

/// No line that carries a descriptor and comes from here is longer, as long as `data` is not.
pub(crate) const NEWCONN_MAX: usize = 160;

impl ListenerId {
    /// Reads a listener's name on the wire.
    pub(crate) fn from_key(key: &str) -> Option<Self> {
        key.strip_prefix('k')?.parse().ok().map(Self)
    }
}

impl fmt::Display for ListenerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k{}", self.0)
    }
}

/// The line that hands a connection over, with its end, put into an empty `line`.
pub fn newconn(line: &mut Vec<u8>, listener: ListenerId, seq: u64) {
    line.clear();
    // Writing to memory does not fail.
    writeln!(
        line,
        r#"{{"cmd":"NODE_HANDLE","type":"net.Native","msg":{{"cmd":"NODE_CLUSTER","act":"newconn","key":"{listener}","seq":{seq}}}}}"#
    )
    .ok();
}

/// The worker is to take connections from us.
pub(crate) fn balanced(
    (ack, seq): (u64, u64),
    listener: ListenerId,
    data: &Value,
    name: Option<SocketAddr>,
) -> Vec<u8> {
    let mut answer = json!({
        "cmd": "NODE_CLUSTER", "errno": null, "key": listener.to_string(), "ack": ack, "data": data,
    });
    if let Some(name) = name {
        answer["sockname"] = json!({
            "address": name.ip().to_string(),
            "family": if name.is_ipv6() { "IPv6" } else { "IPv4" },
            "port": name.port(),
        });
    }
    answer["seq"] = json!(seq);
    line(&answer)
}

/// The worker is given the socket itself.
pub(crate) fn shared(
    (ack, seq): (u64, u64),
    listener: ListenerId,
    data: &Value,
    datagrams: bool,
) -> Vec<u8> {
    line(&json!({
        "cmd": "NODE_HANDLE",
        "type": if datagrams { "dgram.Native" } else { "net.Native" },
        "msg": {
            "cmd": "NODE_CLUSTER", "errno": 0, "key": listener.to_string(), "ack": ack,
            "data": data, "seq": seq,
        },
    }))
}

/// The worker cannot listen; `errno` is positive, `errno(3)`.
pub(crate) fn failed(
    (ack, seq): (u64, u64),
    listener: ListenerId,
    data: &Value,
    errno: i32,
) -> Vec<u8> {
    line(&json!({
        "cmd": "NODE_CLUSTER", "errno": -errno, "key": listener.to_string(), "ack": ack,
        "data": data, "seq": seq,
    }))
}

/// The worker is to close its servers and to leave when its connections have ended.
pub(crate) fn disconnect(seq: u64) -> Vec<u8> {
    line(&json!({"cmd": "NODE_CLUSTER", "act": "disconnect", "seq": seq}))
}

/// The preload is to end keep-alive connections; `idle_ms` is how long idle ones may still be used.
pub(crate) fn drain(idle_ms: u32) -> Vec<u8> {
    line(&json!({"cmd": "NODE_RPM_DRAIN", "idle": idle_ms}))
}

/// A worker's own leaving is known.
pub(crate) fn acknowledged((ack, seq): (u64, u64)) -> Vec<u8> {
    line(&json!({"cmd": "NODE_CLUSTER", "ack": ack, "seq": seq}))
}

/// Whether a handle of the app arrived.
pub(crate) fn handle(arrived: bool) -> Vec<u8> {
    line(&json!({"cmd": if arrived { "NODE_HANDLE_ACK" } else { "NODE_HANDLE_NACK" }}))
}

/// Marks an internal line as Bun wants it.
pub(crate) fn for_bun(mut line: Vec<u8>) -> Vec<u8> {
    line.insert(0, BUN_MARK);
    line
}

fn line(value: &Value) -> Vec<u8> {
    let mut line = value.to_string().into_bytes();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: Vec<u8>) -> String {
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn lines_are_as_node_expects_them() {
        let mut hand = Vec::new();
        newconn(&mut hand, ListenerId(u32::MAX), u64::MAX);
        assert!(hand.len() <= NEWCONN_MAX, "{}", hand.len());
        newconn(&mut hand, ListenerId(1), 42);
        assert_eq!(
            text(hand),
            "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":{\"cmd\":\"NODE_CLUSTER\",\
             \"act\":\"newconn\",\"key\":\"k1\",\"seq\":42}}\n"
        );
        let name = "[::]:3000".parse().ok();
        assert_eq!(
            text(balanced((4, 9), ListenerId(1), &Value::Null, name)),
            "{\"cmd\":\"NODE_CLUSTER\",\"errno\":null,\"key\":\"k1\",\"ack\":4,\"data\":null,\
             \"sockname\":{\"address\":\"::\",\"family\":\"IPv6\",\"port\":3000},\"seq\":9}\n"
        );
        assert_eq!(
            text(failed((4, 9), ListenerId(1), &Value::Null, 98)),
            "{\"cmd\":\"NODE_CLUSTER\",\"errno\":-98,\"key\":\"k1\",\"ack\":4,\"data\":null,\
             \"seq\":9}\n"
        );
        assert_eq!(text(for_bun(disconnect(1))).as_bytes()[0], BUN_MARK);
    }

    #[test]
    fn keys_are_read_back() {
        assert_eq!(ListenerId::from_key(&ListenerId(77).to_string()), Some(ListenerId(77)));
        assert_eq!(ListenerId::from_key("77"), None);
    }
}
