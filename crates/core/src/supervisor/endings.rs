//! Runs that end, and what follows.

use super::Supervisor;
use super::answers::Goal;
use super::instance::{Instance, Phase, Then};
use super::run::{Beside, Role, Run, Stage};
use super::turn::Turn;
use crate::action::{Action, FailureReason, News};
use crate::event::{Ending, SpawnError};
use crate::id::{Generation, ProcId};
use crate::policy::restart::{self, Verdict};
use crate::policy::spawn;
use crate::spec::RestartPolicy;
use crate::time::Mono;

impl Supervisor {
    /// The main process of a run is gone.
    pub(super) fn exited(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Generation,
        how: Ending,
    ) {
        let Some(run) = self.run(proc, generation) else {
            return;
        };
        if run.stage == Stage::Sweeping {
            return;
        }
        let was = run.stage;
        let treekill = run.spec.stop.treekill;
        let reason = run.ended_early(how, turn.now.mono);
        let lived_ms = turn.now.mono.since(run.started);
        let fails = restart::is_failure(&run.spec.restart, how);
        let crashed = fails && self.is_wanted(proc, generation);
        self.publish(turn, proc, Some(generation), News::Exited { how, crashed, lived_ms });
        self.enter(turn, proc, generation, Stage::Sweeping);
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        let is_current = instance.is_current(generation);
        if is_current {
            instance.last_exit = Some(how);
        }
        if instance.phase == Phase::Running {
            if is_current {
                self.current_ended(turn, proc, was, how, reason);
            } else if was == Stage::Launching {
                self.replacement_failed(turn, proc, reason);
            }
        }
        if treekill {
            turn.act(Action::Sweep { proc, generation });
        } else {
            self.run_gone(turn, proc, generation);
        }
    }

    /// Whether a run serves or comes up, and nobody has asked it to end.
    fn is_wanted(&self, proc: ProcId, generation: Generation) -> bool {
        let comes_up = |instance: &Instance| {
            instance.run(generation).is_some_and(|run| run.stage == Stage::Launching)
        };
        self.instances.get(&proc).is_some_and(|instance| {
            instance.phase == Phase::Running
                && (instance.is_current(generation) || comes_up(instance))
        })
    }

    /// Nothing of a run's tree is left.
    pub(super) fn swept(&mut self, turn: &mut Turn<'_>, proc: ProcId, generation: Generation) {
        if self.run(proc, generation).is_some_and(|run| run.stage == Stage::Sweeping) {
            self.run_gone(turn, proc, generation);
        }
    }

    /// A run never had a process.
    pub(super) fn spawn_failed(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Generation,
        error: &SpawnError,
    ) {
        let Some(instance) = self.instances.get(&proc) else {
            return;
        };
        let Some(run) = instance.run(generation) else {
            return;
        };
        if run.pid.is_some() || run.stage == Stage::Sweeping {
            return;
        }
        let (running, launching) =
            (instance.phase == Phase::Running, run.stage == Stage::Launching);
        let is_current = instance.is_current(generation);
        let news = News::SpawnFailed { error: error.clone() };
        self.publish(turn, proc, Some(generation), news);
        let reason = FailureReason::Spawn { error: error.clone() };
        if running && is_current {
            let then = self.after_spawn_failure(turn.now.mono, proc, error);
            self.end_by_itself(turn, proc, then, generation, reason);
        } else if running && launching {
            self.replacement_failed(turn, proc, reason);
        }
        self.run_gone(turn, proc, generation);
    }

    /// The run that served or came up ended by itself.
    fn current_ended(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        was: Stage,
        how: Ending,
        reason: FailureReason,
    ) {
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        if instance.successor_steps_in() {
            return;
        }
        let Some(run) = &instance.current else { return };
        let generation = run.generation;
        let lived_ms = turn.now.mono.since(run.started);
        let policy = &instance.spec.restart;
        let (verdict, history) = restart::judge(policy, instance.history, lived_ms, how);
        instance.history = history;
        let then = follows(verdict, turn.now.mono, || {
            let RestartPolicy { max_restarts, min_uptime_ms, .. } = policy;
            match max_restarts {
                0 => format!("ended ({how}), and max_restarts is 0"),
                n => format!("{n} runs in a row ended within {min_uptime_ms} ms, the last: {how}"),
            }
        });
        let rolls_back = matches!(&instance.beside, Some(Beside { role: Role::Failed(_), .. }));
        if was == Stage::Launching {
            return self.end_by_itself(turn, proc, then, generation, reason);
        }
        self.go_on_after(turn, proc, then, generation);
        // A reload whose new run has failed already fails for that.
        if !rolls_back {
            self.rollout_failed(turn, proc, generation, &reason);
        }
    }

    /// The run that came up ended before it was up; whoever waits for it is told at once.
    fn end_by_itself(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        then: Then,
        generation: Generation,
        reason: FailureReason,
    ) {
        self.go_on_after(turn, proc, then, generation);
        self.rollout_failed(turn, proc, generation, &reason);
        self.settle(turn, proc, &[Goal::Up], &Err((reason, Some(generation))));
    }

    fn go_on_after(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        then: Then,
        generation: Generation,
    ) {
        if let Then::Wait { until } = then {
            let delay_ms = until.since(turn.now.mono);
            self.publish(turn, proc, Some(generation), News::Waiting { delay_ms });
        }
        self.set_phase(turn, proc, Phase::Ending { then, asked: false });
    }

    /// A lasting error is the end; else it counts as an unstable run.
    fn after_spawn_failure(&mut self, now: Mono, proc: ProcId, error: &SpawnError) -> Then {
        let said = spawn::describe(error);
        let Some(instance) = self.instances.get_mut(&proc) else {
            return Then::Fail(said);
        };
        if spawn::is_lasting(error) {
            return Then::Fail(said);
        }
        let policy = &instance.spec.restart;
        let (verdict, history) = restart::judge(policy, instance.history, 0, Ending::Unknown);
        instance.history = history;
        match verdict {
            Verdict::Stop | Verdict::GiveUp => Then::Fail(said),
            Verdict::Again { delay_ms } => {
                Then::Wait { until: now.after(delay_ms.max(spawn::RETRY_MS)) }
            }
        }
    }
}

impl Instance {
    /// When the serving run ends while its successor comes up, that one is now the only hope; the
    /// ended one is swept beside it.
    fn successor_steps_in(&mut self) -> bool {
        let comes_up = |beside: &Beside| {
            beside.role == Role::Successor && beside.run.stage == Stage::Launching
        };
        if !self.beside.as_ref().is_some_and(comes_up) {
            return false;
        }
        let successor: Option<Run> = self.beside.take().map(|beside| beside.run);
        self.started_at = successor.as_ref().map(|run| run.started_at);
        let ended = std::mem::replace(&mut self.current, successor);
        self.beside = ended.map(|run| Beside { role: Role::Retired, run });
        self.restarts = self.restarts.saturating_add(1);
        true
    }
}

fn follows(verdict: Verdict, now: Mono, reason: impl FnOnce() -> String) -> Then {
    match verdict {
        Verdict::Stop => Then::Stop,
        Verdict::GiveUp => Then::Fail(reason()),
        Verdict::Again { delay_ms: 0 } => Then::Launch { counted: true },
        Verdict::Again { delay_ms } => Then::Wait { until: now.after(delay_ms) },
    }
}
