//! Knows the laws, and watches each step for them. It keeps its own, much simpler account of what
//! happened: it trusts the machine's words only where a law is about these words.

mod account;
pub(super) mod asked;
mod by_itself;
mod reload;

use account::{Account, RunAccount};
use asked::{deadline, is_refused, touched};
use rpm_core::action::News;
use rpm_core::{
    Action, Command, CommandId, Ending, Event, Existing, Generation, Notice, ProcId, Status,
    Supervisor, Wall,
};
use std::collections::{BTreeMap, BTreeSet};

/// What has been seen.
#[derive(Default)]
pub(super) struct Witness {
    runs: BTreeMap<Generation, RunAccount>,
    instances: BTreeMap<ProcId, Account>,
    /// Commands that wait for an answer, and until when they may.
    waiting: BTreeMap<CommandId, Option<u64>>,
    answered: BTreeSet<CommandId>,
    rollouts: reload::Rollouts,
    /// What commands that are not answered are about.
    touched: BTreeMap<CommandId, BTreeSet<ProcId>>,
    /// The last time of each schedule that was told.
    scheduled: BTreeMap<ProcId, Wall>,
    over: bool,
}

impl Witness {
    /// One step has been taken.
    pub(super) fn saw(
        &mut self,
        now: u64,
        before: &Supervisor,
        event: &Event,
        actions: &[Action],
        after: &Supervisor,
    ) {
        self.hear(now, before, event, actions, after);
        for action in actions {
            self.watch(now, before, event, action, after);
        }
        self.answers(now, event, actions, after);
        self.files_changed(event, actions, before, after);
        self.reloaded(after);
        self.nobody_hangs(now, after);
        Self::bounds(after);
        self.rollouts.check(&self.runs, after);
    }

    /// Another supervisor has taken over. Whoever waited for an answer gets none, and what apps have
    /// said meanwhile nobody has heard.
    pub(super) fn taken_over(&mut self, now: u64) {
        self.waiting.clear();
        for run in self.runs.values_mut() {
            run.lived_at = run.lived_at.map(|_| now);
        }
    }

    /// Runs that the machine has let go of.
    pub(super) fn forgotten(&self) -> Vec<(ProcId, Generation)> {
        let gone = self.runs.iter().filter(|(_, run)| run.forgotten);
        gone.map(|(generation, run)| (run.proc, *generation)).collect()
    }

    /// The daemon has ended.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Everything is stopped and the world is quiet.
    pub(super) fn at_the_end(&self, table: &Supervisor) {
        assert!(self.waiting.is_empty(), "not answered: {:?}", self.waiting);
        assert_eq!(table.commands_in_flight(), 0, "answered and not forgotten");
        assert_eq!(table.next_deadline(), None, "something is left due");
        let left = self.runs.iter().find(|(_, run)| !run.forgotten);
        if self.over {
            // The daemon ends without those that nothing can end.
            assert!(left.is_none_or(|(_, run)| run.killed), "left running: {left:?}");
            return;
        }
        assert!(left.is_none(), "never let go of: {left:?}");
        assert_eq!(table.runs().count(), 0, "runs are left");
        for instance in table.instances() {
            let rests = matches!(instance.status, Status::Stopped | Status::Errored);
            assert!(rests, "{} is {}", instance.proc, instance.status);
        }
    }

    /// Takes in what happened, before what was done about it.
    fn hear(
        &mut self,
        now: u64,
        before: &Supervisor,
        event: &Event,
        actions: &[Action],
        after: &Supervisor,
    ) {
        match event {
            Event::Command { id, command } => {
                assert!(self.waiting.insert(*id, deadline(now, command)).is_none());
                if !is_refused(*id, actions) {
                    self.asked(*id, before, command, after);
                    self.touched.insert(*id, touched(before, command, after));
                    self.rollouts.asked(before, command);
                }
            }
            Event::Exited { proc, generation, how } => {
                self.exited(now, (*proc, *generation), *how, before, after);
            }
            Event::SpawnFailed { proc, generation, error } => {
                let lasting = error.errno == 2;
                self.spawn_failed(now, (*proc, *generation), lasting, before, after);
            }
            _ => {}
        }
        if let Some((_, generation)) = event.run()
            && let Some(run) = self.runs.get_mut(&generation)
        {
            run.hear(now, event);
        }
    }

