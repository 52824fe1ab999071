//! A supervisor that talks nonsense harms nobody.

use crate::Test;
use crate::home::Home;
use rpm_keeper::wire::ToKeeper;
use rpm_sys::{process, seqpacket};
use std::io::{ErrorKind, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};

pub(crate) const TESTS: [Test; 1] = [("nonsense_is_dropped", nonsense_is_dropped)];

const PACKETS: u32 = 20_000;

/// A number generator that is good enough for nonsense, xorshift.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> usize {
        usize::try_from(self.next() % limit).unwrap()
    }
}

fn nonsense_is_dropped() {
    let (home, mut supervisor) = Home::started();
    let open = || home.descriptors();
    // By now the keeper has told whoever started it.
    supervisor.hear_all();
    let before = open();
    let null = process::open_null().unwrap();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..PACKETS {
        let bytes = packet(&mut dice);
        let fds: Vec<BorrowedFd<'_>> = vec![null.as_fd(); dice.below(5)];
        loop {
            match seqpacket::send(supervisor.link.as_fd(), &[IoSlice::new(&bytes)], &fds) {
                Ok(()) => break,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    rpm_sys::poll::wait_for(&supervisor.link, true, Some(20_000)).unwrap();
                }
                Err(error) => panic!("{error}"),
            }
            while supervisor.link.recv().unwrap().is_some() {}
        }
    }
    drop(supervisor.hear_all());
    // Some of it made sense: what that put into slots is let go of.
    for key in 0..4 {
        supervisor.link.send(ToKeeper::Drop { key, tag: None });
    }
    supervisor.hear_all();
    assert_eq!(open(), before, "descriptors are left");
    home.await_log("dropped a message");
    home.stop(supervisor);
}

/// Random bytes, or a header that is nearly right.
fn packet(dice: &mut Dice) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..=dice.below(200)).map(|_| dice.next().to_le_bytes()[0]).collect();
    if dice.below(4) == 0 || bytes.len() < 48 {
        return bytes;
    }
    bytes[..4].copy_from_slice(b"RKP1");
    // All kinds but those that stop the keeper or name a binary to start.
    let kinds = [1, 2, 3, 4, 5, 6, 9, 10, 12, 13, 64, 65, 999];
    let kind: u16 = kinds[dice.below(13)];
    bytes[4..6].copy_from_slice(&kind.to_le_bytes());
    bytes[6..8].copy_from_slice(&1_u16.to_le_bytes());
    bytes[16..24].copy_from_slice(&(dice.next() % 4).to_le_bytes());
    if dice.below(2) == 0 {
        bytes[24..40].fill(0);
    }
    let payload = u32::try_from(bytes.len() - 48).unwrap();
    bytes[40..44].copy_from_slice(&u32::try_from(dice.below(5)).unwrap().to_le_bytes());
    bytes[44..48].copy_from_slice(&payload.to_le_bytes());
    bytes
}
