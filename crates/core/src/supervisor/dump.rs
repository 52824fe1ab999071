//! The table as it outlives the supervisor.
//!
//! Specs and environments are shared by many instances; they are written once each, and shared
//! again after reading.

use super::Supervisor;
use super::deadlines::Timer;
use super::instance::Instance;
use super::reload::Rollout;
use super::run::Stage;
use super::turn::Turn;
use crate::action::Action;
use crate::id::{Generation, ProcId};
use crate::spec::{AppSpec, Env};
use crate::time::Now;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
struct Dump<'a> {
    next_proc: u32,
    last_generation: u64,
    shutting_down: bool,
    envs: Vec<Cow<'a, Env>>,
    specs: Vec<SpecDump>,
    instances: BTreeMap<ProcId, Cow<'a, Instance>>,
    uses: BTreeMap<ProcId, Uses>,
    rollouts: Cow<'a, BTreeMap<String, Rollout>>,
}

/// A spec without its base environment.
#[derive(Serialize, Deserialize)]
struct SpecDump {
    env: usize,
    spec: AppSpec,
}

/// The places of an instance's specs in the list.
#[derive(Serialize, Deserialize)]
struct Uses {
    own: usize,
    offered: Option<usize>,
    current: Option<usize>,
    beside: Option<usize>,
}

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
        for (proc, instance) in &mut self.instances {
            instance.claims.clear();
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

impl Serialize for Supervisor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pool = Pool::default();
        let uses = self.instances.iter().map(|(id, instance)| (*id, pool.uses(instance))).collect();
        Dump {
            next_proc: self.next_proc,
            last_generation: self.last_generation,
            shutting_down: self.shutting_down,
            uses,
            instances: self.instances.iter().map(|(id, it)| (*id, Cow::Borrowed(it))).collect(),
            rollouts: Cow::Borrowed(&self.rollouts),
            specs: pool.specs,
            envs: pool.envs,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Supervisor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dump = Dump::deserialize(deserializer)?;
        let envs: Vec<Arc<Env>> =
            dump.envs.into_iter().map(|env| Arc::new(env.into_owned())).collect();
        let specs: Vec<Arc<AppSpec>> = dump
            .specs
            .into_iter()
            .map(|SpecDump { env, spec }| {
                let base_env = envs.get(env).cloned().unwrap_or_default();
                Arc::new(AppSpec { base_env, ..spec })
            })
            .collect();
        let mut table = Self {
            rollouts: dump.rollouts.into_owned(),
            next_proc: dump.next_proc,
            last_generation: dump.last_generation,
            shutting_down: dump.shutting_down,
            ..Self::default()
        };
        for (proc, instance) in dump.instances {
            let mut instance = instance.into_owned();
            let uses = dump.uses.get(&proc);
            if !uses.is_some_and(|uses| uses.give(&mut instance, &specs)) {
                return Err(serde::de::Error::custom(format_args!("instance {proc} has no spec")));
            }
            table.adopt_instance(proc, instance);
        }
        Ok(table)
    }
}

impl Supervisor {
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

impl Uses {
    fn give(&self, instance: &mut Instance, specs: &[Arc<AppSpec>]) -> bool {
        let spec = |at: Option<usize>| at.and_then(|at| specs.get(at)).cloned();
        let Some(own) = spec(Some(self.own)) else {
            return false;
        };
        instance.offered = spec(self.offered);
        if let Some(run) = &mut instance.current {
            run.spec = spec(self.current).unwrap_or_else(|| own.clone());
        }
        if let Some(beside) = &mut instance.beside {
            beside.run.spec = spec(self.beside).unwrap_or_else(|| own.clone());
        }
        instance.spec = own;
        true
    }
}

/// What is shared, each once.
#[derive(Default)]
struct Pool<'a> {
    specs: Vec<SpecDump>,
    envs: Vec<Cow<'a, Env>>,
    spec_places: BTreeMap<usize, usize>,
    env_places: BTreeMap<usize, usize>,
}

impl<'a> Pool<'a> {
    fn uses(&mut self, instance: &'a Instance) -> Uses {
        Uses {
            own: self.spec(&instance.spec),
            offered: instance.offered.as_ref().map(|spec| self.spec(spec)),
            current: instance.current.as_ref().map(|run| self.spec(&run.spec)),
            beside: instance.beside.as_ref().map(|beside| self.spec(&beside.run.spec)),
        }
    }

    fn spec(&mut self, spec: &'a Arc<AppSpec>) -> usize {
        let address = Arc::as_ptr(spec).addr();
        if let Some(place) = self.spec_places.get(&address) {
            return *place;
        }
        let env = self.env(&spec.base_env);
        let bare = AppSpec { base_env: Arc::default(), ..AppSpec::clone(spec) };
        self.specs.push(SpecDump { env, spec: bare });
        self.spec_places.insert(address, self.specs.len() - 1);
        self.specs.len() - 1
    }

    fn env(&mut self, env: &'a Arc<Env>) -> usize {
        let address = Arc::as_ptr(env).addr();
        *self.env_places.entry(address).or_insert_with(|| {
            self.envs.push(Cow::Borrowed(env));
            self.envs.len() - 1
        })
    }
}
