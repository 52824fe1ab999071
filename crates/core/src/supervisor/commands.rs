//! What clients ask for, apart from new apps, reloads and scales.

use super::Supervisor;
use super::answers::Goal;
use super::edit::{Edit, Edited};
use super::instance::{Phase, Then, Wanted};
use super::run::Stage;
use super::turn::Turn;
use crate::action::{Action, Change, Outcome, Refusal, Scope};
use crate::event::Command;
use crate::id::{CommandId, Generation, ProcId};
use crate::select::Target;
use crate::signal::Signal;
use crate::spec::AppSpec;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Supervisor {
    /// Takes a command: refuses it whole, or begins all of it.
    pub(super) fn command(&mut self, turn: &mut Turn<'_>, id: CommandId, command: Command) {
        if self.shutting_down {
            let refusal = Refusal::ShuttingDown;
            return turn.answer(id, Outcome::Refused { refusal });
        }
        self.take_command(turn, id, |table, turn| match command {
            Command::Apply { apps, existing, parallel } => {
                table.apply(turn, id, apps, existing, parallel)
            }
            Command::Start { targets, env, settings } => {
                let edit = Edit { env: env.as_ref(), settings: &settings };
                table.start(turn, id, &targets, edit)
            }
            Command::Stop { targets, settings } => {
                let edit = Edit { env: None, settings: &settings };
                table.stop(turn, id, &targets, edit)
            }
            Command::Restart { targets, env, settings } => {
                let edit = Edit { env: env.as_ref(), settings: &settings };
                table.restart_all(turn, id, &targets, edit)
            }
            Command::Reload { targets, env, settings, parallel } => {
                let edit = Edit { env: env.as_ref(), settings: &settings };
                table.reload(turn, id, &targets, edit, parallel)
            }
            Command::Delete { targets } => table.delete(turn, id, &targets),
            Command::Scale { name, to } => table.scale(turn, id, &name, to),
            Command::Adjust { targets, settings } => {
                let edit = Edit { env: None, settings: &settings };
                table.adjust(turn, id, &targets, edit)
            }
            Command::Reset { targets } => table.reset(turn, id, &targets),
            Command::Signal { targets, signal } => table.signal(turn, id, &targets, signal),
            Command::Shutdown => {
                table.shut_down(turn, id);
                Ok(())
            }
        });
    }

    fn start(
        &mut self,
        turn: &mut Turn<'_>,
        id: CommandId,
        targets: &[Target],
        edit: Edit<'_>,
    ) -> Result<(), Refusal> {
        let procs = self.select(targets)?;
        self.edit(turn, &procs, edit)?;
        for proc in procs {
            let alive = self.instances.get(&proc).is_some_and(|instance| {
                matches!(instance.phase, Phase::Running | Phase::Ending { .. })
                    && instance.is_alive()
            });
            let change = if alive { Change::Restarted } else { Change::Started };
            self.start_again(turn, id, proc, change);
        }
        Ok(())
    }

    fn restart_all(
        &mut self,
        turn: &mut Turn<'_>,
        id: CommandId,
        targets: &[Target],
        edit: Edit<'_>,
    ) -> Result<(), Refusal> {
        let procs = self.select(targets)?;
        self.edit(turn, &procs, edit)?;
        for proc in procs {
            self.start_again(turn, id, proc, Change::Restarted);
        }
        Ok(())
    }

    /// Restarts what runs and starts what does not, for a command that waits until it is up. No
    /// reload may hold it any more.
    pub(super) fn start_again(
        &mut self,
        turn: &mut Turn<'_>,
        id: CommandId,
        proc: ProcId,
        change: Change,
    ) {
        self.overtake(turn, proc, &[Goal::Down]);
        self.claim(proc, id, Goal::Up, change);
        self.restart(turn, proc);
    }

    fn reload(
        &mut self,
        turn: &mut Turn<'_>,
        id: CommandId,
        targets: &[Target],
        edit: Edit<'_>,
        parallel: Option<u32>,
    ) -> Result<(), Refusal> {
        let procs = self.select(targets)?;
        let mut apps: BTreeMap<String, Vec<ProcId>> = BTreeMap::new();
        for proc in procs {
            if let Some(instance) = self.instances.get(&proc) {
                apps.entry(instance.spec.name.clone()).or_default().push(proc);
            }
        }
        self.refuse_reload_under_way(apps.keys().map(String::as_str))?;
        if let Some(to) = edit.new_name() {
            // What is reloaded may fail, and would have one name and be known by another.
            let name = apps.keys().next().cloned().unwrap_or_default();
            return Err(Refusal::NotRenamed { name, to: to.to_owned(), taken: false });
        }
        let mut edited = Edited::default();
        for (app, procs) in &apps {
            let specs: Vec<Arc<AppSpec>> = procs
                .iter()
                .filter_map(|proc| Some(edited.spec(&self.instances.get(proc)?.spec, edit)))
                .collect();
            self.reload_app(turn, id, app, procs.iter().copied().zip(specs), parallel);
        }
        Ok(())
    }

    /// Reloads instances of one app, each with the spec given with it.
    pub(super) fn reload_app(
        &mut self,
        turn: &mut Turn<'_>,
        id: CommandId,
        app: &str,
        offers: impl Iterator<Item = (ProcId, Arc<AppSpec>)>,
        parallel: Option<u32>,
    ) {
        let mut procs = Vec::new();
        for (proc, spec) in offers {
            if let Some(instance) = self.instances.get_mut(&proc) {
                instance.offered = Some(spec);
                procs.push(proc);
            }
            self.overtake(turn, proc, &[Goal::Down]);
            self.claim(proc, id, Goal::Replaced, Change::Reloaded);
        }
        self.begin_rollout(turn, app, &procs, parallel);
    }

    /// Two reloads of one app at a time would undo each other.
    pub(super) fn refuse_reload_under_way<'a>(
        &self,
        mut apps: impl Iterator<Item = &'a str>,
    ) -> Result<(), Refusal> {
        match apps.find(|app| self.rollouts.contains_key(*app)) {
            Some(name) => Err(Refusal::ReloadUnderWay { name: name.to_owned() }),
            None => Ok(()),
        }
    }

    fn stop(
        &mut self,
        turn: &mut Turn<'_>,
        id: CommandId,
        targets: &[Target],
        edit: Edit<'_>,
    ) -> Result<(), Refusal> {
        let procs = self.select_any(targets)?;
        self.edit(turn, &procs, edit)?;
        for proc in procs {
            self.overtake(turn, proc, &[Goal::Up]);
            let Some(instance) = self.instances.get_mut(&proc) else {
                continue;
            };
            if instance.wanted != Wanted::Gone {
                instance.wanted = Wanted::Down;
            }
            turn.touch();
            let no_run = instance.runs().next().is_none();
            if no_run && matches!(instance.phase, Phase::Stopped | Phase::Errored) {
                instance.error = None;
                self.set_phase(turn, proc, Phase::Stopped);
                self.note(proc, id, Change::AlreadyStopped);
                continue;
            }
            let then = if instance.wanted == Wanted::Gone { Then::Remove } else { Then::Stop };
            self.claim(proc, id, Goal::Down, Change::Stopped);
            self.wind_down(turn, proc, then);
        }
        Ok(())
    }

    fn delete(
        &mut self,
        turn: &mut Turn<'_>,
        id: CommandId,
        targets: &[Target],
    ) -> Result<(), Refusal> {
        let procs = self.select_any(targets)?;
        self.leave_rollouts(turn, &procs);
        for proc in procs {
            self.delete_one(turn, id, proc);
        }
        Ok(())
    }

    /// Stops and forgets one instance that no reload holds any more.
    pub(super) fn delete_one(&mut self, turn: &mut Turn<'_>, id: CommandId, proc: ProcId) {
        self.overtake(turn, proc, &[Goal::Up]);
        self.claim(proc, id, Goal::Gone, Change::Deleted);
        if let Some(instance) = self.instances.get_mut(&proc) {
            instance.wanted = Wanted::Gone;
        }
        self.wind_down(turn, proc, Then::Remove);
    }

    fn reset(
        &mut self,
        turn: &mut Turn<'_>,
        id: CommandId,
        targets: &[Target],
    ) -> Result<(), Refusal> {
        for proc in self.select(targets)? {
            let Some(instance) = self.instances.get_mut(&proc) else {
                continue;
            };
            instance.restarts = 0;
            instance.history.unstable = 0;
            instance.created_at = turn.now.wall;
            turn.touch();
            self.note(proc, id, Change::Reset);
        }
        Ok(())
    }

    fn signal(
        &mut self,
        turn: &mut Turn<'_>,
        id: CommandId,
        targets: &[Target],
        signal: Signal,
    ) -> Result<(), Refusal> {
        let procs = self.select(targets)?;
        let mut sent = false;
        for &proc in &procs {
            let Some(run) = self.instances.get(&proc).and_then(|it| it.current.as_ref()) else {
                continue;
            };
            if run.pid.is_some() && run.stage != Stage::Sweeping {
                let (generation, scope) = (run.generation, Scope::Main);
                turn.act(Action::Signal { proc, generation, signal, scope });
                self.note(proc, id, Change::Signalled);
                sent = true;
            }
        }
        match procs.first().and_then(|proc| Some((*proc, self.instances.get(proc)?))) {
            Some((proc, instance)) if !sent => {
                Err(Refusal::NotRunning { proc, name: instance.spec.name.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Stops everything. What is wanted stays as it is, for the next start of the daemon.
    fn shut_down(&mut self, turn: &mut Turn<'_>, id: CommandId) {
        self.shutting_down = true;
        self.rollouts.clear();
        let procs: Vec<ProcId> = self.instances.keys().copied().collect();
        for proc in procs {
            let all = [Goal::Up, Goal::Down, Goal::Gone, Goal::Replaced];
            self.overtake(turn, proc, &all);
            let Some(instance) = self.instances.get_mut(&proc) else {
                continue;
            };
            instance.offered = None;
            let then = if instance.wanted == Wanted::Gone { Then::Remove } else { Then::Stop };
            let rests = matches!(instance.phase, Phase::Stopped | Phase::Errored);
            if rests && instance.runs().next().is_none() {
                self.note(proc, id, Change::AlreadyStopped);
            } else {
                self.claim(proc, id, Goal::Down, Change::Stopped);
                self.wind_down(turn, proc, then);
            }
        }
        turn.touch();
        self.check_quit(turn);
    }

    /// Ends the daemon when it is to end and nothing is left that could be waited for.
    pub(super) fn check_quit(&self, turn: &mut Turn<'_>) {
        let waits = |(generation, proc): (&Generation, &ProcId)| {
            self.run(*proc, *generation).is_some_and(|run| run.stage != Stage::Outlived)
        };
        if self.shutting_down && !self.owners.iter().any(waits) {
            turn.quit();
        }
    }
}
