//! Addresses of sockets, as a guard may ask for them: without allocating.

use nix::libc::{self, c_int};
use std::os::fd::RawFd;

/// `sockaddr_storage` has this length, `sockaddr(3type)`.
const LEN_MAX: usize = size_of::<libc::sockaddr_storage>();

/// A socket's address, as bytes that are aligned like it.
#[repr(C, align(8))]
pub(super) struct Name {
    bytes: [u8; LEN_MAX],
    len: usize,
}

impl Name {
    /// The local one; `None` when it is no socket.
    pub(super) fn local(fd: RawFd) -> Option<Self> {
        ask(fd, libc::getsockname)
    }

    /// Whether a connection with this address came through a listening socket with the other.
    pub(super) fn is_same_place(&self, listener: &Self) -> bool {
        let (own, other) = (self.bytes(), listener.bytes());
        match self.family() {
            // The listener may be bound to every address. The port follows the family.
            libc::AF_INET | libc::AF_INET6 => own.get(..4) == other.get(..4),
            libc::AF_UNIX => own == other && own.len() > size_of::<libc::sa_family_t>(),
            _ => false,
        }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn family(&self) -> c_int {
        let [a, b, ..] = self.bytes;
        c_int::from(libc::sa_family_t::from_ne_bytes([a, b]))
    }
}

/// Whether a socket has another end.
pub(super) fn is_connected(fd: RawFd) -> bool {
    ask(fd, libc::getpeername).is_some()
}

/// Whether there is such a descriptor.
pub(super) fn is_open(fd: RawFd) -> bool {
    // SAFETY: takes numbers.
    unsafe { libc::fcntl(fd, libc::F_GETFD) >= 0 }
}

type Ask = unsafe extern "C" fn(c_int, *mut libc::sockaddr, *mut libc::socklen_t) -> c_int;

fn ask(fd: RawFd, ask: Ask) -> Option<Name> {
    let mut name = Name { bytes: [0; LEN_MAX], len: 0 };
    let mut len = libc::socklen_t::try_from(LEN_MAX).unwrap_or(0);
    // SAFETY: a place for the result, and how long it is.
    let told = unsafe { ask(fd, name.bytes.as_mut_ptr().cast(), &raw mut len) };
    name.len = usize::try_from(len).unwrap_or(0);
    (told == 0).then_some(name)
}
