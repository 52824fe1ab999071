//! Everything that is due at a time, in order.

use crate::id::{Generation, ProcId};
use crate::time::Mono;
use std::collections::BTreeSet;

/// What a deadline belongs to: a run, or the wait of an instance that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timer {
    pub(super) proc: ProcId,
    pub(super) generation: Option<Generation>,
}

/// At most one deadline for each [`Timer`]; the owner knows when it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadlines {
    order: BTreeSet<(Mono, Timer)>,
}

impl Deadlines {
    /// Moves a deadline. The old one is gone: a stale timer cannot exist.
    pub(super) fn move_to(&mut self, timer: Timer, old: Option<Mono>, new: Option<Mono>) {
        if let Some(at) = old {
            self.order.remove(&(at, timer));
        }
        if let Some(at) = new {
            self.order.insert((at, timer));
        }
    }

    /// The next one.
    pub(super) fn first(&self) -> Option<(Mono, Timer)> {
        self.order.first().copied()
    }

    /// Takes the next one, if it is due.
    pub(super) fn pop_due(&mut self, now: Mono) -> Option<Timer> {
        let (at, _) = self.order.first()?;
        if *at > now {
            return None;
        }
        self.order.pop_first().map(|(_, timer)| timer)
    }
}
