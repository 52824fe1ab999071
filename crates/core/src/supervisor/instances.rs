//! The instances, and which of them may differ from what was last told of them.

use super::instance::Instance;
use crate::id::ProcId;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

/// A map that knows what of it has been touched. There is no way to change an instance without.
#[derive(Clone, Debug, Default)]
pub(super) struct Instances {
    table: BTreeMap<ProcId, Instance>,
    touched: BTreeSet<ProcId>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the words of the map it stands for")]
impl Instances {
    /// One instance, to be changed.
    pub(super) fn get_mut(&mut self, proc: &ProcId) -> Option<&mut Instance> {
        let instance = self.table.get_mut(proc)?;
        self.touched.insert(*proc);
        Some(instance)
    }

    /// Adds an instance.
    pub(super) fn insert(&mut self, proc: ProcId, instance: Instance) {
        self.touched.insert(proc);
        self.table.insert(proc, instance);
    }

    /// Takes an instance away.
    pub(super) fn remove(&mut self, proc: &ProcId) -> Option<Instance> {
        self.touched.insert(*proc);
        self.table.remove(proc)
    }

    /// Whoever asks next is told of all.
    pub(super) fn touch_all(&mut self) {
        self.touched.extend(self.table.keys());
    }

    /// Those that were changed, added or taken away since this was last asked.
    pub(super) fn take_touched(&mut self) -> BTreeSet<ProcId> {
        std::mem::take(&mut self.touched)
    }
}

impl Deref for Instances {
    type Target = BTreeMap<ProcId, Instance>;

    fn deref(&self) -> &Self::Target {
        &self.table
    }
}
