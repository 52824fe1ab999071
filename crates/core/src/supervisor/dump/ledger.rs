//! What was last told of a table, so that only what differs is told next.

use super::part::{Content, Head, Key, Part, Uses};
use super::pool::Pool;
use crate::id::ProcId;
use crate::spec::{AppSpec, Env};
use crate::supervisor::Supervisor;
use crate::supervisor::instance::Instance;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Changes of a table: keys, and their parts as they are now, or `None` for what is gone.
pub type Changes<'a> = Vec<(String, Option<Part<'a>>)>;

/// What was told of a table. Specs and environments are shared by many instances; they are told once
/// each, under numbers.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub(super) head: Option<Head>,
    pub(super) envs: Pool<Env>,
    pub(super) specs: Pool<AppSpec>,
    /// The environment of each spec.
    pub(super) env_of: BTreeMap<u64, u64>,
    pub(super) uses: BTreeMap<ProcId, Uses>,
    pub(super) rollouts: BTreeSet<String>,
}

impl Ledger {
    /// What differs in these instances, and in all that is not of one instance.
    pub(super) fn note<'a>(
        &mut self,
        table: &'a Supervisor,
        procs: impl IntoIterator<Item = ProcId>,
    ) -> Changes<'a> {
        let mut changes = Changes::new();
        for proc in procs {
            let part = table.instances.get(&proc).map(|instance| self.instance(proc, instance));
            if part.is_some() || self.forget(proc) {
                tell(&mut changes, &Key::Instance(proc), part);
            }
        }
        // What was told of may be gone without having been touched, in a table that was read anew.
        if self.uses.len() != table.instances.len() {
            let told: Vec<ProcId> = self.uses.keys().copied().collect();
            for proc in told.into_iter().filter(|proc| !table.instances.contains_key(proc)) {
                self.forget(proc);
                tell(&mut changes, &Key::Instance(proc), None);
            }
        }
        self.note_shared(&mut changes);
        self.note_rollouts(table, &mut changes);
        let head = Head {
            next_proc: table.next_proc,
            last_generation: table.last_generation,
            shutting_down: table.shutting_down,
        };
        if self.head.replace(head) != Some(head) {
            tell(&mut changes, &Key::Head, Some(Content::Head(head)));
        }
        changes
    }

    fn instance<'a>(&mut self, proc: ProcId, instance: &'a Instance) -> Content<'a> {
        let uses = Uses {
            own: self.spec(&instance.spec),
            offered: instance.offered.as_ref().map(|spec| self.spec(spec)),
            current: instance.current.as_ref().map(|run| self.spec(&run.spec)),
            beside: instance.beside.as_ref().map(|beside| self.spec(&beside.run.spec)),
        };
        self.forget(proc);
        self.uses.insert(proc, uses);
        Content::Instance { uses, instance: Cow::Borrowed(instance) }
    }

    /// Gives up the specs of what was told of an instance; whether anything was.
    fn forget(&mut self, proc: ProcId) -> bool {
        let told = self.uses.remove(&proc);
        for number in told.into_iter().flat_map(Uses::all) {
            self.specs.release(number);
        }
        told.is_some()
    }

    fn spec(&mut self, spec: &Arc<AppSpec>) -> u64 {
        let (number, new) = self.specs.take(spec);
        if new {
            let (env, _) = self.envs.take(&spec.base_env);
            self.env_of.insert(number, env);
        }
        number
    }

    fn note_shared(&mut self, changes: &mut Changes<'_>) {
        for (number, told) in self.specs.drop_unused() {
            if let Some(env) = self.env_of.remove(&number) {
                self.envs.release(env);
            }
            if told {
                tell(changes, &Key::Spec(number), None);
            }
        }
        for (number, told) in self.envs.drop_unused() {
            if told {
                tell(changes, &Key::Env(number), None);
            }
        }
        for (number, env) in self.envs.tell_new() {
            tell(changes, &Key::Env(number), Some(Content::Env(Cow::Owned(Env::clone(&env)))));
        }
        for (number, spec) in self.specs.tell_new() {
            let env = self.env_of.get(&number).copied().unwrap_or_default();
            let spec = Box::new(AppSpec { base_env: Arc::default(), ..AppSpec::clone(&spec) });
            tell(changes, &Key::Spec(number), Some(Content::Spec { env, spec }));
        }
    }

    /// There are few, and each step of a reload changes its own.
    fn note_rollouts<'a>(&mut self, table: &'a Supervisor, changes: &mut Changes<'a>) {
        let now: BTreeSet<String> = table.rollouts.keys().cloned().collect();
        for over in self.rollouts.difference(&now) {
            tell(changes, &Key::Rollout(over.clone()), None);
        }
        self.rollouts = now;
        for (app, rollout) in &table.rollouts {
            let part = Content::Rollout(Cow::Borrowed(rollout));
            tell(changes, &Key::Rollout(app.clone()), Some(part));
        }
    }
}

fn tell<'a>(changes: &mut Changes<'a>, key: &Key, part: Option<Content<'a>>) {
    changes.push((key.to_string(), part.map(Part)));
}
