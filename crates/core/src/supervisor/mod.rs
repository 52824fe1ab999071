//! The table of processes and the one function that changes it.
//!
//! `step` drops news of runs that are no longer known, and hands the rest on: `commands` (with
//! `apply`, `scale`, `reload`) decide what is wanted, `reports` and `endings` take in what
//! happened, `lifecycle` starts, stops and lets go of runs. `answers` knows who waits for what.

mod answers;
mod apply;
mod commands;
mod deadlines;
mod dump;
mod edit;
mod endings;
mod instance;
mod instances;
mod lifecycle;
mod reload;
mod reports;
mod resolve;
mod run;
mod scale;
mod schedule;
mod takeover;
mod turn;
mod view;
mod watch;
mod watchdog;

pub use dump::{Changes, Ledger, Part, PartsError};
pub use view::{InstanceView, Status};

use crate::action::{Action, News, Notice};
use crate::event::Event;
use crate::id::{CommandId, Generation, ProcId};
use crate::time::Now;
use answers::Pending;
use deadlines::Deadlines;
use instances::Instances;
use reload::Rollout;
use std::collections::{BTreeMap, BTreeSet};
use turn::Turn;

/// The table of processes.
///
/// Serialized it is what a successor needs to go on: without the commands in flight, whose clients
/// are gone, but with the reloads that are half way.
#[derive(Clone, Debug, Default)]
pub struct Supervisor {
    instances: Instances,
    /// Reloads under way, by app.
    rollouts: BTreeMap<String, Rollout>,
    next_proc: u32,
    last_generation: u64,
    shutting_down: bool,
    /// The instances of each app.
    apps: BTreeMap<String, BTreeSet<ProcId>>,
    /// The instance of each run.
    owners: BTreeMap<Generation, ProcId>,
    deadlines: Deadlines,
    pending: BTreeMap<CommandId, Pending>,
}

impl Supervisor {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one event and appends what the world must now do.
    pub fn step(&mut self, now: Now, event: Event, out: &mut Vec<Action>) {
        let stale = event
            .run()
            .is_some_and(|(proc, generation)| self.owners.get(&generation) != Some(&proc));
        if stale {
            return;
        }
        let mut turn = Turn::new(now, out);
        match event {
            Event::Command { id, command } => self.command(&mut turn, id, command),
            Event::Woke => self.woke(&mut turn),
            Event::Scheduled { proc, at } => self.scheduled(&mut turn, proc, at),
            Event::FilesChanged { app, path } => self.files_changed(&mut turn, &app, &path),
            Event::Spawned { proc, generation, pid } => {
                self.spawned(&mut turn, proc, generation, pid);
            }
            Event::SpawnFailed { proc, generation, error } => {
                self.spawn_failed(&mut turn, proc, generation, &error);
            }
            Event::Exited { proc, generation, how } => {
                self.exited(&mut turn, proc, generation, how);
            }
            Event::Swept { proc, generation } => self.swept(&mut turn, proc, generation),
            Event::Up { proc, generation } => {
                self.showed(&mut turn, proc, generation, |run| &mut run.up);
            }
            Event::Listening { proc, generation } => {
                self.showed(&mut turn, proc, generation, |run| &mut run.listening);
            }
            Event::Ready { proc, generation } => self.ready(&mut turn, proc, generation),
            Event::Disconnected { proc, generation } => {
                self.disconnected(&mut turn, proc, generation);
            }
            Event::Pulse { proc, generation } => self.pulse(turn.now.mono, proc, generation),
            Event::Sampled { proc, generation, memory } => {
                self.sampled(&mut turn, proc, generation, memory);
            }
        }
        self.end_turn(turn);
    }

    /// The generation that the next run will have.
    pub fn next_generation(&self) -> Generation {
        Generation(self.last_generation + 1)
    }

    fn take_generation(&mut self) -> Generation {
        self.last_generation += 1;
        Generation(self.last_generation)
    }

    /// Tells whoever listens.
    fn publish(
        &self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Option<Generation>,
        news: News,
    ) {
        let Some(instance) = self.instances.get(&proc) else {
            return;
        };
        let name = instance.spec.name.clone();
        turn.act(Action::Publish(Notice { proc, name, generation, news }));
    }
}
