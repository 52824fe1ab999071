//! What the keeper and the supervisor say to each other.

use crate::bytes::Bytes;
use rpm_keeper::fuzzing;
use std::os::fd::OwnedFd;

/// Packets of either side, with some descriptors, and what a program is started with.
pub fn keeper_packets(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let count = usize::from(bytes.byte() % 6);
    let packet = bytes.rest();
    if let Some(again) = fuzzing::request(packet, nulls(count)) {
        let third = fuzzing::request(&again, nulls(count));
        assert_eq!(third.as_ref(), Some(&again), "it says something else the second time");
    }
    if let Some(told) = fuzzing::news(packet, nulls(count)) {
        assert_eq!(told, count, "descriptors got lost");
    }
    fuzzing::launch(packet);
}

fn nulls(count: usize) -> Vec<OwnedFd> {
    let null = || rpm_sys::process::open_null().expect("/dev/null is there");
    (0..count).map(|_| null()).collect()
}
