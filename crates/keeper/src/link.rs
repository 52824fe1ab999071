//! The supervisor's end of the link to its keeper.

use crate::wire::{FromKeeper, PACKET_MAX, Stage, ToKeeper};
use rpm_sys::{process, seqpacket};
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The link to the keeper.
///
/// Messages go out in order and none is lost while the keeper lives: what does not fit into the
/// socket waits here. The keeper reads always, so what waits is short; it is bounded by what the
/// supervisor asks for, which is a few messages a run.
#[derive(Debug)]
pub struct Link {
    socket: OwnedFd,
    outbox: VecDeque<ToKeeper>,
    inbox: VecDeque<FromKeeper>,
    buffer: Vec<u8>,
}

impl Link {
    /// The link that the keeper gave to this process at [`LINK_FD`](crate::wire::LINK_FD). To be
    /// called once, before anything else opens descriptors.
    pub fn inherited() -> io::Result<Self> {
        Ok(Self::from_fd(process::inherited(crate::wire::LINK_FD)?))
    }

    /// A link on one end of a socket pair.
    pub fn from_fd(socket: OwnedFd) -> Self {
        let buffer = vec![0; PACKET_MAX + 1];
        Self { socket, outbox: VecDeque::new(), inbox: VecDeque::new(), buffer }
    }

    /// Sends a message, after those that wait. A request that the system refuses to carry is
    /// answered here: a spawn as failed; others cannot be refused.
    pub fn send(&mut self, message: ToKeeper) {
        self.outbox.push_back(message);
        if self.outbox.len() == 1 {
            self.send_waiting();
        }
    }

    /// Sends what waits, as far as it fits. Whether nothing waits any more.
    pub fn flush(&mut self) -> io::Result<bool> {
        self.send_waiting();
        Ok(self.outbox.is_empty())
    }

    /// Something waits for the socket to have room.
    pub fn wants_write(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// The next message; `None` when there is none now. Fails with `UnexpectedEof` when the keeper
    /// is gone.
    pub fn recv(&mut self) -> io::Result<Option<FromKeeper>> {
        while self.inbox.is_empty() {
            let received = match seqpacket::recv(&self.socket, &mut self.buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            };
            if received.len == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if received.truncated {
                // The keeper sends nothing too long, so descriptors did not fit into our table.
                return Err(io::Error::from_raw_os_error(process::EMFILE));
            }
            let bytes = self.buffer.get(..received.len).unwrap_or_default();
            FromKeeper::read(bytes, received.fds, &mut self.inbox)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
        Ok(self.inbox.pop_front())
    }

    /// The next message. Waits for it, and sends meanwhile.
    pub fn recv_blocking(&mut self) -> io::Result<FromKeeper> {
        loop {
            self.send_waiting();
            if let Some(news) = self.recv()? {
                return Ok(news);
            }
            rpm_sys::poll::wait_for(&self.socket, self.wants_write(), None)?;
        }
    }

    fn send_waiting(&mut self) {
        while let Some(message) = self.outbox.front() {
            match message.frame().send(&self.socket) {
                Ok(()) => {}
                Err(error) if is_final(&error) => self.refuse(&error),
                // Either there is no room now, or the keeper is gone: reading will tell.
                Err(_) => return,
            }
            self.outbox.pop_front();
        }
    }

    fn refuse(&mut self, error: &io::Error) {
        if let Some(ToKeeper::Spawn { seq, key, .. }) = self.outbox.front() {
            self.inbox.push_back(FromKeeper::SpawnFailed {
                seq: *seq,
                key: *key,
                stage: Stage::Request,
                errno: error.raw_os_error().unwrap_or(process::E2BIG),
            });
        }
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The message itself is refused; sending it again would not help.
fn is_final(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        None | Some(process::EBADF | process::EINVAL | process::EMSGSIZE | process::E2BIG)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Link, OwnedFd) {
        let (ours, theirs) = seqpacket::pair().unwrap();
        (Link::from_fd(ours), theirs)
    }

    fn take(keeper: &OwnedFd) -> Option<ToKeeper> {
        let mut buffer = vec![0; PACKET_MAX];
        let received = seqpacket::recv(keeper, &mut buffer).ok()?;
        ToKeeper::read(&buffer[..received.len], received.fds).ok()
    }

    #[test]
    fn what_does_not_fit_waits_and_keeps_its_order() {
        let (mut link, keeper) = pair();
        let mut sent = 0;
        while !link.wants_write() || sent % 100 != 0 {
            link.send(ToKeeper::Drop { key: sent, tag: None });
            sent += 1;
        }
        let mut seen = 0;
        while seen < sent {
            match take(&keeper) {
                Some(ToKeeper::Drop { key, .. }) => assert_eq!(key, seen),
                other => panic!("{other:?} instead of message {seen}"),
            }
            seen += 1;
            link.flush().unwrap();
        }
        assert!(!link.wants_write());
        assert!(take(&keeper).is_none());
    }

    #[test]
    fn a_request_that_cannot_be_carried_is_answered_as_failed() {
        let (mut link, keeper) = pair();
        let null = || process::open_null().unwrap();
        link.send(ToKeeper::Spawn {
            seq: 1,
            key: 2,
            aux: 3,
            spec: null(),
            child_fds: vec![],
            hold: (0..300).map(|tag| (null(), tag)).collect(),
        });
        link.send(ToKeeper::Ready);
        let answer = link.recv().unwrap();
        assert!(
            matches!(answer, Some(FromKeeper::SpawnFailed { seq: 1, key: 2, .. })),
            "{answer:?}"
        );
        assert!(matches!(take(&keeper), Some(ToKeeper::Ready)));
    }

    #[test]
    fn the_end_of_the_keeper_is_seen() {
        let (mut link, keeper) = pair();
        assert!(link.recv().unwrap().is_none());
        link.send(ToKeeper::Hello);
        drop(keeper);
        link.send(ToKeeper::Ready);
        assert!(link.wants_write());
        assert_eq!(link.recv().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
