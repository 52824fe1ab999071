//! The table as it outlives the supervisor.
//!
//! It is written in parts, each under a key, so that a change costs what it changes. Specs and
//! environments are shared by many instances; they are parts of their own, and shared again after
//! reading.

mod ledger;
mod part;
mod pool;
mod restore;

pub use ledger::{Changes, Ledger};
pub use part::Part;
pub use restore::PartsError;

use super::Supervisor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

impl Supervisor {
    /// What has changed since this was last asked with this ledger; with a new one, all.
    ///
    /// The parts under the same keys, each the newest that was told, are the table at each of these
    /// moments: [`Self::from_parts`] reads them.
    pub fn changes<'a>(&'a mut self, ledger: &mut Ledger) -> Changes<'a> {
        let mut touched = self.instances.take_touched();
        if ledger.head.is_none() {
            touched.extend(self.instances.keys());
        }
        ledger.note(self, touched)
    }
}

impl Serialize for Supervisor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let procs = self.instances.keys().copied();
        serializer.collect_map(Ledger::default().note(self, procs))
    }
}

impl<'de> Deserialize<'de> for Supervisor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = BTreeMap::<String, Part<'static>>::deserialize(deserializer)?;
        let (mut table, _ledger) = Self::from_parts(parts).map_err(serde::de::Error::custom)?;
        table.instances.touch_all();
        Ok(table)
    }
}
