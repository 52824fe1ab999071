//! Lines of Node's channel.

use crate::bytes::Bytes;
use rpm_node::Lines;
use rpm_node::message::{self, Message};

/// A longer line is dropped; short, so that a fuzzer reaches it.
const LIMIT: usize = 200;

/// Bytes of a channel: cut into the same lines however they arrive, each of them understood.
pub fn node_lines(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let step = usize::from(bytes.byte()) + 1;
    let text = bytes.rest();
    let mut whole = Vec::new();
    let mut lines = Lines::with_limit(LIMIT);
    lines.push(text, |line| whole.push(line.to_vec()));
    let mut pieces = Vec::new();
    let mut cut = Lines::with_limit(LIMIT);
    for chunk in text.chunks(step) {
        cut.push(chunk, |line| pieces.push(line.to_vec()));
        assert!(cut.held() <= LIMIT);
    }
    assert_eq!(whole, pieces);
    assert_eq!((lines.dropped(), lines.held()), (cut.dropped(), cut.held()));
    for line in &whole {
        assert!(!line.is_empty() && line.len() <= LIMIT && !line.contains(&b'\n'));
        understand(line);
    }
    understand(text);
}

fn understand(line: &[u8]) {
    let (message, _) = message::parse(line);
    if let Message::App(text) = message {
        assert!(serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok(), "not JSON");
    }
}