    /// What commands do to what is wanted.
    fn asked(&mut self, id: CommandId, before: &Supervisor, command: &Command, after: &Supervisor) {
        let wish: &dyn Fn(&mut Account) = match command {
            Command::Apply { existing: Existing::Reload, .. } | Command::Reload { .. } => {
                &|account| account.wish_reload(id)
            }
            Command::Apply { existing: Existing::Restart | Existing::Refuse, .. }
            | Command::Start { .. }
            | Command::Restart { .. } => &Account::wish_up,
            Command::Stop { .. } => &Account::wish_down,
            Command::Delete { .. } | Command::Shutdown => &Account::wish_gone,
            Command::Reset { .. } => &|account| account.unstable = 0,
            Command::Apply { existing: Existing::Duplicate, .. }
            | Command::Scale { .. }
            | Command::Adjust { .. }
            | Command::Signal { .. } => return,
        };
        for proc in touched(before, command, after) {
            wish(self.instances.entry(proc).or_default());
        }
    }

    /// The serving run ended by itself: what follows is what its policy says.
    fn exited(
        &mut self,
        now: u64,
        (proc, generation): (ProcId, Generation),
        how: Ending,
        before: &Supervisor,
        after: &Supervisor,
    ) {
        let Some(view) = before.instance(proc) else {
            return;
        };
        let alive = matches!(view.status, Status::Online | Status::Launching);
        if view.generation != Some(generation) || !alive {
            return;
        }
        let newer = self
            .runs
            .iter()
            .find(|(newer, run)| **newer > generation && run.proc == proc && !run.is_over());
        if let Some(newer) = newer.map(|(newer, _)| *newer) {
            // One that comes up steps in.
            self.runs.get_mut(&generation).unwrap().replaced = Some(newer);
            return;
        }
        let (Some(run), Some(after)) = (self.runs.get(&generation), after.instance(proc)) else {
            return;
        };
        let account = self.instances.entry(proc).or_default();
        account.ended(now, now - run.asked_at, how, &view, &after);
    }

    fn spawn_failed(
        &mut self,
        now: u64,
        (proc, generation): (ProcId, Generation),
        lasting: bool,
        before: &Supervisor,
        after: &Supervisor,
    ) {
        let (Some(view), Some(after)) = (before.instance(proc), after.instance(proc)) else {
            return;
        };
        if view.generation == Some(generation) && view.status == Status::Launching {
            let account = self.instances.entry(proc).or_default();
            account.not_spawned(now, lasting, &view, &after);
        }
    }

    /// What was done.
    fn watch(
        &mut self,
        now: u64,
        before: &Supervisor,
        event: &Event,
        action: &Action,
        after: &Supervisor,
    ) {
        assert!(!self.over, "{action:?} after the end");
        match action {
            Action::Spawn { proc, generation, spec, .. } => {
                self.spawned(now, *proc, before);
                let serving = self.serving(*proc, before);
                let newest = self.runs.keys().next_back();
                assert!(newest.is_none_or(|newest| newest < generation), "{generation} again");
                let run = RunAccount::new(*proc, now, spec.clone(), serving);
                self.rollouts.spawned(&spec.name, &run);
                self.runs.insert(*generation, run);
            }
            Action::Signal { proc, generation, .. }
            | Action::Message { proc, generation, .. }
            | Action::Drain { proc, generation } => {
                let run = &self.runs[generation];
                let hears = run.pid && !run.exited;
                assert!(hears, "{action:?}, and there is no such process");
                self.keeps_serving(event, action, *proc, *generation, before, after);
                self.may_drain(now, event, action, *proc, *generation);
                self.runs.get_mut(generation).unwrap().told(action);
            }
            Action::Sweep { generation, .. } => {
                assert!(self.runs[generation].exited, "swept while it runs");
            }
            Action::Forget { generation, .. } => {
                let run = self.runs.get_mut(generation).unwrap();
                let over = run.exited && (run.swept || !run.spec.stop.treekill) || run.unspawned;
                assert!(over && !run.forgotten, "let go of {generation}: {run:?}");
                run.forgotten = true;
            }
            Action::Publish(notice) => self.told(now, before, notice),
            Action::Quit => self.over = true,
            Action::AppGone { name } => {
                let serves = after.instances().any(|instance| {
                    let at_rest = matches!(instance.status, Status::Stopped | Status::Errored);
                    instance.spec.name == *name && !(at_rest && instance.pid.is_none())
                });
                assert!(!serves, "{name} still serves");
            }
            Action::Answer { .. } | Action::Persist => {}
        }
    }

