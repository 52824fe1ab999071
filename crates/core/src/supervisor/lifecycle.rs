//! How runs are started, stopped and let go of.

use super::Supervisor;
use super::answers::Goal;
use super::deadlines::Timer;
use super::instance::{Phase, Then, Wanted};
use super::run::{Role, Run, Stage};
use super::turn::Turn;
use crate::action::{Action, News};
use crate::id::{Generation, ProcId};
use crate::policy::restart::History;
use crate::signal::Signal;

/// The message that asks an app to stop, in PM2's word.
const SHUTDOWN: &str = "shutdown";

impl Supervisor {
    /// Starts the next run of an instance that has none.
    pub(super) fn launch(&mut self, turn: &mut Turn<'_>, proc: ProcId, counted: bool) {
        let generation = self.take_generation();
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        instance.restarts = instance.restarts.saturating_add(u32::from(counted));
        instance.error = None;
        instance.started_at = Some(turn.now.wall);
        let spec = instance.spec.clone();
        let restarts = instance.restarts;
        let slot = instance.slot;
        instance.current = Some(Run::new(generation, turn.now, spec.clone()));
        self.owners.insert(generation, proc);
        self.set_phase(turn, proc, Phase::Running);
        self.publish(turn, proc, Some(generation), News::Launching);
        turn.act(Action::Spawn { proc, generation, slot, spec, restarts });
    }

    /// Ends all runs of an instance, and then what `then` says: somebody asked for it.
    pub(super) fn wind_down(&mut self, turn: &mut Turn<'_>, proc: ProcId, then: Then) {
        let Some(instance) = self.instances.get(&proc) else {
            return;
        };
        let runs: Vec<Generation> = instance.runs().map(|run| run.generation).collect();
        if runs.is_empty() {
            return self.follow(turn, proc, then);
        }
        let is_news = !matches!(instance.phase, Phase::Ending { asked: true, .. });
        let current = instance.current.as_ref().map(|run| run.generation);
        self.set_phase(turn, proc, Phase::Ending { then, asked: true });
        if is_news {
            self.publish(turn, proc, current, News::Stopping);
        }
        for generation in runs {
            self.stop_run(turn, proc, generation, true);
        }
    }

    /// Asks a run to stop; with a signal, or with a message where that is wanted and `may_tell`.
    pub(super) fn stop_run(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Generation,
        may_tell: bool,
    ) {
        let Some(run) = self.run(proc, generation) else {
            return;
        };
        match run.stage {
            Stage::Launching | Stage::Online | Stage::Draining | Stage::Leaving => {
                // Without a process there is nobody to hear it; it is said when there is one.
                if run.pid.is_some() {
                    let tell = may_tell && run.spec.stop.with_message;
                    let signal = run.stop_signal();
                    self.ask_to_stop(turn, proc, generation, (!tell).then_some(signal));
                }
                self.enter(turn, proc, generation, Stage::Stopping);
            }
            Stage::Outlived => self.kill_run(turn, proc, generation),
            Stage::Stopping | Stage::Killed | Stage::Sweeping => {}
        }
    }

    /// Sends SIGKILL.
    pub(super) fn kill_run(&mut self, turn: &mut Turn<'_>, proc: ProcId, generation: Generation) {
        self.ask_to_stop(turn, proc, generation, Some(Signal::KILL));
        self.publish(turn, proc, Some(generation), News::Killed);
        self.enter(turn, proc, generation, Stage::Killed);
    }

    /// Lets a cluster worker finish its connections and go.
    pub(super) fn retire_run(&mut self, turn: &mut Turn<'_>, proc: ProcId, generation: Generation) {
        let Some(run) = self.run(proc, generation) else {
            return;
        };
        if run.spec.stop.with_message {
            self.ask_to_stop(turn, proc, generation, None);
        }
        turn.act(Action::Drain { proc, generation });
        self.publish(turn, proc, Some(generation), News::Draining);
        self.enter(turn, proc, generation, Stage::Draining);
    }

    /// Nothing of a run is left: forgets it and goes on with its instance.
    pub(super) fn run_gone(&mut self, turn: &mut Turn<'_>, proc: ProcId, generation: Generation) {
        let Some(run) = self.run(proc, generation) else {
            return;
        };
        let timer = Timer { proc, generation: Some(generation) };
        self.deadlines.move_to(timer, run.due, None);
        self.owners.remove(&generation);
        turn.touch();
        turn.act(Action::Forget { proc, generation });
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        let mut role = None;
        if instance.is_current(generation) {
            instance.current = None;
        } else {
            role = instance.beside.take().map(|beside| beside.role);
        }
        if let Phase::Ending { then, asked } = &instance.phase
            && instance.current.is_none()
            && (instance.beside.is_none() || !asked)
        {
            let then = then.clone();
            self.follow(turn, proc, then);
        }
        match role {
            Some(Role::Failed(reason)) => self.replacement_over(turn, proc, generation, &reason),
            Some(Role::Successor | Role::Retired) | None => self.replacement_through(turn, proc),
        }
        self.missed_beside(turn, proc);
        self.check_quit(turn);
    }

