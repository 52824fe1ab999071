//! Stream sockets that carry descriptors beside bytes, `unix(7)`, and connections taken from a
//! listening socket.

use rustix::cmsg_space;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketAddrAny, SocketFlags, SocketType, accept_with,
    acceptfrom_with, recvmsg, send, sendmsg, socketpair,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{BorrowedFd, OwnedFd};

/// Room for the descriptors of one read; a sender of ours sends one at a time.
const RIGHTS_MAX: usize = 8;

/// Two ends of a new channel: ours, which does not block, and theirs, which does. Both close on
/// exec.
pub fn channel_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (ours, theirs) =
        socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_nonblocking(&ours)?;
    Ok((ours, theirs))
}

/// Makes an open file description not block, `fcntl(2)`.
pub fn set_nonblocking(fd: &OwnedFd) -> io::Result<()> {
    Ok(fcntl_setfl(fd, fcntl_getfl(fd)? | OFlags::NONBLOCK)?)
}

/// What a read found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// So many bytes, and so many descriptors with them, which are closed already.
    Some {
        /// Bytes.
        len: usize,
        /// Descriptors.
        handles: usize,
    },
    /// Nothing yet.
    Empty,
    /// Nothing ever again.
    End,
}

/// Reads into `buffer`. Descriptors that come along are closed and counted: nobody here wants
/// what an app sends, but the sender is to be told whether it arrived.
pub fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Read> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(RIGHTS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    let received = loop {
        match recvmsg(fd, &mut [IoSliceMut::new(buffer)], &mut control, flags) {
            Ok(received) => break received,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(Read::Empty),
            Err(Errno::CONNRESET) => return Ok(Read::End),
            Err(error) => return Err(error.into()),
        }
    };
    let mut handles = 0;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            handles += rights.map(drop).count();
        }
    }
    match received.bytes {
        0 => Ok(Read::End),
        len => Ok(Read::Some { len, handles }),
    }
}

/// Writes what fits, with `handle` attached to the first byte. `None`: nothing fits, or the system is
/// short of buffers just now.
pub fn write(
    fd: BorrowedFd<'_>,
    bytes: &[u8],
    handle: Option<BorrowedFd<'_>>,
) -> io::Result<Option<usize>> {
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    loop {
        let sent = match handle {
            None => send(fd, bytes, flags),
            Some(handle) => send_with(fd, bytes, handle, flags),
        };
        match sent {
            Ok(len) => return Ok(Some(len)),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN | Errno::NOBUFS | Errno::NOMEM) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
}

fn send_with(
    fd: BorrowedFd<'_>,
    bytes: &[u8],
    handle: BorrowedFd<'_>,
    flags: SendFlags,
) -> Result<usize, Errno> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
    let handles = [handle];
    let mut control = SendAncillaryBuffer::new(&mut space);
    // The space is made for exactly this message.
    control.push(SendAncillaryMessage::ScmRights(&handles));
    sendmsg(fd, &[IoSlice::new(bytes)], &mut control, flags)
}

/// What `accept4(2)` found.
#[derive(Debug)]
pub enum Accepted {
    /// A connection, not blocking, with the address it came from where that was asked for.
    Connection(OwnedFd, Option<IpAddr>),
    /// Nobody waits.
    Empty,
    /// No descriptor or memory is left; the connection still waits.
    Exhausted(io::Error),
}

/// Takes one connection. One that broke off while it waited is passed over.
pub fn accept(listener: BorrowedFd<'_>, with_peer: bool) -> io::Result<Accepted> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    loop {
        let taken = if with_peer {
            acceptfrom_with(listener, flags).map(|(fd, peer)| (fd, peer.and_then(address)))
        } else {
            accept_with(listener, flags).map(|fd| (fd, None))
        };
        match taken {
            Ok((fd, peer)) => return Ok(Accepted::Connection(fd, peer)),
            Err(Errno::AGAIN) => return Ok(Accepted::Empty),
            Err(error) if passes(error) => {}
            Err(error @ (Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM)) => {
                return Ok(Accepted::Exhausted(error.into()));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The address that a connection came from; `None` where it is not of the internet.
pub fn peer(connection: &OwnedFd) -> Option<IpAddr> {
    rustix::net::getpeername(connection).ok().flatten().and_then(address)
}

/// Errors of the connection, not of the listener, `accept(2)` under "Error handling".
fn passes(error: Errno) -> bool {
    matches!(
        error,
        Errno::INTR
            | Errno::CONNABORTED
            | Errno::PROTO
            | Errno::PERM
            | Errno::NETDOWN
            | Errno::NETUNREACH
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
            | Errno::NOPROTOOPT
            | Errno::NONET
    )
}

fn address(peer: SocketAddrAny) -> Option<IpAddr> {
    SocketAddr::try_from(peer).ok().map(|peer| peer.ip().to_canonical())
}

#[cfg(test)]
mod tests;
