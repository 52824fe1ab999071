//! A process that saves descriptors when ours is killed.
//!
//! It shares our table of descriptors (`CLONE_FILES`) and nothing else, and only waits for our end.
//! While it lives, `SIGKILL` closes none of our descriptors. It then sends those that are marked
//! ([`Marks`]) into a socket that somebody else keeps open, each with its mark, and ends; with it
//! the table is closed. A receiver takes them with [`take`].
//!
//! ```text
//!  accept4 ─► mark ─► sendmsg ─► mark ─► close     ours, killed between any two of these
//!               │
//!               ▼ shared memory
//!             guard ─► sendmsg(safe)               a few ms later
//! ```

mod marks;
mod name;
mod post;

pub use marks::{Mark, Marks};
pub use post::Post;

use crate::{pidfd, process, seqpacket};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// SIGKILL: it blocks all others.
const KILL: i32 = 9;

/// A guard that stands.
#[derive(Debug)]
pub struct Guard {
    pid: u32,
    pidfd: OwnedFd,
}

impl Guard {
    /// Ends it, when there is nothing to be saved any more. It saves nothing then.
    pub fn dismiss(self) -> io::Result<()> {
        pidfd::send_signal(&self.pidfd, KILL)?;
        self.reap()
    }

    /// Reaps one that has ended, which its descriptor tells.
    pub fn reap(self) -> io::Result<()> {
        process::reap(self.pid).map(drop)
    }
}

impl AsFd for Guard {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

/// The mark of the next saved descriptor, which stays there. `None`: there is none.
pub fn peek(safe: impl AsFd) -> io::Result<Option<Mark>> {
    let mut bytes = [0; Mark::LEN];
    match seqpacket::peek(safe, &mut bytes) {
        Ok(_) => Ok(Some(Mark::from_bytes(bytes))),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes the next saved descriptor. `None`: it did not arrive, as too many are open.
pub fn take(safe: impl AsFd) -> io::Result<Option<OwnedFd>> {
    Ok(seqpacket::recv(safe, &mut [0; Mark::LEN])?.fds.pop())
}

#[cfg(test)]
mod tests;
