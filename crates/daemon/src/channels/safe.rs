//! Where connections wait when a supervisor has been killed.

use rpm_sys::seqpacket;
use std::io;
use std::os::fd::OwnedFd;

/// Both ends of a pair of sockets. As long as the keeper holds them too, what is sent into one end
/// can be taken from the other, by whichever supervisor comes next.
#[derive(Debug)]
pub struct Safe {
    /// Where connections are put in.
    pub inlet: OwnedFd,
    /// Where they are taken out.
    pub outlet: OwnedFd,
}

impl Safe {
    /// An empty one.
    pub fn new() -> io::Result<Self> {
        let (inlet, outlet) = seqpacket::pair()?;
        Ok(Self { inlet, outlet })
    }

    /// The same one, for somebody else to hold.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { inlet: self.inlet.try_clone()?, outlet: self.outlet.try_clone()? })
    }
}
