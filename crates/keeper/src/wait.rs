//! Waits for something to happen.

use crate::keeper::{Keeper, SHORT_MS};
use crate::notify::Notify;
use crate::say::say;
use rpm_sys::clock;
use rpm_sys::poll::{self, Interest};
use std::os::fd::{AsFd, BorrowedFd};

/// Where news of a process come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A program of this slot has begun, or not.
    Starting(u64),
    /// The adopted process of this slot.
    Adopted(u64),
    /// The supervisor, which is no child of ours.
    Supervisor,
    /// Signals and messages, which are looked at anyway.
    Always,
}

impl Keeper {
    /// Waits for something to happen. Returns which processes there are news of.
    pub(crate) fn wait(&self, now_ms: u64) -> Vec<Source> {
        let mut sources = Vec::new();
        let mut fds: Vec<(BorrowedFd<'_>, Interest)> = Vec::new();
        let mut watch = |source, fd, interest| {
            sources.push(source);
            fds.push((fd, interest));
        };
        for (key, outcome) in self.bag.starting() {
            watch(Source::Starting(key), outcome.as_fd(), Interest::Read);
        }
        for (key, pidfd, interest) in self.bag.adopted() {
            watch(Source::Adopted(key), pidfd.as_fd(), interest);
        }
        if let Some((_, pidfd)) = self.life.adopted_one() {
            watch(Source::Supervisor, pidfd.as_fd(), Interest::Read);
        }
        watch(Source::Always, self.signals.as_fd(), Interest::Read);
        if let Some(socket) = self.life.socket() {
            watch(Source::Always, socket.as_fd(), self.interest());
        }
        let mut ready = Vec::new();
        if let Err(error) = poll::wait(&fds, &mut ready, self.timeout_ms(now_ms)) {
            say(format_args!("cannot wait: {error}"));
            std::thread::sleep(std::time::Duration::from_millis(SHORT_MS));
            // Each is asked whether there is any.
            ready.resize(fds.len(), true);
        }
        let news = sources.iter().zip(ready).filter(|(_, ready)| *ready);
        news.map(|(source, _)| *source).collect()
    }

    /// What there is to do with the supervisor's socket.
    fn interest(&self) -> Interest {
        let writes = !self.outbox.is_empty() && self.short_until_ms.is_none();
        match (self.outbox.is_full(), writes) {
            (true, _) => Interest::Write,
            (false, true) => Interest::ReadWrite,
            (false, false) => Interest::Read,
        }
    }

    fn timeout_ms(&self, now_ms: u64) -> Option<u64> {
        let notify = self.notify.as_ref().and_then(Notify::deadline);
        let deadlines = [self.life.deadline(), self.short_until_ms, self.bag.deadline(), notify];
        let deadline = deadlines.into_iter().flatten().min();
        deadline.map(|at_ms| at_ms.saturating_sub(now_ms))
    }

    /// Processes that have begun, or not, or have ended.
    pub(crate) fn look_at(&mut self, news: &[Source]) {
        let now_ms = clock::monotonic_ms();
        for source in news {
            let happened = match source {
                Source::Starting(key) => self.bag.look(*key),
                Source::Adopted(key) => self.bag.look_at_adopted(*key, now_ms),
                Source::Supervisor => {
                    self.look_at_supervisor();
                    None
                }
                Source::Always => None,
            };
            if let Some(happened) = happened {
                self.outbox.happened(happened);
            }
        }
        for key in self.bag.overdue(now_ms) {
            if let Some(happened) = self.bag.look_at_adopted(key, now_ms) {
                self.outbox.happened(happened);
            }
        }
    }

    fn look_at_supervisor(&mut self) {
        let Some((_, pidfd)) = self.life.adopted_one() else {
            return;
        };
        if poll::wait_for(pidfd, false, Some(0)).unwrap_or(false) {
            self.adopted_supervisor_ended();
        }
    }
}
