//! What comes over PM2's own socket, and what apps say in the words of its libraries.

use crate::bytes::Bytes;
use rpm_pm2::amp::{self, Frames};
use rpm_pm2::said::{self, Said};
use rpm_pm2::{prepared, rpc};
use rpm_proto::Told;
use serde_json::Value;

/// A longer frame is refused; short, so that a fuzzer reaches it.
const LIMIT: usize = 300;

/// Bytes of a client: cut into the same frames however they arrive, each written as it was read.
pub fn pm2_frames(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let step = usize::from(bytes.byte()) + 1;
    let text = bytes.rest();
    let whole = frames(text, text.len().max(1));
    assert_eq!(whole, frames(text, step));
    for frame in whole.0 {
        assert!(!frame.is_empty() && frame.len() <= 15);
        let args: Vec<&[u8]> = frame.iter().map(Vec::as_slice).collect();
        let again = frames(&amp::frame(&args), 1);
        assert_eq!(again, (vec![frame], None));
    }
}

/// All frames, and what is wrong with the next.
fn frames(text: &[u8], step: usize) -> (Vec<amp::Frame>, Option<amp::AmpError>) {
    let mut reader = Frames::with_limit(LIMIT);
    let mut found = Vec::new();
    for chunk in text.chunks(step) {
        reader.push(chunk);
        loop {
            match reader.take() {
                Ok(Some(frame)) => found.push(frame),
                Ok(None) => break,
                Err(amp::AmpError::TooLarge(_)) => {
                    return (found, Some(amp::AmpError::TooLarge(LIMIT)));
                }
                Err(error) => return (found, Some(error)),
            }
        }
    }
    (found, None)
}

/// A call, and a message of an app: understood or refused, and kept within bounds.
pub fn pm2_calls(bytes: &[u8]) {
    let id = b"s:1:1".to_vec();
    let request = rpc::request(vec![[b"j:", bytes].concat(), id.clone()]);
    let request = request.expect("it has a name");
    assert_eq!(request.id, id);
    if let Ok(rpc::Call::Prepare(record)) = request.call
        && let Ok(spec) = prepared::spec(record, 4)
    {
        assert!((1..=1024).contains(&spec.instances));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut told = Told::default();
    for _ in 0..2 {
        said::note(&mut told, Said::read(text));
    }
    assert!(told.actions.len() <= 1);
    let kept = Value::Object(told.monitor).to_string();
    assert!(kept.len() <= 8 * text.len() + 2, "more is kept than was told");
}
