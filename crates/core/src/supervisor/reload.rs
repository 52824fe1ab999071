//! Replacing runs without a gap: rolling reloads, and that of one instance above its memory limit.
//!
//! A *successor* is started beside the run that serves. When it has proved itself it takes over and
//! the old one is *retired*: it finishes its connections and goes. When it fails it is ended, the
//! old one never notices, and the rollout stops there.

use super::Supervisor;
use super::answers::Goal;
use super::instance::Instance;
use super::run::{Beside, Role, Run, Stage};
use super::turn::Turn;
use crate::action::{Action, Change, FailureReason, News};
use crate::id::{Generation, ProcId};
use crate::spec::{AppSpec, ExecMode};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// After a reload for memory that failed, the next try is not before this, in ms.
const MEMORY_RETRY_MS: u64 = 30_000;

/// A reload of one app that is under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Rollout {
    /// Not begun.
    queue: VecDeque<ProcId>,
    /// Begun: at most `parallel`.
    under_way: BTreeSet<ProcId>,
    parallel: usize,
    /// One has failed: nothing more is begun.
    failed: bool,
}

impl Supervisor {
    /// Begins a reload of instances of one app; each has been offered its spec.
    pub(super) fn begin_rollout(
        &mut self,
        turn: &mut Turn<'_>,
        app: &str,
        procs: &[ProcId],
        parallel: Option<u32>,
    ) {
        let default = if procs.len() <= 2 { 1 } else { 2 };
        let parallel = parallel.map_or(default, |wanted| wanted.max(1) as usize);
        let queue = procs.iter().copied().collect();
        let rollout = Rollout { queue, under_way: BTreeSet::new(), parallel, failed: false };
        self.rollouts.insert(app.to_owned(), rollout);
        self.advance(turn, app);
    }

    /// Begins as many instances as may be under way, or ends the rollout.
    pub(super) fn advance(&mut self, turn: &mut Turn<'_>, app: &str) {
        while let Some(proc) = self.next_in_line(app) {
            turn.touch();
            let Some(rollout) = self.rollouts.get_mut(app) else {
                return;
            };
            if rollout.failed {
                self.withdraw_offer(proc);
                let failure = Err((FailureReason::NotAttempted, None));
                self.settle(turn, proc, &[Goal::Replaced], &failure);
            } else {
                rollout.under_way.insert(proc);
                self.begin_replacement(turn, proc);
            }
        }
        if self.rollouts.get(app).is_some_and(Rollout::is_over) {
            self.rollouts.remove(app);
            turn.touch();
        }
    }

    /// Takes the next instance that can be begun out of the queue.
    fn next_in_line(&mut self, app: &str) -> Option<ProcId> {
        let rollout = self.rollouts.get_mut(app)?;
        if rollout.failed {
            return rollout.queue.pop_front();
        }
        if rollout.under_way.len() >= rollout.parallel {
            return None;
        }
        // One that is being replaced for its memory comes when that is over.
        let instances = &self.instances;
        let is_free = |proc: &ProcId| {
            instances.get(proc).is_none_or(|it| it.beside.is_none() || it.is_unkillable())
        };
        let at = rollout.queue.iter().position(is_free)?;
        rollout.queue.remove(at)
    }

    fn begin_replacement(&mut self, turn: &mut Turn<'_>, proc: ProcId) {
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        let offered = instance.offered.clone().unwrap_or_else(|| instance.spec.clone());
        if let Some(beside) = &instance.beside {
            // An earlier one outlived SIGKILL; a third run there must not be.
            let generation = beside.run.generation;
            return self.rollout_failed(turn, proc, generation, &FailureReason::Unkillable);
        }
        let can_reload = instance.serves_as_worker() && offered.mode == ExecMode::Cluster;
        let change = match (can_reload, instance.is_online(), instance.is_alive()) {
            (true, _, _) => Change::Reloaded,
            (false, true, _) => Change::RestartedNotReloaded,
            (false, false, true) => Change::Restarted,
            (false, false, false) => Change::Started,
        };
        for claim in &mut instance.claims {
            if claim.goal == Goal::Replaced {
                claim.change = change;
            }
        }
        if can_reload {
            self.launch_successor(turn, proc, offered);
        } else {
            self.adopt(proc);
            self.restart(turn, proc);
        }
    }

    /// Starts a run beside the one that serves.
    pub(super) fn launch_successor(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        spec: Arc<AppSpec>,
    ) {
        let generation = self.take_generation();
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        let run = Run::new(generation, turn.now, spec.clone());
        instance.beside = Some(Beside { role: Role::Successor, run });
        let slot = instance.slot;
        let restarts = instance.restarts.saturating_add(1);
        self.owners.insert(generation, proc);
        turn.touch();
        self.publish(turn, proc, Some(generation), News::Launching);
        turn.act(Action::Spawn { proc, generation, slot, spec, restarts });
    }

    /// The successor has proved itself: it serves, and the old one goes.
    pub(super) fn promote(&mut self, turn: &mut Turn<'_>, proc: ProcId) {
        let adopts = self.is_replaced(proc);
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        let Some((new, old)) = instance.swap_runs() else {
            return;
        };
        instance.restarts = instance.restarts.saturating_add(1);
        if adopts {
            self.adopt(proc);
        }
        self.begin_anew(turn, proc);
        self.enter(turn, proc, new, Stage::Online);
        self.publish(turn, proc, Some(new), News::Online);
        self.publish(turn, proc, Some(new), News::Reloaded);
        self.retire_run(turn, proc, old);
    }

