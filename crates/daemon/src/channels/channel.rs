//! One channel: what is read from it and what waits to be written.

use rpm_node::{Lines, WorkerId};
use rpm_sys::poller::{Interest, Poller};
use rpm_sys::stream;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A worker that lets so many bytes wait is as good as hung; what comes on top is dropped.
const WAITING_MAX: usize = 64 * 1024 * 1024;

/// Our end of one channel.
#[derive(Debug)]
pub(super) struct Channel {
    fd: OwnedFd,
    token: u64,
    pub(super) lines: Lines,
    pub(super) pid: u32,
    interest: Interest,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
}

/// A line, or what is left of it.
#[derive(Debug)]
struct Waiting {
    bytes: Vec<u8>,
    sent: usize,
    handle: Option<OwnedFd>,
}

/// What has become of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// All of it is on its way.
    Whole,
    /// Some of it; the rest waits, and everything after it.
    Part,
    /// Nothing; it waits.
    Nothing,
    /// It is lost: the other end is closed, or too much waits.
    Lost,
    /// Too many descriptors are on their way.
    TooMany,
}

/// `ETOOMANYREFS`.
const TOO_MANY_REFERENCES: i32 = 109;

impl Channel {
    pub(super) fn new(
        fd: OwnedFd,
        worker: WorkerId,
        pid: u32,
        poller: &Poller,
    ) -> io::Result<Self> {
        poller.add(fd.as_fd(), worker.0, Interest::Read)?;
        Ok(Self {
            fd,
            token: worker.0,
            lines: Lines::default(),
            pid,
            interest: Interest::Read,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
        })
    }

    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<stream::Read> {
        stream::read(self.fd.as_fd(), buffer)
    }

    /// Writes a line, or lets it wait behind others.
    pub(super) fn write(&mut self, line: &[u8], handle: Option<&OwnedFd>) -> Written {
        if !self.waiting.is_empty() {
            return self.keep(line, handle);
        }
        match stream::write(self.fd.as_fd(), line, handle.map(OwnedFd::as_fd)) {
            Ok(Some(len)) if len == line.len() => Written::Whole,
            Ok(Some(len)) => match self.keep(&line[len..], None) {
                Written::Nothing => Written::Part,
                other => other,
            },
            Ok(None) => self.keep(line, handle),
            Err(error) => lost(&error),
        }
    }

    /// Writes a line with a connection if it can go at once.
    pub(super) fn hand(&mut self, line: &[u8], connection: BorrowedFd<'_>) -> Written {
        if !self.waiting.is_empty() {
            return Written::Nothing;
        }
        match stream::write(self.fd.as_fd(), line, Some(connection)) {
            Ok(Some(len)) if len == line.len() => Written::Whole,
            Ok(Some(len)) => {
                self.keep(&line[len..], None);
                Written::Part
            }
            Ok(None) => Written::Nothing,
            Err(error) => lost(&error),
        }
    }

    /// Writes what waits. `true` when nothing waits any more.
    pub(super) fn flush(&mut self) -> bool {
        while let Some(first) = self.waiting.front_mut() {
            let handle = first.handle.as_ref().map(OwnedFd::as_fd);
            match stream::write(self.fd.as_fd(), &first.bytes[first.sent..], handle) {
                Ok(Some(len)) => {
                    first.handle = None;
                    first.sent += len;
                    self.waiting_bytes -= len;
                    if first.sent == first.bytes.len() {
                        self.waiting.pop_front();
                    }
                }
                Ok(None) => return false,
                Err(_) => {
                    // The end of the channel follows.
                    self.waiting.clear();
                    self.waiting_bytes = 0;
                }
            }
        }
        true
    }

    /// Awaits room to write, or no longer.
    pub(super) fn await_room(&mut self, wanted: bool, poller: &Poller) {
        let interest = if wanted { Interest::ReadWrite } else { Interest::Read };
        if self.interest != Interest::None && self.interest != interest {
            self.set_interest(interest, poller);
        }
    }

    /// Takes it out of the set that is waited for. Needed before it is closed, as others hold
    /// duplicates.
    pub(super) fn retire(&mut self, poller: &Poller) {
        if self.interest != Interest::None {
            self.interest = Interest::None;
            if let Err(error) = poller.remove(self.fd.as_fd()) {
                tracing::error!(%error, "a channel could not be retired");
            }
        }
        self.waiting.clear();
        self.waiting_bytes = 0;
    }

    fn keep(&mut self, rest: &[u8], handle: Option<&OwnedFd>) -> Written {
        if self.waiting_bytes + rest.len() > WAITING_MAX {
            tracing::warn!(worker = self.token, "dropped a message: the app does not read its own");
            return Written::Lost;
        }
        let handle = match handle.map(OwnedFd::try_clone).transpose() {
            Ok(handle) => handle,
            Err(error) => return lost(&error),
        };
        self.waiting_bytes += rest.len();
        self.waiting.push_back(Waiting { bytes: rest.to_vec(), sent: 0, handle });
        Written::Nothing
    }

    fn set_interest(&mut self, interest: Interest, poller: &Poller) {
        match poller.modify(self.fd.as_fd(), self.token, interest) {
            Ok(()) => self.interest = interest,
            Err(error) => tracing::error!(%error, "a channel could not be waited for"),
        }
    }
}

fn lost(error: &io::Error) -> Written {
    match error.raw_os_error() {
        Some(TOO_MANY_REFERENCES) => Written::TooMany,
        _ => Written::Lost,
    }
}
