//! A table from its parts.

use super::ledger::Ledger;
use super::part::{Content, Key, Part, Uses};
use crate::id::ProcId;
use crate::spec::{AppSpec, Env};
use crate::supervisor::Supervisor;
use crate::supervisor::deadlines::Timer;
use crate::supervisor::instance::Instance;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Why parts are no table.
#[derive(Debug, thiserror::Error)]
pub enum PartsError {
    /// It is under a key that no table has.
    #[error("nothing is known of `{key}`")]
    Unknown {
        /// The key.
        key: String,
    },
    /// It needs another part that is not there.
    #[error("`{key}` needs `{missing}`, which is missing")]
    Missing {
        /// The part.
        key: String,
        /// What it needs.
        missing: String,
    },
}

impl Supervisor {
    /// A table from all its parts, and the ledger of what they tell.
    pub fn from_parts(
        parts: impl IntoIterator<Item = (String, Part<'static>)>,
    ) -> Result<(Self, Ledger), PartsError> {
        let mut read = Read::default();
        for (key, part) in parts {
            read.sort(key, part)?;
        }
        read.join()
    }

    /// Adds an instance that was read, and what is derived from it.
    fn adopt_instance(&mut self, proc: ProcId, instance: Instance) {
        let mut timers = vec![(None, instance.phase.due())];
        for run in instance.runs() {
            timers.push((Some(run.generation), run.due));
            self.owners.insert(run.generation, proc);
        }
        for (generation, due) in timers {
            self.deadlines.move_to(Timer { proc, generation }, None, due);
        }
        let members: &mut BTreeSet<ProcId> =
            self.apps.entry(instance.spec.name.clone()).or_default();
        members.insert(proc);
        self.instances.insert(proc, instance);
    }
}

/// Parts, sorted by what they are.
#[derive(Default)]
struct Read {
    table: Supervisor,
    ledger: Ledger,
    envs: Vec<(u64, Env)>,
    specs: Vec<(u64, u64, AppSpec)>,
    instances: BTreeMap<ProcId, (Uses, Instance)>,
}

impl Read {
    fn sort(&mut self, key: String, part: Part<'static>) -> Result<(), PartsError> {
        match (Key::parse(&key), part.0) {
            (Some(Key::Head), Content::Head(head)) => {
                self.table.next_proc = head.next_proc;
                self.table.last_generation = head.last_generation;
                self.table.shutting_down = head.shutting_down;
                self.ledger.head = Some(head);
            }
            (Some(Key::Env(number)), Content::Env(env)) => {
                self.envs.push((number, env.into_owned()));
            }
            (Some(Key::Spec(number)), Content::Spec { env, spec }) => {
                self.specs.push((number, env, *spec));
            }
            (Some(Key::Instance(proc)), Content::Instance { uses, instance }) => {
                self.instances.insert(proc, (uses, instance.into_owned()));
            }
            (Some(Key::Rollout(app)), Content::Rollout(rollout)) => {
                self.ledger.rollouts.insert(app.clone());
                self.table.rollouts.insert(app, rollout.into_owned());
            }
            _ => return Err(PartsError::Unknown { key }),
        }
        Ok(())
    }

    fn join(mut self) -> Result<(Supervisor, Ledger), PartsError> {
        let Ledger { envs, specs, env_of, uses: told, .. } = &mut self.ledger;
        for (number, env) in self.envs {
            envs.restore(number, Arc::new(env));
        }
        for (number, env, spec) in self.specs {
            let Some(base_env) = envs.share(env) else {
                return Err(missing(&Key::Spec(number), &Key::Env(env)));
            };
            env_of.insert(number, env);
            specs.restore(number, Arc::new(AppSpec { base_env, ..spec }));
        }
        for (proc, (uses, mut instance)) in self.instances {
            let mut give = |number: u64| {
                let lost = || missing(&Key::Instance(proc), &Key::Spec(number));
                specs.share(number).ok_or_else(lost)
            };
            instance.spec = give(uses.own)?;
            instance.offered = uses.offered.map(&mut give).transpose()?;
            for (run, number) in [
                (instance.current.as_mut(), uses.current),
                (instance.beside.as_mut().map(|beside| &mut beside.run), uses.beside),
            ] {
                if let Some(run) = run {
                    run.spec = number.map_or_else(|| Ok(instance.spec.clone()), &mut give)?;
                }
            }
            told.insert(proc, uses);
            self.table.adopt_instance(proc, instance);
        }
        self.table.instances.take_touched();
        Ok((self.table, self.ledger))
    }
}

fn missing(key: &Key, missing: &Key) -> PartsError {
    PartsError::Missing { key: key.to_string(), missing: missing.to_string() }
}
