//! What comes over `rpm.sock`.

use rpm_proto::{Hello, Reply, Request, frame};

/// Frames of either side: what is read is written and read again as the same.
pub fn client_frames(bytes: &[u8]) {
    let Some((head, body)) = bytes.split_first_chunk::<4>() else {
        return;
    };
    // The lengths that a reader would wait for are bounded.
    if let Ok(length) = frame::length(*head) {
        assert!(length <= frame::MAX);
    }
    if let Ok(hello) = frame::parse::<Hello>(body) {
        let again = through(|wire| frame::push(wire, &hello));
        assert_eq!(frame::parse::<Hello>(&again).ok(), Some(hello));
    }
    if let Ok(request) = frame::parse::<Request>(body) {
        let again = through(|wire| frame::push(wire, &request));
        assert_eq!(frame::parse::<Request>(&again).ok(), Some(request));
    }
    if let Ok(reply) = frame::parse_reply(body) {
        let again = through(|wire| frame::push_reply(wire, &reply));
        assert_eq!(settled(frame::parse_reply(&again).ok().as_ref()), settled(Some(&reply)));
    }
}

fn through(push: impl FnOnce(&mut Vec<u8>) -> Result<(), frame::FrameError>) -> Vec<u8> {
    let mut wire = Vec::new();
    push(&mut wire).expect("what was read can be written");
    let body = wire.split_off(4);
    let head = wire.first_chunk().expect("a frame has a head");
    assert_eq!(frame::length(*head).ok(), Some(body.len()));
    body
}

/// Its words: a number that is none (NaN) is not even itself.
fn settled(reply: Option<&Reply>) -> String {
    format!("{reply:?}")
}
