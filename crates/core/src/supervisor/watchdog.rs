//! Apps that promise to say at least so often that they live, and one that no longer does.

use super::Supervisor;
use super::deadlines::Timer;
use super::run::{Run, Stage};
use super::turn::Turn;
use crate::action::News;
use crate::id::{Generation, ProcId};
use crate::time::Mono;

impl Supervisor {
    /// An app lives. That changes nothing that a successor would have to know.
    pub(super) fn pulse(&mut self, now: Mono, proc: ProcId, generation: Generation) {
        let Some(run) = self.instances.get_mut(&proc).and_then(|it| it.run_mut(generation)) else {
            return;
        };
        if run.stage == Stage::Online && run.spec.ready.watchdog_ms.is_some() {
            let due = run.deadline(Stage::Online, now);
            let timer = Timer { proc, generation: Some(generation) };
            self.deadlines.move_to(timer, run.due, due);
            run.due = due;
        }
    }

    /// An app has not said in time that it lives: it is restarted, unless it is being replaced, which
    /// comes to the same. Then it keeps no deadline, until it says so or the reload is over.
    pub(super) fn missed(&mut self, turn: &mut Turn<'_>, proc: ProcId, generation: Generation) {
        let Some(instance) = self.instances.get(&proc) else {
            return;
        };
        let watchdog_ms = instance.run(generation).and_then(|run| run.spec.ready.watchdog_ms);
        let idle = instance.is_online() && instance.beside.is_none() && !self.is_replaced(proc);
        match watchdog_ms {
            Some(watchdog_ms) if idle && !self.shutting_down => {
                self.publish(turn, proc, Some(generation), News::WatchdogMissed { watchdog_ms });
                self.restart(turn, proc);
            }
            _ => {}
        }
    }

    /// Nothing is left of what stood beside the run that serves. When that has been silent for too
    /// long meanwhile it is not given more time.
    pub(super) fn missed_beside(&mut self, turn: &mut Turn<'_>, proc: ProcId) {
        let silent = |run: &&Run| {
            let watched = run.deadline(Stage::Online, turn.now.mono).is_some();
            run.stage == Stage::Online && watched && run.due.is_none()
        };
        let run = self.instances.get(&proc).and_then(|instance| instance.current.as_ref());
        if let Some(generation) = run.filter(silent).map(|run| run.generation) {
            self.missed(turn, proc, generation);
        }
    }
}
