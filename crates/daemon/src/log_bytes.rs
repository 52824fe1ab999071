//! How much each run has printed, counted by the log thread.

use rpm_core::Generation;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of the runs that are known.
#[derive(Debug, Default)]
pub(crate) struct LogBytes(BTreeMap<Generation, Arc<AtomicU64>>);

impl LogBytes {
    /// What counts for a run.
    pub(crate) fn counter(&mut self, generation: Generation) -> Arc<AtomicU64> {
        Arc::clone(self.0.entry(generation).or_default())
    }

    /// What was counted.
    pub(crate) fn of(&self, generation: Generation) -> u64 {
        self.0.get(&generation).map_or(0, |bytes| bytes.load(Ordering::Relaxed))
    }

    /// The run is no more.
    pub(crate) fn forget(&mut self, generation: Generation) {
        self.0.remove(&generation);
    }
}
