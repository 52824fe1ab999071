//! What is to happen later.

use super::Primary;
use crate::output::{ListenerId, SocketId, WorkerId};

/// One thing that is to happen later. All of them are harmless when there is no more reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The worker may be handed connections again.
    Forgive(WorkerId),
    /// Those that wait may be tried again.
    Retry(ListenerId),
    /// The worker may take probes again.
    Probe(WorkerId),
    /// The port may be free by now.
    Bind(SocketId),
    /// The app has closed it and not opened it again.
    Abandon(ListenerId),
}

impl Primary {
    /// It is `now_ms` on some clock that never goes back. Does what is due.
    pub fn tick(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
        while let Some((at_ms, timer)) = self.timers.first().copied() {
            if at_ms > self.now_ms {
                return;
            }
            self.timers.pop_first();
            match timer {
                Timer::Forgive(worker) => self.forgive(worker),
                Timer::Retry(listener) => self.flush(listener),
                Timer::Probe(worker) => self.probe_again(worker),
                Timer::Bind(socket) => self.bind_again(socket),
                Timer::Abandon(listener) => self.remove_abandoned(listener),
            }
        }
    }

    /// When [`Self::tick`] is wanted next.
    pub fn deadline_ms(&self) -> Option<u64> {
        self.timers.first().map(|(at_ms, _)| *at_ms)
    }

    pub(super) fn set_timer(&mut self, after_ms: u64, timer: Timer) {
        self.timers.insert((self.now_ms + after_ms, timer));
    }

    fn forgive(&mut self, id: WorkerId) {
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.penalised = false;
            self.has_room(id);
        }
    }
}
