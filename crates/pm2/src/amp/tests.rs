//! Frames are the same however they arrive.

use super::*;
use proptest::prelude::*;
use serde_json::json;

const PING: &[u8] =
    b"\x12\x00\x00\x00\x2dj:{\"type\":\"call\",\"method\":\"ping\",\"args\":[{}]}\x00\x00\x00\x08s:1234:0";

#[test]
fn a_call_as_pm2_sends_it() {
    let call = json!({"type": "call", "method": "ping", "args": [{}]});
    assert_eq!(frame(&[&json(&call), &text("1234:0")]), PING);
    let mut frames = Frames::with_limit(1000);
    frames.push(PING);
    let args = frames.take().unwrap().unwrap();
    assert_eq!(read_json(&args[0]), Some(call));
    assert_eq!(args[1], b"s:1234:0");
    assert_eq!((frames.take(), frames.held()), (Ok(None), 0));
}

#[test]
fn what_is_announced_too_large_is_refused_before_it_comes() {
    let mut frames = Frames::with_limit(100);
    frames.push(&[0x11, 0, 0, 1, 0]);
    assert_eq!(frames.take(), Err(AmpError::TooLarge(261)));
    let mut frames = Frames::with_limit(usize::MAX);
    frames.push(&[0x12, 0xff, 0xff, 0xff, 0xff]);
    assert_eq!(frames.take(), Ok(None));
    let mut frames = Frames::with_limit(100);
    frames.push(&[0x10, 1]);
    assert_eq!(frames.take(), Err(AmpError::Empty));
}

#[test]
fn json_that_is_too_deep_is_none() {
    let deep = format!("j:{}", "[".repeat(100_000));
    assert_eq!(read_json(deep.as_bytes()), None);
    assert_eq!(read_json(b"s:1"), None);
}

proptest! {
    #[test]
    fn how_it_arrives_does_not_matter(
        sent in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..20), 1..16), 0..6),
        step in 1_usize..40,
    ) {
        let wire: Vec<u8> = sent
            .iter()
            .flat_map(|args| frame(&args.iter().map(Vec::as_slice).collect::<Vec<_>>()))
            .collect();
        let mut frames = Frames::with_limit(1 << 20);
        let mut found = Vec::new();
        for chunk in wire.chunks(step) {
            frames.push(chunk);
            while let Some(frame) = frames.take().unwrap() {
                found.push(frame);
            }
        }
        prop_assert_eq!(found, sent);
        prop_assert_eq!(frames.held(), 0);
    }

    #[test]
    fn no_bytes_are_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut frames = Frames::with_limit(150);
        frames.push(&bytes);
        while let Ok(Some(frame)) = frames.take() {
            prop_assert!(!frame.is_empty() && frame.len() <= 15);
        }
    }
}
