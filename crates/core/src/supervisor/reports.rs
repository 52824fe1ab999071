//! What runs show while they live, and what is due.

use super::Supervisor;
use super::answers::Goal;
use super::instance::Phase;
use super::run::{Beside, Role, Run, Stage};
use super::turn::Turn;
use crate::action::{Change, FailureReason, News};
use crate::id::{Generation, ProcId};
use crate::spec::ExecMode;

impl Supervisor {
    /// A run has a process.
    pub(super) fn spawned(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Generation,
        pid: u32,
    ) {
        let Some(run) = self.run_mut(proc, generation) else {
            return;
        };
        if run.pid.is_some() || run.stage == Stage::Sweeping {
            return;
        }
        run.pid = Some(pid);
        let stage = run.stage;
        self.publish(turn, proc, Some(generation), News::Spawned { pid });
        // Its time begins now.
        self.enter(turn, proc, generation, stage);
        match stage {
            Stage::Stopping => {
                // It was to be stopped before it had a process.
                self.enter(turn, proc, generation, Stage::Launching);
                self.stop_run(turn, proc, generation, true);
            }
            _ => self.check_up(turn, proc, generation),
        }
    }

    /// A run has shown one of the signs of life.
    pub(super) fn showed(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Generation,
        sign: impl FnOnce(&mut Run) -> &mut bool,
    ) {
        let Some(run) = self.run_mut(proc, generation) else {
            return;
        };
        if !std::mem::replace(sign(run), true) {
            turn.touch();
            self.check_up(turn, proc, generation);
        }
    }

    /// The app said `ready`. Said too late it changes nothing: that it was late is what the next
    /// reload has to know.
    pub(super) fn ready(&mut self, turn: &mut Turn<'_>, proc: ProcId, generation: Generation) {
        if self.run(proc, generation).is_some_and(|run| run.stage == Stage::Launching) {
            self.showed(turn, proc, generation, |run| &mut run.ready);
        }
    }

    /// The channel is closed; that matters when it was to be closed.
    pub(super) fn disconnected(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Generation,
    ) {
        let Some(run) = self.run(proc, generation) else {
            return;
        };
        // What was told to shut down has until the end of its time to do so.
        if run.stage == Stage::Draining && !run.spec.stop.with_message {
            self.enter(turn, proc, generation, Stage::Leaving);
        }
    }

    /// The memory of a run's tree.
    pub(super) fn sampled(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Generation,
        memory: u64,
    ) {
        let Some(instance) = self.instances.get(&proc) else {
            return;
        };
        let Some(limit) = instance.spec.max_memory else {
            return;
        };
        let now = turn.now.mono;
        let idle = instance.is_online() && instance.beside.is_none() && !self.is_replaced(proc);
        if memory <= limit
            || !idle
            || self.shutting_down
            || !instance.is_current(generation)
            || now < instance.memory_quiet_until
        {
            return;
        }
        let worker = instance.serves_as_worker() && instance.spec.mode == ExecMode::Cluster;
        let news = News::MemoryExceeded { memory, limit };
        if worker {
            let spec = instance.spec.clone();
            self.publish(turn, proc, Some(generation), news);
            self.launch_successor(turn, proc, spec);
        } else {
            self.publish(turn, proc, Some(generation), news);
            self.restart(turn, proc);
        }
    }

    /// Handles everything that is due.
    pub(super) fn woke(&mut self, turn: &mut Turn<'_>) {
        while let Some(timer) = self.deadlines.pop_due(turn.now.mono) {
            match timer.generation {
                Some(generation) => self.time_is_over(turn, timer.proc, generation),
                None => self.launch(turn, timer.proc, true),
            }
        }
    }

