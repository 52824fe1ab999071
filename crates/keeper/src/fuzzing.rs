//! For the fuzzer: what takes any bytes, and is nobody else's business.

use crate::launch;
use crate::wire::{FromKeeper, ToKeeper};
use std::collections::VecDeque;
use std::os::fd::OwnedFd;

/// The packet that a request would be sent as; `None` when it is of bad form.
pub fn request(bytes: &[u8], fds: Vec<OwnedFd>) -> Option<Vec<u8>> {
    let request = ToKeeper::read(bytes, fds).ok()?;
    Some(request.frame().bytes())
}

/// How many descriptors came with news; `None` when the packet is of bad form.
pub fn news(bytes: &[u8], fds: Vec<OwnedFd>) -> Option<usize> {
    let mut news = VecDeque::new();
    FromKeeper::read(bytes, fds, &mut news).ok()?;
    let count = |one: &FromKeeper| match one {
        FromKeeper::Slot { pidfd, fds, .. } => usize::from(pidfd.is_some()) + fds.len(),
        FromKeeper::Spawned { .. } => 1,
        _ => 0,
    };
    Some(news.iter().map(count).sum())
}

/// Reads what a program is started with.
pub fn launch(bytes: &[u8]) -> bool {
    launch::parse(bytes).is_ok()
}
