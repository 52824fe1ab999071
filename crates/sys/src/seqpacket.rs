//! A pair of sockets that carry messages whole, with descriptors, `unix(7)`.

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg,
    sendmsg, socketpair,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// How many descriptors one message may carry, `SCM_MAX_FD`.
pub const FDS_MAX: usize = 253;

/// A message that came.
#[derive(Debug)]
pub struct Received {
    /// How many bytes; 0 when the other end is closed.
    pub len: usize,
    /// The descriptors with it; they close on exec.
    pub fds: Vec<OwnedFd>,
    /// Bytes or descriptors are missing: the buffer was too small, or too many files are open.
    pub truncated: bool,
}

/// Two connected sockets that do not block and close on exec.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?)
}

/// Sends one message, whole or not at all. Never waits.
pub fn send(fd: impl AsFd, parts: &[IoSlice<'_>], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(FDS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(Errno::TOOBIG.into());
    }
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    loop {
        match sendmsg(fd.as_fd(), parts, &mut control, flags) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Takes the next message. Never waits: `WouldBlock` when there is none.
pub fn recv(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<Received> {
    let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(FDS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let message = loop {
        match recvmsg(fd.as_fd(), &mut [IoSliceMut::new(buffer)], &mut control, flags) {
            Ok(message) => break message,
            // The other end was closed before it had read all. That is told once, ahead of what it
            // had sent.
            Err(Errno::INTR | Errno::CONNRESET) => {}
            Err(error) => return Err(error.into()),
        }
    };
    let mut fds = Vec::new();
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = part {
            fds.extend(rights);
        }
    }
    let truncated = message.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC);
    Ok(Received { len: message.bytes, fds, truncated })
}

/// Reads the next message without its descriptors, and leaves it there. Never waits: `WouldBlock`
/// when there is none.
pub fn peek(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    let flags = RecvFlags::DONTWAIT | RecvFlags::PEEK;
    loop {
        match rustix::net::recv(fd.as_fd(), &mut *buffer, flags) {
            Ok((len, _)) => return Ok(len),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{Read, Write};

    #[test]
    fn bytes_and_descriptors_arrive_together() {
        let (ours, theirs) = pair().unwrap();
        let (mut reader, writer) = io::pipe().unwrap();
        let parts = [IoSlice::new(b"head"), IoSlice::new(b"tail")];
        send(&ours, &parts, &[writer.as_fd(), ours.as_fd()]).unwrap();
        drop(writer);
        let mut buffer = [0; 64];
        let mut received = recv(&theirs, &mut buffer).unwrap();
        assert_eq!(&buffer[..received.len], b"headtail");
        assert!(!received.truncated);
        assert_eq!(received.fds.len(), 2);
        File::from(received.fds.remove(0)).write_all(b"x").unwrap();
        let mut read = String::new();
        reader.read_to_string(&mut read).unwrap();
        assert_eq!(read, "x");
    }

    #[test]
    fn nothing_the_end_and_a_cut_are_told_apart() {
        let (ours, theirs) = pair().unwrap();
        let mut buffer = [0; 4];
        let nothing = recv(&theirs, &mut buffer).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        send(&ours, &[IoSlice::new(b"too long")], &[]).unwrap();
        assert!(recv(&theirs, &mut buffer).unwrap().truncated);
        drop(ours);
        assert_eq!(recv(&theirs, &mut buffer).unwrap().len, 0);
    }

    #[test]
    fn all_that_was_sent_comes_before_the_end_though_the_sender_had_not_read() {
        let (ours, theirs) = pair().unwrap();
        for word in [b"one", b"two"] {
            send(&theirs, &[IoSlice::new(word)], &[]).unwrap();
        }
        send(&ours, &[IoSlice::new(b"unread")], &[]).unwrap();
        drop(theirs);
        let next = || recv(&ours, &mut [0; 8]).unwrap().len;
        assert_eq!([next(), next(), next()], [3, 3, 0]);
    }

    #[test]
    fn as_many_descriptors_as_the_kernel_takes() {
        let (ours, theirs) = pair().unwrap();
        let fds = vec![ours.as_fd(); FDS_MAX];
        send(&ours, &[IoSlice::new(b"x")], &fds).unwrap();
        assert_eq!(recv(&theirs, &mut [0; 4]).unwrap().fds.len(), FDS_MAX);
        assert!(send(&ours, &[IoSlice::new(b"x")], &vec![ours.as_fd(); FDS_MAX + 1]).is_err());
    }
}
