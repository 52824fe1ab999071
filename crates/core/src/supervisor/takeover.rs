//! Taking up the work of a supervisor that has died.
//!
//! The table that is left may be older than what was last asked of the world: some of that was
//! carried out and some was not. What the world holds says which. Runs that it holds and the table
//! does not know are adopted, runs that it never got are asked for again, and what may have been
//! asked in vain and does no harm twice is asked again.

use super::Supervisor;
use super::deadlines::Timer;
use super::instance::{Instance, Phase, Then, Wanted};
use super::run::{Beside, Role, Run, Stage};
use super::turn::Turn;
use crate::action::{Action, News};
use crate::id::{Generation, ProcId};
use crate::signal::Signal;
use crate::spec::ExecMode;
use crate::time::Now;
use std::collections::BTreeMap;

impl Supervisor {
    /// Takes up the work of a supervisor that has died.
    ///
    /// `newest` is the newest generation that the world knows of, so that none is used while something
    /// of it is left. `held` is every run that the world has: those whose process lives or comes up, and those
    /// whose end or failure nobody has acted upon. The shell then tells what it finds, as events.
    /// For each of [`Self::runs`] that is held: `Spawned` where that is not known, then `Exited`,
    /// `SpawnFailed`, `Up`, `Listening`, `Ready` or `Disconnected` where it knows so. For each that
    /// is not held and had a process: `Exited`. Those that are not held and had none are asked for
    /// here. What is held and still is not one of [`Self::runs`] is to be ended: nobody wants it.
    pub fn after_restore(
        &mut self,
        now: Now,
        newest: Generation,
        held: &BTreeMap<Generation, ProcId>,
        out: &mut Vec<Action>,
    ) {
        let known = Generation(self.last_generation);
        self.last_generation = known.max(newest).0;
        self.pending.clear();
        let mut turn = Turn::new(now, out);
        for (generation, proc) in held.iter().filter(|(generation, _)| **generation > known) {
            self.adopt_run(&mut turn, *proc, *generation, held);
        }
        let claimed = |(proc, it): (&ProcId, &Instance)| (!it.claims.is_empty()).then_some(*proc);
        let claimed: Vec<ProcId> = self.instances.iter().filter_map(claimed).collect();
        for proc in claimed {
            if let Some(instance) = self.instances.get_mut(&proc) {
                instance.claims.clear();
            }
        }
        let runs: Vec<_> = self.owners.iter().map(|(run, proc)| (*proc, *run)).collect();
        for (proc, generation) in runs {
            // What it said meanwhile nobody has heard.
            self.pulse(now.mono, proc, generation);
            self.ask_again(&mut turn, proc, generation, held);
        }
        let apps: Vec<String> = self.rollouts.keys().cloned().collect();
        for app in apps {
            self.advance(&mut turn, &app);
        }
        self.check_quit(&mut turn);
        self.end_turn(turn);
    }

    /// Gives a run that the table does not know its place, if there is one.
    fn adopt_run(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Generation,
        held: &BTreeMap<Generation, ProcId>,
    ) {
        // It was started later than all that the table knows of the instance: what is not held any
        // more was over before.
        let ended = self.drop_runs_that_are_over(proc, held);
        let stays = !self.shutting_down;
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        let wanted = stays && instance.wanted == Wanted::Up;
        let mut run = Run::new(generation, turn.now, instance.spec.clone());
        if instance.current.is_none() {
            let counted = wanted && instance.launch_counts(ended);
            instance.restarts = instance.restarts.saturating_add(u32::from(counted));
            instance.started_at = Some(turn.now.wall);
            instance.error = None;
            let phase = if wanted {
                Phase::Running
            } else {
                // It is told to stop as soon as it is known to have a process.
                run.stage = Stage::Stopping;
                let gone = instance.wanted == Wanted::Gone;
                let then = if gone { Then::Remove } else { Then::Stop };
                Phase::Ending { then, asked: true }
            };
            instance.current = Some(run);
            self.owners.insert(generation, proc);
            self.set_phase(turn, proc, phase);
        } else if wanted && instance.takes_successor() {
            run.spec = instance.offered.clone().unwrap_or_else(|| instance.spec.clone());
            instance.beside = Some(Beside { role: Role::Successor, run });
            self.owners.insert(generation, proc);
            self.begun_before(turn, proc);
        } else {
            return;
        }
        self.publish(turn, proc, Some(generation), News::Launching);
    }

    /// Forgets the runs of an instance that the world does not hold. Returns whether the serving one
    /// was among them.
    fn drop_runs_that_are_over(
        &mut self,
        proc: ProcId,
        held: &BTreeMap<Generation, ProcId>,
    ) -> bool {
        let Some(instance) = self.instances.get_mut(&proc) else {
            return false;
        };
        let is_over = |run: &Run| !held.contains_key(&run.generation);
        let current = instance.current.take_if(|run| is_over(run));
        let beside = instance.beside.take_if(|beside| is_over(&beside.run));
        for run in current.iter().chain(beside.iter().map(|beside| &beside.run)) {
            let timer = Timer { proc, generation: Some(run.generation) };
            self.deadlines.move_to(timer, run.due, None);
            self.owners.remove(&run.generation);
        }
        if current.is_some() {
            let successor = instance.beside.take_if(|beside| beside.role == Role::Successor);
            instance.current = successor.map(|beside| beside.run);
        }
        current.is_some()
    }

    /// Asks the world again for what it may not have been told, or may not have done.
    fn ask_again(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Generation,
        held: &BTreeMap<Generation, ProcId>,
    ) {
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        let (slot, restarts) = (instance.slot, instance.restarts);
        let restarts = restarts.saturating_add(u32::from(!instance.is_current(generation)));
        let Some(run) = instance.run_mut(generation) else {
            return;
        };
        match run.stage {
            Stage::Sweeping => turn.act(Action::Sweep { proc, generation }),
            Stage::Draining => turn.act(Action::Drain { proc, generation }),
            // It does no harm twice. What asks to stop might.
            Stage::Killed | Stage::Outlived => {
                let (signal, scope) = (Signal::KILL, run.scope());
                turn.act(Action::Signal { proc, generation, signal, scope });
            }
            _ if run.pid.is_some() || held.contains_key(&generation) => {}
            Stage::Launching => {
                run.started = turn.now.mono;
                run.started_at = turn.now.wall;
                let spec = run.spec.clone();
                turn.touch();
                turn.act(Action::Spawn { proc, generation, slot, spec, restarts });
            }
            // It was to be stopped, and never was.
            _ => self.run_gone(turn, proc, generation),
        }
    }
}

impl Instance {
    /// Whether a run that takes the place of the last one counts as a restart.
    fn launch_counts(&self, ended: bool) -> bool {
        match &self.phase {
            Phase::Waiting { .. } => true,
            Phase::Running => ended,
            Phase::Ending { then: Then::Launch { counted }, .. } => *counted,
            Phase::Ending { then, .. } => matches!(then, Then::Wait { .. }),
            Phase::Stopped | Phase::Errored => false,
        }
    }

    /// Whether a run that came up beside the serving one is its successor.
    fn takes_successor(&self) -> bool {
        self.beside.is_none() && self.serves_as_worker() && self.spec.mode == ExecMode::Cluster
    }
}
