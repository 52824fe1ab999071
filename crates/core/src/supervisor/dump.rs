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
use super::instance::Instance;
use super::run::Stage;
use super::turn::Turn;
use crate::action::Action;
use crate::id::{Generation, ProcId};
use crate::time::Now;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

impl Supervisor {
    /// Takes up the work of a supervisor that has died.
    ///
    /// `newest` is the newest generation that the world knows of, so that none is used twice. What
    /// may have been asked of the world in vain is asked again. The shell then tells what it finds,
    /// as events: `Exited` or `SpawnFailed` for each of [`Self::runs`] that has no process, and
    /// `Spawned`, `Up`, `Listening`, `Ready` for the others where it knows so.
    pub fn after_restore(&mut self, now: Now, newest: Generation, out: &mut Vec<Action>) {
        self.last_generation = self.last_generation.max(newest.0);
        self.pending.clear();
        let mut turn = Turn::new(now, out);
        let claimed = |(proc, it): (&ProcId, &Instance)| (!it.claims.is_empty()).then_some(*proc);
        let claimed: Vec<ProcId> = self.instances.iter().filter_map(claimed).collect();
        for proc in claimed {
            if let Some(instance) = self.instances.get_mut(&proc) {
                instance.claims.clear();
            }
        }
        for (proc, instance) in self.instances.iter() {
            for run in instance.runs() {
                let (proc, generation) = (*proc, run.generation);
                match run.stage {
                    Stage::Sweeping => turn.act(Action::Sweep { proc, generation }),
                    Stage::Draining => turn.act(Action::Drain { proc, generation }),
                    _ => {}
                }
            }
        }
        let apps: Vec<String> = self.rollouts.keys().cloned().collect();
        for app in apps {
            self.advance(&mut turn, &app);
        }
        self.check_quit(&mut turn);
        self.end_turn(turn);
    }
}

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