    /// What everybody is told.
    fn told(&mut self, now: u64, before: &Supervisor, notice: &Notice) {
        self.by_itself(now, before, notice);
        let account = self.instances.entry(notice.proc).or_default();
        match &notice.news {
            News::Deleted => drop(self.instances.remove(&notice.proc)),
            News::Reloaded
            | News::Scheduled
            | News::FilesChanged { .. }
            | News::WatchdogMissed { .. } => account.begin_anew(),
            News::MemoryExceeded { .. } => {
                // A worker begins anew when its successor serves.
                let run = notice.generation.and_then(|serves| self.runs.get(&serves));
                if !run.is_some_and(RunAccount::is_cluster) {
                    account.begin_anew();
                }
                self.rollouts.memory(&notice.name);
            }
            News::ReloadFailed { .. } => self.rollouts.failed(&notice.name),
            _ => {}
        }
    }

    /// The run that serves.
    fn serving(&self, proc: ProcId, before: &Supervisor) -> Option<Generation> {
        let view = before.instance(proc).filter(|view| view.status == Status::Online)?;
        view.generation.filter(|generation| !self.runs[generation].is_over())
    }

    /// A run is started.
    fn spawned(&mut self, now: u64, proc: ProcId, before: &Supervisor) {
        let others = self.runs.values().filter(|run| run.proc == proc && !run.forgotten);
        let others: Vec<&RunAccount> = others.collect();
        let cluster = others.iter().all(|run| run.is_cluster());
        assert!(others.len() <= usize::from(cluster), "{proc} has others: {others:?}");
        // Whoever ends is swept before what takes its place is started.
        if self.serving(proc, before).is_none() {
            let unswept = others.iter().find(|run| run.exited && run.replaced.is_none());
            let failed = others.iter().all(|run| run.serving_before.is_some());
            assert!(unswept.is_none() || failed, "{proc} has leftovers: {unswept:?}");
        }
        self.instances.entry(proc).or_default().started(now);
    }

    fn answers(&mut self, now: u64, event: &Event, actions: &[Action], after: &Supervisor) {
        let mut answered = false;
        for action in actions {
            match action {
                Action::Answer { command, .. } => {
                    answered = true;
                    assert!(self.answered.insert(*command), "{command} is answered twice");
                    let until = self.waiting.remove(command);
                    assert!(until.is_some(), "{command} was not asked");
                    let late = until.flatten().is_some_and(|until| now > until);
                    assert!(!late, "{command} took too long: {event:?}");
                    for proc in self.touched.remove(command).into_iter().flatten() {
                        let account = self.instances.get_mut(&proc);
                        if let (Some(account), Some(view)) = (account, after.instance(proc)) {
                            account.reloaded(*command, &view);
                        }
                    }
                }
                Action::Persist => assert!(!answered, "kept after it was promised"),
                _ => {}
            }
        }
        let late = self.waiting.iter().find(|(_, until)| until.is_some_and(|until| now > until));
        assert!(late.is_none(), "{late:?} still waits at {now}");
    }

    fn bounds(table: &Supervisor) {
        let mut live: BTreeMap<ProcId, usize> = BTreeMap::new();
        for (proc, _, _) in table.runs() {
            *live.entry(proc).or_default() += 1;
        }
        assert!(live.values().all(|runs| *runs <= 2), "three runs: {live:?}");
    }
}
