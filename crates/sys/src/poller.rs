//! Waiting for many descriptors at once, `epoll(7)`, level-triggered.

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::io::Errno;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

/// How many events one wait reports at most.
const EVENTS_MAX: usize = 128;

/// A set of descriptors and what is awaited of each.
#[derive(Debug)]
pub struct Poller {
    epoll: OwnedFd,
}

/// What is awaited of a descriptor. The end of the other side is always told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Nothing.
    None,
    /// Something to read.
    Read,
    /// Something to read, or room to write.
    ReadWrite,
}

/// What has come of a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// As it was registered.
    pub token: u64,
    /// Something can be read, be it the end.
    pub read: bool,
    /// Something can be written.
    pub write: bool,
}

impl Poller {
    /// An empty set.
    pub fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        Ok(Self { epoll })
    }

    /// Awaits `interest` of `fd`, to be told as `token`.
    pub fn add(&self, fd: BorrowedFd<'_>, token: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, fd, EventData::new_u64(token), flags(interest))?)
    }

    /// Awaits something else of `fd`.
    pub fn modify(&self, fd: BorrowedFd<'_>, token: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::modify(&self.epoll, fd, EventData::new_u64(token), flags(interest))?)
    }

    /// Awaits nothing of `fd` any more. Needed where duplicates of it stay open elsewhere.
    pub fn remove(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, fd)?)
    }

    /// Waits until something comes, at most `timeout`, and puts it into `ready`.
    pub fn wait(&self, ready: &mut Vec<Ready>, timeout: Option<Duration>) -> io::Result<()> {
        ready.clear();
        let mut events = [MaybeUninit::<Event>::uninit(); EVENTS_MAX];
        let limit = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let events = match epoll::wait(&self.epoll, &mut events, limit.as_ref()) {
            Ok((events, _)) => events,
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        ready.extend(events.iter().map(|event| {
            let flags = event.flags;
            Ready {
                token: event.data.u64(),
                read: flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR),
                write: flags.intersects(EventFlags::OUT | EventFlags::ERR),
            }
        }));
        Ok(())
    }
}

fn flags(interest: Interest) -> EventFlags {
    match interest {
        Interest::None => EventFlags::empty(),
        Interest::Read => EventFlags::IN,
        Interest::ReadWrite => EventFlags::IN | EventFlags::OUT,
    }
}

/// Ends a wait from another thread, `eventfd(2)`.
#[derive(Clone, Debug)]
pub struct Waker(Arc<OwnedFd>);

impl Waker {
    /// A waker; it wakes those who await reading of [`Self::fd`].
    pub fn new() -> io::Result<Self> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self(Arc::new(fd)))
    }

    /// The descriptor to wait for.
    pub fn fd(&self) -> BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&*self.0)
    }

    /// Wakes. A full counter wakes as well.
    pub fn wake(&self) {
        rustix::io::write(self.fd(), &1_u64.to_ne_bytes()).ok();
    }

    /// Forgets all wakes so far.
    pub fn clear(&self) {
        rustix::io::read(self.fd(), &mut [0; 8]).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{channel_pair, write};
    use std::os::fd::AsFd;

    #[test]
    fn what_is_awaited_is_told() {
        let poller = Poller::new().unwrap();
        let (ours, theirs) = channel_pair().unwrap();
        let mut ready = Vec::new();
        poller.add(ours.as_fd(), 7, Interest::Read).unwrap();
        poller.wait(&mut ready, Some(Duration::ZERO)).unwrap();
        assert_eq!(ready, []);
        write(theirs.as_fd(), b"x", None).unwrap();
        poller.wait(&mut ready, None).unwrap();
        assert_eq!(ready, [Ready { token: 7, read: true, write: false }]);
        poller.modify(ours.as_fd(), 7, Interest::ReadWrite).unwrap();
        poller.wait(&mut ready, None).unwrap();
        assert_eq!(ready, [Ready { token: 7, read: true, write: true }]);
        poller.modify(ours.as_fd(), 7, Interest::None).unwrap();
        poller.wait(&mut ready, Some(Duration::ZERO)).unwrap();
        assert_eq!(ready, []);
        poller.remove(ours.as_fd()).unwrap();
        drop(theirs);
        poller.wait(&mut ready, Some(Duration::ZERO)).unwrap();
        assert_eq!(ready, []);
    }

    #[test]
    fn a_wait_is_ended_from_another_thread() {
        let poller = Poller::new().unwrap();
        let waker = Waker::new().unwrap();
        poller.add(waker.fd(), 1, Interest::Read).unwrap();
        let other = waker.clone();
        let thread = std::thread::spawn(move || other.wake());
        let mut ready = Vec::new();
        poller.wait(&mut ready, None).unwrap();
        assert_eq!(ready.len(), 1);
        thread.join().unwrap();
        waker.clear();
        poller.wait(&mut ready, Some(Duration::ZERO)).unwrap();
        assert_eq!(ready, []);
    }
}
