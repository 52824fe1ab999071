//! What workers say.
//!
//! A line is the app's unless it is an object whose `cmd` begins with `NODE_`. Only those lines
//! are parsed whole, and of those only the few that matter here.

use crate::listener::{AddressKind, Identity};
use crate::output::ListenerId;
use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Bun puts this before what is internal, and heeds only what has it.
pub const BUN_MARK: u8 = 0x02;
/// A message of the cluster module is far below this; a longer one is not from it.
const CLUSTER_LINE_MAX: usize = 64 * 1024;
/// `UV_TCP_IPV6ONLY` and `UV_UDP_IPV6ONLY`.
const FLAG_V6_ONLY: u64 = 1;
/// `UV_UDP_REUSEADDR`.
const FLAG_REUSE_ADDRESS: u64 = 4;

/// One line, understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Message<'a> {
    /// The descriptor of the oldest line that carried one has arrived.
    HandleAck,
    /// It has not, and the line was not acted upon.
    HandleNack,
    /// Whether the worker took the connection that was handed over under this number.
    Answer {
        /// The number.
        seq: u64,
        /// Taken.
        accepted: bool,
    },
    /// The runtime is up.
    Online,
    /// A server wants to listen.
    Query(Box<Query>),
    /// A server listens.
    Listening,
    /// A server was closed; `None` is one that we never gave out.
    Close(Option<ListenerId>),
    /// The worker leaves of its own will and waits for an acknowledgement.
    Leaving {
        /// To be acknowledged.
        seq: Option<u64>,
    },
    /// The app sends a handle, with a message.
    Handle(Option<&'a str>),
    /// The app says `ready`.
    Ready,
    /// Another message of the app, as JSON.
    App(&'a str),
    /// Internal, and nothing to us.
    Internal,
    /// Not JSON.
    Garbage,
}

/// A server that wants to listen: `queryServer`.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "as the worker gives them")]
pub struct Query {
    /// To be repeated in the answer.
    pub seq: u64,
    /// Which listener is meant.
    pub identity: Identity,
    /// How many connections may wait.
    pub backlog: i32,
    /// No IPv4 on an IPv6 socket.
    pub v6_only: bool,
    /// Bind beside others (UDP).
    pub reuse_address: bool,
    /// A path that everybody may read.
    pub readable_all: bool,
    /// A path that everybody may write.
    pub writable_all: bool,
    /// What a TLS server shares with its siblings.
    pub data: Value,
}

/// Reads a line. The second value says whether it was marked as Bun marks internal ones.
pub fn parse(line: &[u8]) -> (Message<'_>, bool) {
    match line.split_first() {
        Some((&BUN_MARK, rest)) => (classify(rest), true),
        _ => (classify(line), false),
    }
}

fn classify(line: &[u8]) -> Message<'_> {
    if let Some(message) = frequent(line) {
        return message;
    }
    if line == b"\"ready\"" {
        return Message::Ready;
    }
    if line.first() == Some(&b'{') && memmem::find(line, b"\"NODE_").is_some() {
        return envelope(line);
    }
    app(line)
}

/// The messages that come with every connection, as Node writes them.
fn frequent(line: &[u8]) -> Option<Message<'static>> {
    match line {
        br#"{"cmd":"NODE_HANDLE_ACK"}"# => return Some(Message::HandleAck),
        br#"{"cmd":"NODE_HANDLE_NACK"}"# => return Some(Message::HandleNack),
        _ => {}
    }
    let rest = line.strip_prefix(br#"{"cmd":"NODE_CLUSTER","ack":"#)?;
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let (number, rest) = rest.split_at(digits);
    let seq = std::str::from_utf8(number).ok()?.parse().ok()?;
    let rest = rest.strip_prefix(br#","accepted":"#)?;
    if rest.starts_with(b"true,") {
        Some(Message::Answer { seq, accepted: true })
    } else if rest.starts_with(b"false,") {
        Some(Message::Answer { seq, accepted: false })
    } else {
        None
    }
}

fn app(line: &[u8]) -> Message<'_> {
    let whole: Result<IgnoredAny, _> = serde_json::from_slice(line);
    match (whole, std::str::from_utf8(line)) {
        (Ok(_), Ok(text)) => Message::App(text),
        _ => Message::Garbage,
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    cmd: Cow<'a, str>,
    #[serde(borrow, default)]
    msg: Option<&'a RawValue>,
}

fn envelope(line: &[u8]) -> Message<'_> {
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(line) else {
        return app(line);
    };
    match &*envelope.cmd {
        "NODE_HANDLE" => Message::Handle(envelope.msg.map(RawValue::get)),
        "NODE_HANDLE_ACK" => Message::HandleAck,
        "NODE_HANDLE_NACK" => Message::HandleNack,
        "NODE_CLUSTER" if line.len() <= CLUSTER_LINE_MAX => {
            serde_json::from_slice(line).map_or(Message::Garbage, |value| cluster(&value))
        }
        cmd if cmd.len() > 5 && cmd.starts_with("NODE_") => Message::Internal,
        _ => app(line),
    }
}

fn cluster(value: &Value) -> Message<'static> {
    let seq = value["seq"].as_u64();
    if let (Some(seq), Some(accepted)) = (value["ack"].as_u64(), value["accepted"].as_bool()) {
        return Message::Answer { seq, accepted };
    }
    match value["act"].as_str() {
        Some("online") => Message::Online,
        Some("listening") => Message::Listening,
        Some("exitedAfterDisconnect") => Message::Leaving { seq },
        Some("close") => Message::Close(value["key"].as_str().and_then(ListenerId::from_key)),
        Some("queryServer") => match seq.and_then(|seq| query(seq, value)) {
            Some(query) => Message::Query(Box::new(query)),
            None => Message::Internal,
        },
        _ => Message::Internal,
    }
}

fn query(seq: u64, value: &Value) -> Option<Query> {
    let flags = value["flags"].as_u64().unwrap_or(0);
    let port = value["port"].as_u64().and_then(|port| u16::try_from(port).ok());
    let fd = value["fd"].as_i64().and_then(|fd| i32::try_from(fd).ok()).filter(|fd| *fd >= 0);
    let kind = match (&value["addressType"], fd) {
        (Value::String(kind), fd) if kind.starts_with("udp") => match fd {
            None => AddressKind::Udp,
            Some(_) => AddressKind::UdpFd,
        },
        (_, Some(_)) => AddressKind::Fd,
        (Value::Number(kind), None) if kind.as_i64() == Some(-1) => AddressKind::Unix,
        (Value::Number(_), None) => AddressKind::Tcp,
        _ => return None,
    };
    let index = value["index"].as_u64().and_then(|index| u32::try_from(index).ok());
    Some(Query {
        seq,
        identity: Identity {
            kind,
            address: value["address"].as_str().map(str::to_owned),
            port: port.unwrap_or(0),
            family: value["addressType"].to_string(),
            fd,
            index: index.filter(|_| port == Some(0)).unwrap_or(0),
        },
        backlog: value["backlog"].as_i64().and_then(|n| i32::try_from(n).ok()).unwrap_or(0),
        v6_only: flags & FLAG_V6_ONLY != 0,
        reuse_address: flags & FLAG_REUSE_ADDRESS != 0,
        readable_all: value["readableAll"].as_bool().unwrap_or(false),
        writable_all: value["writableAll"].as_bool().unwrap_or(false),
        data: value["data"].clone(),
    })
}

#[cfg(test)]
mod tests;
