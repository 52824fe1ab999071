//! Descriptors as the runtime watches them.

use std::io;
use std::os::fd::OwnedFd;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A descriptor that the runtime watches, and owns while it does.
#[derive(Debug)]
pub struct Watch {
    fd: AsyncFd<OwnedFd>,
}

impl Watch {
    /// Watches for something to read. Must be called in a runtime with I/O.
    pub fn reading(fd: OwnedFd) -> io::Result<Self> {
        Self::new(fd, Interest::READABLE)
    }

    /// Watches for something to read and for room to write.
    pub fn both(fd: OwnedFd) -> io::Result<Self> {
        Self::new(fd, Interest::READABLE | Interest::WRITABLE)
    }

    /// Comes back when there is something to read, or room to write where `write` asks for it.
    /// Whoever is told must read or write until that would block, as the readiness is used up.
    pub async fn ready(&self, write: bool) -> io::Result<()> {
        let write = if write { Interest::WRITABLE } else { Interest::READABLE };
        self.fd.ready(Interest::READABLE | write).await?.clear_ready();
        Ok(())
    }

    fn new(fd: OwnedFd, interest: Interest) -> io::Result<Self> {
        // SAFETY: an `OwnedFd` owns its descriptor, which stays open and the same until it is
        // dropped; it is dropped with the registration.
        let fd = unsafe { AsyncFd::register_with_interest(fd, interest) }?;
        Ok(Self { fd })
    }
}
