//! Processes that a predecessor started: they are no children of ours.
//!
//! Their end is seen at their descriptors. How they ended is known only when their parent, which is
//! init by now, has reaped them, and only from Linux 6.15 on. It is not waited for long: what
//! happens next does not depend on it.

use super::{Bag, Happened, Origin, Slot, State};
use rpm_sys::poll::Interest;
use rpm_sys::{pidfd, poll, process};
use std::os::fd::OwnedFd;

/// So long may a parent take to reap.
const REAPED_MS: u64 = 100;

impl Bag {
    /// Watches over a process, and holds descriptors. `false` when the slot is in use.
    pub(crate) fn adopt(
        &mut self,
        (key, aux): (u64, u64),
        (pid, pidfd): (u32, OwnedFd),
        fds: Vec<(OwnedFd, u32)>,
    ) -> bool {
        if !self.is_free(key) {
            return false;
        }
        let slot = self.slots.entry(key).or_default();
        slot.aux = aux;
        slot.state = State::Running { seq: 0, pid, pidfd, origin: Origin::Adopted };
        // Whoever gives it knows it.
        (slot.announced, slot.told) = (true, false);
        self.put(key, fds);
        true
    }

    /// Adopted processes, with what is awaited of them.
    pub(crate) fn adopted(&self) -> impl Iterator<Item = (u64, &OwnedFd, Interest)> {
        self.slots.iter().filter_map(|(key, slot)| match &slot.state {
            State::Running { pidfd, origin: Origin::Adopted, .. } => {
                Some((*key, pidfd, Interest::Read))
            }
            State::Running { pidfd, origin: Origin::Gone { .. }, .. } => {
                Some((*key, pidfd, Interest::Hangup))
            }
            _ => None,
        })
    }

    /// When the status of an adopted process is waited for no longer.
    pub(crate) fn deadline(&self) -> Option<u64> {
        self.slots.values().filter_map(Slot::gone_until).min()
    }

    /// Adopted processes whose status was waited for long enough.
    pub(crate) fn overdue(&self, now_ms: u64) -> Vec<u64> {
        let is_due = |slot: &Slot| slot.gone_until().is_some_and(|until_ms| until_ms <= now_ms);
        self.slots.iter().filter(|(_, slot)| is_due(slot)).map(|(key, _)| *key).collect()
    }

    /// An adopted process has ended, was reaped, or was waited for long enough.
    pub(crate) fn look_at_adopted(&mut self, key: u64, now_ms: u64) -> Option<Happened> {
        let slot = self.slots.get_mut(&key)?;
        let State::Running { pidfd, origin, .. } = &mut slot.state else {
            return None;
        };
        let until_ms = match *origin {
            Origin::Child => return None,
            Origin::Adopted if !has_ended(pidfd) => return None,
            Origin::Adopted => now_ms + REAPED_MS,
            Origin::Gone { until_ms } => until_ms,
        };
        let status = match pidfd::exit_status(&*pidfd) {
            Ok(None) if now_ms < until_ms => {
                *origin = Origin::Gone { until_ms };
                return None;
            }
            Ok(Some(status)) => status,
            Ok(None) | Err(_) => process::STATUS_UNKNOWN,
        };
        if let State::Running { seq, pid, pidfd, .. } = std::mem::take(&mut slot.state) {
            slot.state = State::Ended { seq, pid, pidfd, status, at_ms: now_ms };
        }
        Some(Happened::Exited(key))
    }
}

fn has_ended(pidfd: &OwnedFd) -> bool {
    poll::wait_for(pidfd, false, Some(0)).unwrap_or(false)
}

impl Slot {
    fn gone_until(&self) -> Option<u64> {
        match self.state {
            State::Running { origin: Origin::Gone { until_ms }, .. } => Some(until_ms),
            _ => None,
        }
    }
}
