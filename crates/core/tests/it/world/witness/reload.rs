//! The laws of reloads: what serves goes on serving until another can.

use super::Witness;
use super::account::RunAccount;
use rpm_core::spec::ExecMode;
use rpm_core::{Action, Command, Event, Existing, Generation, ProcId, ScaleTo, Status, Supervisor};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of the reloads of each app.
#[derive(Default)]
pub(super) struct Rollouts {
    parallel: BTreeMap<String, usize>,
    failed: BTreeSet<String>,
    /// Apps that have had reloads for memory, which nobody asked for and which count apart.
    memory: BTreeSet<String>,
}

impl Rollouts {
    /// A command was not refused.
    pub(super) fn asked(&mut self, before: &Supervisor, command: &Command) {
        let (names, parallel) = match command {
            Command::Apply { apps, parallel, existing } => {
                let reloads = *existing == Existing::Reload;
                let names: Vec<String> = apps.iter().map(|app| app.name.clone()).collect();
                (names, reloads.then_some(*parallel))
            }
            Command::Reload { targets, parallel, .. } => {
                let procs = targets.iter().flat_map(|target| before.resolve(target).unwrap());
                let name = |proc| before.instance(proc).unwrap().spec.name.clone();
                (procs.map(name).collect(), Some(*parallel))
            }
            _ => return,
        };
        for name in names {
            self.failed.remove(&name);
            if let Some(parallel) = parallel {
                let most = parallel.map_or(2, |parallel| parallel.max(1) as usize);
                self.parallel.insert(name, most);
            }
        }
    }

    /// A run was started.
    pub(super) fn spawned(&self, app: &str, run: &RunAccount) {
        let goes_on =
            run.serving_before.is_some() && self.failed.contains(app) && !self.memory.contains(app);
        assert!(!goes_on, "{app} has failed to reload, and {} is begun", run.proc);
    }

    /// A successor failed.
    pub(super) fn failed(&mut self, app: &str) {
        if !self.memory.contains(app) {
            self.failed.insert(app.to_owned());
        }
    }

    /// Files have changed of an app that is reloaded for that.
    pub(super) fn files_changed(&mut self, app: &str) {
        self.failed.remove(app);
        self.parallel.insert(app.to_owned(), 2);
    }

    /// An app is above its memory limit.
    pub(super) fn memory(&mut self, app: &str) {
        self.memory.insert(app.to_owned());
    }

    /// Never more instances of an app are being replaced than were allowed.
    pub(super) fn check(&self, runs: &BTreeMap<Generation, RunAccount>, table: &Supervisor) {
        let mut replaced: BTreeMap<&str, BTreeSet<ProcId>> = BTreeMap::new();
        for run in runs.values().filter(|run| !run.is_over() && !run.killed) {
            let Some(old) = run.serving_before.and_then(|old| runs.get(&old)) else {
                continue;
            };
            let up = table
                .instance(run.proc)
                .is_some_and(|view| matches!(view.status, Status::Online | Status::Launching));
            if up && !old.is_over() && !old.killed {
                replaced.entry(&run.spec.name).or_default().insert(run.proc);
            }
        }
        for (app, procs) in replaced {
            let most = self.parallel.get(app).copied().unwrap_or(0);
            let counts = !self.memory.contains(app);
            assert!(!counts || procs.len() <= most, "{app}: {procs:?} at once, of {most}");
        }
    }
}

impl Witness {
    /// A cluster worker that serves is not stopped by a reload.
    pub(super) fn keeps_serving(
        &self,
        event: &Event,
        action: &Action,
        proc: ProcId,
        generation: Generation,
        before: &Supervisor,
        after: &Supervisor,
    ) {
        let stops = matches!(action, Action::Signal { .. } | Action::Message { .. });
        let Some(view) = before.instance(proc) else {
            return;
        };
        let serves = view.generation == Some(generation) && view.status == Status::Online;
        let run = &self.runs[&generation];
        if !stops || !serves || run.hangs || is_told_to(event) {
            return;
        }
        let stays = after.instance(proc).is_some_and(|it| it.spec.mode == ExecMode::Cluster);
        // With a message a worker is told to shut down just before it is drained.
        let drained = after.instance(proc).is_some_and(|it| it.generation != Some(generation));
        let retired = run.spec.stop.with_message && drained;
        assert!(!run.is_cluster() || !stays || retired, "{generation} of {proc} served: {event:?}");
    }

    /// A worker is drained only when another is fit to take over, or when it is one too many.
    pub(super) fn may_drain(
        &mut self,
        now: u64,
        event: &Event,
        action: &Action,
        proc: ProcId,
        generation: Generation,
    ) {
        if !matches!(action, Action::Drain { .. }) || is_surplus(event) {
            return;
        }
        if self.runs[&generation].drained {
            // A supervisor that has taken over says it again.
            return;
        }
        let old = &self.runs[&generation];
        let successor = self.runs.iter().find(|(newer, run)| {
            **newer > generation && run.proc == proc && !run.is_over() && run.pid
        });
        let Some((newer, new)) = successor else {
            panic!("{generation} of {proc} is drained, and nothing serves");
        };
        let (shown, as_good) = if new.spec.ready.wait {
            (new.ready, old.spec.ready.wait && !old.ready)
        } else {
            (new.listened, !old.listened)
        };
        let fit = shown || as_good && new.is_late(now);
        assert!(fit, "{newer} takes over from {generation}, unfit: {new:?} {old:?}");
        let newer = *newer;
        self.runs.get_mut(&generation).unwrap().replaced = Some(newer);
    }
}

/// Whether a client asked for something else than a reload, or something that restarts has happened.
fn is_told_to(event: &Event) -> bool {
    match event {
        Event::Scheduled { .. } | Event::FilesChanged { .. } => true,
        Event::Command { command, .. } => !matches!(command, Command::Reload { .. }),
        _ => false,
    }
}

/// Whether a client asked for fewer instances.
fn is_surplus(event: &Event) -> bool {
    match event {
        Event::Command { command, .. } => {
            let fewer =
                matches!(command, Command::Scale { to: ScaleTo::Exactly(_) | ScaleTo::By(_), .. });
            fewer || matches!(command, Command::Apply { .. })
        }
        _ => false,
    }
}