    /// The successor has failed. The old run serves on; nothing more of its app is begun.
    pub(super) fn replacement_failed(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        reason: FailureReason,
    ) {
        let replaced = self.is_replaced(proc);
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        let Some(beside) = &mut instance.beside else {
            return;
        };
        let generation = beside.run.generation;
        beside.role = Role::Failed(reason.clone());
        instance.memory_quiet_until = turn.now.mono.after(MEMORY_RETRY_MS);
        let app = instance.spec.name.clone();
        turn.touch();
        self.publish(turn, proc, Some(generation), News::ReloadFailed { reason });
        if replaced {
            self.withdraw_offer(proc);
            if let Some(rollout) = self.rollouts.get_mut(&app) {
                rollout.failed = true;
            }
            self.advance(turn, &app);
        }
    }

    /// The failed successor is gone.
    pub(super) fn replacement_over(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Generation,
        reason: &FailureReason,
    ) {
        self.rollout_failed(turn, proc, generation, reason);
        let Some(instance) = self.instances.get(&proc) else {
            return;
        };
        let app = instance.spec.name.clone();
        self.advance(turn, &app);
    }

    /// Looks whether a replacement is complete: the new run serves and the old one is gone.
    pub(super) fn replacement_through(&mut self, turn: &mut Turn<'_>, proc: ProcId) {
        let Some(instance) = self.instances.get(&proc) else {
            return;
        };
        let name = &instance.spec.name;
        let Some(rollout) = self.rollouts.get_mut(name) else {
            return;
        };
        if instance.beside.is_some() {
            return;
        }
        let app = name.clone();
        if instance.is_online() && rollout.under_way.remove(&proc) {
            turn.touch();
            self.settle(turn, proc, &[Goal::Replaced], &Ok(()));
        }
        self.advance(turn, &app);
    }

    /// An instance that was under way failed: nothing more of its app is begun.
    pub(super) fn rollout_failed(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Generation,
        reason: &FailureReason,
    ) {
        let Some(instance) = self.instances.get(&proc) else {
            return;
        };
        let app = instance.spec.name.clone();
        let Some(rollout) = self.rollouts.get_mut(&app) else {
            return;
        };
        if rollout.under_way.remove(&proc) {
            rollout.failed = true;
            turn.touch();
            self.withdraw_offer(proc);
            let failure = Err((reason.clone(), Some(generation)));
            self.settle(turn, proc, &[Goal::Replaced], &failure);
            self.advance(turn, &app);
        }
    }

    /// Another command decides over instances that a reload would have replaced. All leave before
    /// the reload goes on, or it would begin what is about to be overruled.
    pub(super) fn leave_rollouts(&mut self, turn: &mut Turn<'_>, procs: &[ProcId]) {
        let mut apps = BTreeSet::new();
        for proc in procs {
            let Some(instance) = self.instances.get(proc) else {
                continue;
            };
            let app = &instance.spec.name;
            let Some(rollout) = self.rollouts.get_mut(app) else {
                continue;
            };
            rollout.queue.retain(|queued| queued != proc);
            rollout.under_way.remove(proc);
            apps.insert(app.clone());
            turn.touch();
            self.withdraw_offer(*proc);
            self.overtake(turn, *proc, &[Goal::Replaced]);
        }
        for app in apps {
            self.advance(turn, &app);
        }
    }

    /// A supervisor that has died had begun to replace it.
    pub(super) fn begun_before(&mut self, turn: &mut Turn<'_>, proc: ProcId) {
        turn.touch();
        let name = self.instances.get(&proc).map(|instance| instance.spec.name.as_str());
        let Some(rollout) = name.and_then(|name| self.rollouts.get_mut(name)) else {
            return;
        };
        let queued = rollout.queue.len();
        rollout.queue.retain(|waits| *waits != proc);
        if rollout.queue.len() < queued {
            rollout.under_way.insert(proc);
        }
    }

    /// Whether a reload has begun to replace it.
    pub(super) fn is_replaced(&self, proc: ProcId) -> bool {
        self.instances
            .get(&proc)
            .and_then(|instance| self.rollouts.get(&instance.spec.name))
            .is_some_and(|rollout| rollout.under_way.contains(&proc))
    }

    /// Makes the spec that a reload offers an instance its own.
    pub(super) fn adopt(&mut self, proc: ProcId) {
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        if let Some(spec) = instance.offered.take() {
            instance.spec = spec;
        }
    }

    fn withdraw_offer(&mut self, proc: ProcId) {
        if let Some(instance) = self.instances.get_mut(&proc) {
            instance.offered = None;
        }
    }
}

impl Rollout {
    fn is_over(&self) -> bool {
        self.queue.is_empty() && self.under_way.is_empty()
    }
}

impl Instance {
    /// Makes the successor the serving run and the other the retired one; says which is which.
    fn swap_runs(&mut self) -> Option<(Generation, Generation)> {
        if self.beside.as_ref().is_none_or(|beside| beside.role != Role::Successor) {
            return None;
        }
        let new = self.beside.take()?.run;
        let new_generation = new.generation;
        self.started_at = Some(new.started_at);
        let old = self.current.replace(new)?;
        let old_generation = old.generation;
        self.beside = Some(Beside { role: Role::Retired, run: old });
        Some((new_generation, old_generation))
    }
}