    /// Does what follows when an instance has no run any more.
    fn follow(&mut self, turn: &mut Turn<'_>, proc: ProcId, then: Then) {
        match then {
            Then::Launch { counted } => self.launch(turn, proc, counted),
            Then::Wait { until } if until <= turn.now.mono => self.launch(turn, proc, true),
            Then::Wait { until } => self.set_phase(turn, proc, Phase::Waiting { until }),
            Then::Stop => {
                self.set_phase(turn, proc, Phase::Stopped);
                if let Some(instance) = self.instances.get_mut(&proc) {
                    instance.error = None;
                }
                self.publish(turn, proc, None, News::Stopped);
                self.rest(turn, proc);
                self.settle(turn, proc, &[Goal::Down], &Ok(()));
            }
            Then::Fail(reason) => {
                self.set_phase(turn, proc, Phase::Errored);
                if let Some(instance) = self.instances.get_mut(&proc) {
                    instance.error = Some(reason.clone());
                }
                self.publish(turn, proc, None, News::Errored { reason });
                self.rest(turn, proc);
            }
            Then::Remove => self.remove(turn, proc),
        }
    }

    /// An instance has no run and will get none.
    fn rest(&self, turn: &mut Turn<'_>, proc: ProcId) {
        if let Some(instance) = self.instances.get(&proc) {
            turn.rests(&instance.spec.name);
        }
    }

    /// Ends a step. Lets go of the sockets of apps that nobody will serve: clients are to be refused
    /// rather than to wait for ever.
    pub(super) fn end_turn(&self, mut turn: Turn<'_>) {
        for name in turn.take_resting() {
            let members = self.apps.get(&name).into_iter().flatten();
            let mut members = members.filter_map(|proc| self.instances.get(proc));
            if members.all(|member| !member.is_alive() && member.runs().next().is_none()) {
                turn.act(Action::AppGone { name });
            }
        }
        turn.finish();
    }

    fn remove(&mut self, turn: &mut Turn<'_>, proc: ProcId) {
        self.set_phase(turn, proc, Phase::Stopped);
        self.publish(turn, proc, None, News::Deleted);
        self.settle(turn, proc, &[Goal::Down, Goal::Gone], &Ok(()));
        let Some(instance) = self.instances.remove(&proc) else {
            return;
        };
        let name = &instance.spec.name;
        if let Some(members) = self.apps.get_mut(name) {
            members.remove(&proc);
            if members.is_empty() {
                self.apps.remove(name);
            }
        }
        turn.rests(name);
        if self.instances.is_empty() {
            self.next_proc = 0;
        }
    }

    /// Moves a run to `stage`, and its deadline with it.
    pub(super) fn enter(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Generation,
        stage: Stage,
    ) {
        let Some(run) = self.instances.get_mut(&proc).and_then(|entry| entry.run_mut(generation))
        else {
            return;
        };
        let due = run.deadline(stage, turn.now.mono);
        let timer = Timer { proc, generation: Some(generation) };
        self.deadlines.move_to(timer, run.due, due);
        run.stage = stage;
        run.due = due;
        turn.touch();
    }

    /// Moves an instance to `phase`, and its deadline with it.
    pub(super) fn set_phase(&mut self, turn: &mut Turn<'_>, proc: ProcId, phase: Phase) {
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        let timer = Timer { proc, generation: None };
        self.deadlines.move_to(timer, instance.phase.due(), phase.due());
        instance.phase = phase;
        turn.touch();
    }

    /// Begins a new series of runs, as somebody asked for it.
    pub(super) fn begin_anew(&mut self, turn: &mut Turn<'_>, proc: ProcId) {
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        instance.wanted = Wanted::Up;
        instance.history = History::default();
        instance.created_at = turn.now.wall;
        turn.touch();
    }

    /// Ends what runs and starts anew; starts what does not run.
    pub(super) fn restart(&mut self, turn: &mut Turn<'_>, proc: ProcId) {
        let Some(instance) = self.instances.get(&proc) else {
            return;
        };
        let counted = instance.restart_counts();
        self.begin_anew(turn, proc);
        self.wind_down(turn, proc, Then::Launch { counted });
    }

    /// Asks with a signal, or with the message.
    fn ask_to_stop(
        &self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        generation: Generation,
        signal: Option<Signal>,
    ) {
        let Some(run) = self.run(proc, generation) else {
            return;
        };
        let scope = run.scope();
        turn.act(match signal {
            Some(signal) => Action::Signal { proc, generation, signal, scope },
            None => Action::Message { proc, generation, text: SHUTDOWN.to_owned() },
        });
    }

    /// The run of that generation.
    pub(super) fn run(&self, proc: ProcId, generation: Generation) -> Option<&Run> {
        self.instances.get(&proc)?.run(generation)
    }
}
