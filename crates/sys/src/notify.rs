//! A socket for messages of programs to their manager, `sd_notify(3)`, and who sent each,
//! `unix(7)`.

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SocketAddrUnix, SocketFlags, SocketType, bind, recvmsg, socket_with, sockopt,
};
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// A message that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// How many bytes.
    pub len: usize,
    /// The process that sent it, by the kernel's word; `None` when it is of another namespace.
    pub pid: Option<u32>,
    /// It was larger than the buffer.
    pub truncated: bool,
}

/// A socket at `path`, which must not be there. It does not block and closes on exec.
pub fn socket(path: &Path) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
    sockopt::set_socket_passcred(&socket, true)?;
    bind(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket)
}

/// Takes the next message. Never waits: `WouldBlock` when there is none. Descriptors that come with it
/// are closed, by which their sender learns that it was read (`BARRIER=1`).
pub fn recv(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<Note> {
    let mut space =
        [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmCredentials(1), ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let message = loop {
        match recvmsg(socket.as_fd(), &mut [IoSliceMut::new(buffer)], &mut control, flags) {
            Ok(message) => break message,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    };
    let mut pid = None;
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmCredentials(sender) = part {
            pid = u32::try_from(sender.pid.as_raw_nonzero().get()).ok();
        }
    }
    let truncated = message.flags.contains(ReturnFlags::TRUNC);
    Ok(Note { len: message.bytes, pid, truncated })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn the_kernel_says_who_sends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let ours = socket(&path).unwrap();
        assert!(socket(&path).is_err(), "it is there");
        let mut buffer = [0; 8];
        let nothing = recv(&ours, &mut buffer).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        let theirs = UnixDatagram::unbound().unwrap();
        theirs.send_to(b"READY=1", &path).unwrap();
        theirs.send_to(b"STATUS=long", &path).unwrap();
        let note = recv(&ours, &mut buffer).unwrap();
        assert_eq!((&buffer[..note.len], note.truncated), (&b"READY=1"[..], false));
        assert_eq!(note.pid, Some(std::process::id()));
        assert!(recv(&ours, &mut buffer).unwrap().truncated);
    }
}