    fn time_is_over(&mut self, turn: &mut Turn<'_>, proc: ProcId, generation: Generation) {
        let Some(run) = self.run_mut(proc, generation) else {
            return;
        };
        // It is taken already.
        run.due = None;
        match run.stage {
            Stage::Launching => self.waited_long_enough(turn, proc, generation),
            Stage::Draining | Stage::Leaving => self.stop_run(turn, proc, generation, false),
            Stage::Stopping => self.kill_run(turn, proc, generation),
            Stage::Killed => self.outlived(turn, proc, generation),
            Stage::Online => self.missed(turn, proc, generation),
            Stage::Outlived | Stage::Sweeping => {}
        }
    }

    fn waited_long_enough(&mut self, turn: &mut Turn<'_>, proc: ProcId, generation: Generation) {
        let Some(instance) = self.instances.get(&proc) else {
            return;
        };
        let Some(run) = instance.run(generation) else {
            return;
        };
        let waited_ms = run.spec.ready.timeout_ms;
        let wait = run.spec.ready.wait;
        if instance.is_current(generation) {
            if wait {
                self.publish(turn, proc, Some(generation), News::ReadyTimeout);
                self.counts_as_unready(proc);
            }
            self.come_up(turn, proc, generation);
        } else if instance.current.as_ref().is_some_and(|old| run.is_as_good_as(old)) {
            self.promote(turn, proc);
        } else {
            self.replacement_failed(turn, proc, FailureReason::NotReady { waited_ms });
            self.stop_run(turn, proc, generation, false);
        }
    }

    /// Whoever waits for it is told that it was not ready in time.
    fn counts_as_unready(&mut self, proc: ProcId) {
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        for claim in &mut instance.claims {
            if claim.goal == Goal::Up {
                claim.change = Change::StartedUnready;
            }
        }
    }

    /// Looks whether a run is now up, and what that changes.
    fn check_up(&mut self, turn: &mut Turn<'_>, proc: ProcId, generation: Generation) {
        let Some(instance) = self.instances.get(&proc) else {
            return;
        };
        let Some(run) = instance.run(generation) else {
            return;
        };
        if run.stage != Stage::Launching {
            return;
        }
        if instance.is_current(generation) {
            if run.is_up() {
                self.come_up(turn, proc, generation);
            }
        } else if run.can_take_over() {
            self.promote(turn, proc);
        }
    }

    /// The only run of an instance is up.
    fn come_up(&mut self, turn: &mut Turn<'_>, proc: ProcId, generation: Generation) {
        self.enter(turn, proc, generation, Stage::Online);
        if self.is_replaced(proc) {
            self.adopt(proc);
            self.begin_anew(turn, proc);
        }
        self.publish(turn, proc, Some(generation), News::Online);
        self.settle(turn, proc, &[Goal::Up], &Ok(()));
        self.replacement_through(turn, proc);
    }

    /// SIGKILL did not end it (a system call that cannot be interrupted). Its exit is still waited
    /// for; whoever waits is told now.
    fn outlived(&mut self, turn: &mut Turn<'_>, proc: ProcId, generation: Generation) {
        self.enter(turn, proc, generation, Stage::Outlived);
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        let failure = match &instance.beside {
            Some(Beside { role: Role::Failed(reason), run }) if run.generation == generation => {
                reason.clone()
            }
            _ => FailureReason::Unkillable,
        };
        let serves = instance.phase == Phase::Running;
        self.rollout_failed(turn, proc, generation, &failure);
        if !serves {
            self.given_up(turn, proc, generation, "outlived SIGKILL");
            let goals = [Goal::Up, Goal::Down, Goal::Gone, Goal::Replaced];
            self.settle(turn, proc, &goals, &Err((FailureReason::Unkillable, Some(generation))));
        }
        self.check_quit(turn);
    }

    fn given_up(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Generation,
        reason: &str,
    ) {
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        instance.error = Some(reason.to_owned());
        let news = News::Errored { reason: reason.to_owned() };
        self.publish(turn, proc, Some(generation), news);
    }

    /// The run of that generation.
    fn run_mut(&mut self, proc: ProcId, generation: Generation) -> Option<&mut Run> {
        self.instances.get_mut(&proc)?.run_mut(generation)
    }
}
