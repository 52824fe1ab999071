//! Waits for descriptors, with a time limit.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// What is awaited of a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// There is something to read, or the other end is closed.
    Read,
    /// There is something to read or room to write.
    ReadWrite,
    /// There is room to write.
    Write,
    /// The other end is closed; of a process, that it was reaped.
    Hangup,
}

/// Waits until one of the descriptors is as awaited, at most `timeout_ms`; `ready` tells which are.
/// A signal may end it early.
pub fn wait(
    fds: &[(BorrowedFd<'_>, Interest)],
    ready: &mut Vec<bool>,
    timeout_ms: Option<u64>,
) -> io::Result<()> {
    let mut polled: Vec<PollFd<'_>> = fds.iter().map(|(fd, want)| entry(*fd, *want)).collect();
    ready.clear();
    match poll(&mut polled, timespec(timeout_ms).as_ref()) {
        Ok(_) => ready.extend(polled.iter().map(|fd| !fd.revents().is_empty())),
        Err(Errno::INTR) => ready.resize(fds.len(), false),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Waits for one descriptor to be readable, or writable too where that is wanted. Whether it is.
pub fn wait_for(fd: impl AsFd, write: bool, timeout_ms: Option<u64>) -> io::Result<bool> {
    let want = if write { Interest::ReadWrite } else { Interest::Read };
    let mut polled = [entry(fd.as_fd(), want)];
    match poll(&mut polled, timespec(timeout_ms).as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn entry(fd: BorrowedFd<'_>, want: Interest) -> PollFd<'_> {
    let flags = match want {
        Interest::Read => PollFlags::IN,
        Interest::ReadWrite => PollFlags::IN | PollFlags::OUT,
        Interest::Write => PollFlags::OUT,
        // Always told.
        Interest::Hangup => PollFlags::empty(),
    };
    PollFd::from_borrowed_fd(fd, flags)
}

fn timespec(timeout_ms: Option<u64>) -> Option<Timespec> {
    timeout_ms.map(|ms| Timespec {
        tv_sec: i64::try_from(ms / 1000).unwrap_or(i64::MAX),
        tv_nsec: i64::try_from(ms % 1000).unwrap_or(0) * 1_000_000,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_is_awaited_comes_or_the_time_is_over() {
        let (reader, mut writer) = io::pipe().unwrap();
        assert!(!wait_for(&reader, false, Some(1)).unwrap());
        assert!(wait_for(&writer, true, None).unwrap());
        writer.write_all(b"x").unwrap();
        assert!(wait_for(&reader, false, None).unwrap());
        let mut ready = Vec::new();
        let fds = [(reader.as_fd(), Interest::Read), (writer.as_fd(), Interest::Read)];
        wait(&fds, &mut ready, None).unwrap();
        assert_eq!(ready, [true, false]);
    }
}
