//! What holds though supervisors die: a witness that is content with less than
//! [`super::witness::Witness`], as what was lost binds nobody.

use super::process::Process;
use super::witness::asked::{is_refused, touched};
use rpm_core::action::News;
use rpm_core::event::Existing;
use rpm_core::{
    Action, Command, CommandId, Event, Generation, Notice, Outcome, ProcId, ScaleTo, Status,
    Supervisor,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is known for certain.
#[derive(Default)]
pub(super) struct Audit {
    /// What was acknowledged of each instance, and not asked otherwise since.
    firm: BTreeMap<ProcId, Wish>,
    /// What commands that are not answered are about.
    asked: BTreeMap<CommandId, (BTreeSet<ProcId>, Option<Wish>)>,
    /// The last command about each instance.
    latest: BTreeMap<ProcId, CommandId>,
    /// How often each instance was started, also in vain.
    spawns: BTreeMap<ProcId, u32>,
    /// The next start is not before this, as the table says that was left.
    not_before: BTreeMap<ProcId, u64>,
    strangers: BTreeSet<Generation>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Up,
    Down,
    Gone,
}

impl Audit {
    /// A step was decided upon; what of it is carried out is not known yet.
    pub(super) fn saw(
        &mut self,
        now: u64,
        before: &Supervisor,
        event: &Event,
        actions: &[Action],
        after: &Supervisor,
    ) {
        if let Event::Command { id, command } = event
            && !is_refused(*id, actions)
        {
            let mut about = touched(before, command, after);
            if let Command::Apply { apps, .. } = command {
                // Also those that are one too many.
                let named = |name: &str| apps.iter().any(|app| app.name == name);
                let own = before.instances().filter(|instance| named(&instance.spec.name));
                about.extend(own.map(|instance| instance.proc));
            }
            for proc in &about {
                self.firm.remove(proc);
                self.not_before.remove(proc);
                self.latest.insert(*proc, *id);
            }
            // Numbers of instances are used again.
            let is_new = |proc| before.instance(proc).is_none() && after.instance(proc).is_some();
            self.firm.retain(|proc, _| !is_new(*proc));
            self.asked.insert(*id, (about, wish(command)));
        }
        for action in actions {
            if let Action::Publish(Notice { proc, news, .. }) = action {
                self.begins_anew(*proc, news);
            }
        }
        self.starts(now, actions, after);
    }

    /// What nobody asked for, and what does not wait.
    fn begins_anew(&mut self, proc: ProcId, news: &News) {
        match news {
            News::MemoryExceeded { .. }
            | News::FilesChanged { .. }
            | News::WatchdogMissed { .. } => {
                self.not_before.remove(&proc);
            }
            News::Scheduled => {
                self.not_before.remove(&proc);
                // A schedule starts what is stopped, too; also when whoever stopped it has not been
                // answered, as others are not down yet.
                self.firm.remove(&proc);
                self.latest.remove(&proc);
            }
            _ => {}
        }
    }

    /// A command was answered, so that what it did is on the disk.
    pub(super) fn answered(&mut self, command: CommandId, outcome: &Outcome, table: &Supervisor) {
        let Some((about, Some(wish))) = self.asked.remove(&command) else {
            return;
        };
        if matches!(outcome, Outcome::Done { .. }) {
            // Of an app that has too many instances, some go. What an earlier command lets go may
            // still be draining.
            let parts = dump(table);
            let goes = |proc: &ProcId| {
                let instance = &parts["instances"][proc.0.to_string()];
                instance.is_null() || instance["wanted"] == "gone"
            };
            let is_bound = |proc: &ProcId| match wish {
                Wish::Up => !goes(proc),
                Wish::Down => true,
                Wish::Gone => table.instance(*proc).is_none(),
            };
            let about = about
                .iter()
                .filter(|proc| self.latest.get(proc) == Some(&command) && is_bound(proc));
            self.firm.extend(about.map(|proc| (*proc, wish)));
        }
    }

    /// A successor has taken up the work of `before`.
    pub(super) fn restored(
        &mut self,
        now: u64,
        before: &Supervisor,
        held: &BTreeMap<Generation, ProcId>,
        actions: &[Action],
        after: &Supervisor,
    ) {
        self.asked.clear();
        self.keeps_its_word(before);
        let (was, is) = (dump(before), dump(after));
        let owned: BTreeSet<Generation> = after.runs().map(|(_, run, _)| run).collect();
        self.not_before.clear();
        for (proc, until) in waits(&was) {
            let adopted = held.iter().any(|(run, of)| *of == proc && owned.contains(run));
            let still = waits(&is).any(|wait| wait == (proc, until));
            let replaced = actions.iter().any(|action| starts_of(action) == Some(proc));
            assert!(still || adopted || replaced, "{proc} does not wait until {until} any more");
            // A reload may begin it sooner.
            let bound = !adopted && !replaced && rollouts(after) == 0;
            self.not_before.insert(proc, if bound { until } else { 0 });
        }
        let told = |run: &Generation| {
            actions.iter().any(|action| match action {
                Action::Signal { generation, .. } | Action::Message { generation, .. } => {
                    generation == run
                }
                _ => false,
            })
        };
        for (run, due) in dues(&was).filter(|(run, _)| !told(run)) {
            let is_due = dues(&is).find(|(other, _)| *other == run);
            assert!(is_due.is_none_or(|(_, now_due)| now_due == due), "{run} was due at {due:?}");
        }
        self.starts(now, actions, after);
    }

    /// A process was ended as the table does not have it.
    pub(super) fn stranger(&mut self, generation: Generation) {
        self.strangers.insert(generation);
    }

    /// Some time after the last deed: each instance is what its state says, and all that runs has
    /// an owner.
    pub(super) fn at_rest(&self, table: &Supervisor, processes: &BTreeMap<Generation, Process>) {
        self.keeps_its_word(table);
        assert_eq!(rollouts(table), 0, "a reload is neither finished nor rolled back");
        let owned: BTreeSet<Generation> = table.runs().map(|(_, run, _)| run).collect();
        for (generation, _) in processes.iter().filter(|(_, process)| process.alive) {
            let ours = owned.contains(generation);
            assert!(ours || self.strangers.contains(generation), "{generation} is nobody's");
        }
        for view in table.instances() {
            let of = |process: &&Process| process.proc == view.proc && process.alive;
            let stray = |run: &Generation| self.strangers.contains(run);
            let alive = processes.iter().filter(|(run, process)| of(process) && !stray(run));
            let alive: Vec<Generation> = alive.map(|(run, _)| *run).collect();
            let serves = view.generation.is_some_and(|run| alive.contains(&run));
            let proc = view.proc;
            match view.status {
                Status::Online => assert!(serves || is_news(processes, view.generation), "{proc}"),
                Status::Stopped | Status::Errored => {
                    // One that was replaced, or that outlives SIGKILL, may still be going.
                    let goes = alive.iter().all(|run| owned.contains(run));
                    assert!(goes, "{proc} is stopped, and {alive:?} run");
                }
                Status::Launching | Status::Stopping | Status::Waiting => {}
            }
            let starts = self.spawns.get(&proc).copied().unwrap_or(0);
            assert!(view.restarts <= starts, "{proc}: {} restarts of {starts}", view.restarts);
            assert!(view.unstable <= starts, "{proc}: {} ends of {starts}", view.unstable);
            if view.status == Status::Stopped && self.firm.get(&proc) == Some(&Wish::Up) {
                stopped_by_policy(&view, processes);
            }
        }
    }

    /// Everything was stopped.
    pub(super) fn at_the_end(table: &Supervisor) {
        assert_eq!(table.commands_in_flight(), 0, "not answered");
        assert_eq!(table.next_deadline(), None, "something is left due");
        assert_eq!(table.runs().count(), 0, "runs are left");
        for view in table.instances() {
            let rests = matches!(view.status, Status::Stopped | Status::Errored);
            assert!(rests, "{} is {}", view.proc, view.status);
        }
    }

    /// What was acknowledged is in the table.
    fn keeps_its_word(&self, table: &Supervisor) {
        for (proc, wish) in &self.firm {
            let status = table.instance(*proc).map(|view| view.status);
            let kept = match wish {
                Wish::Up => status.is_some(),
                Wish::Down => {
                    matches!(status, None | Some(Status::Stopped | Status::Errored))
                }
                Wish::Gone => status.is_none(),
            };
            assert!(kept, "{proc} was acknowledged to be {wish:?}, and is {status:?}");
        }
    }

    fn starts(&mut self, now: u64, actions: &[Action], table: &Supervisor) {
        for proc in actions.iter().filter_map(starts_of) {
            *self.spawns.entry(proc).or_default() += 1;
            let wish = self.firm.get(&proc);
            let against = matches!(wish, Some(Wish::Down | Wish::Gone));
            assert!(!against, "{proc} is started, and was acknowledged to be {wish:?}");
            let until = self.not_before.remove(&proc).unwrap_or(0);
            assert!(now >= until, "{proc} was to wait until {until}");
            let runs = table.runs().filter(|(of, _, _)| *of == proc).count();
            assert!(runs <= 2, "{proc} has {runs} runs");
        }
    }
}

/// Whoever was to run and does not has run, and its policy says that this is enough.
fn stopped_by_policy(view: &rpm_core::InstanceView<'_>, processes: &BTreeMap<Generation, Process>) {
    let policy = &view.spec.restart;
    let may = !policy.autorestart || !policy.stop_exit_codes.is_empty();
    if !view.spec.autostart {
        return;
    }
    let ran = processes.values().any(|it| it.proc == view.proc && it.ended.is_some());
    assert!(may && ran, "{} was to run", view.proc);
}

/// How many reloads are under way.
pub(super) fn rollouts(table: &Supervisor) -> usize {
    dump(table)["rollouts"].as_object().map_or(0, serde_json::Map::len)
}

/// The parts of a table that matter here, by kind and name.
fn dump(table: &Supervisor) -> Value {
    let mut sorted = json!({ "instances": {}, "rollouts": {} });
    let parts = serde_json::to_value(table).unwrap();
    for (key, part) in parts.as_object().into_iter().flatten() {
        match key.split_once('/') {
            Some(("instance", proc)) => {
                sorted["instances"][proc] = part["instance"]["instance"].clone();
            }
            Some(("rollout", app)) => sorted["rollouts"][app] = part["rollout"].clone(),
            _ => {}
        }
    }
    sorted
}

/// The instances that wait, and until when.
fn waits(dump: &Value) -> impl Iterator<Item = (ProcId, u64)> {
    let instances = dump["instances"].as_object().into_iter().flatten();
    instances.filter_map(|(proc, instance)| {
        let until = instance["phase"]["waiting"]["until"].as_u64()?;
        Some((ProcId(proc.parse().ok()?), until))
    })
}

/// When the stage of each run that has a process is over.
fn dues(dump: &Value) -> impl Iterator<Item = (Generation, Value)> {
    let instances = dump["instances"].as_object().into_iter().flatten();
    let runs =
        instances.flat_map(|(_, instance)| [&instance["current"], &instance["beside"]["run"]]);
    // The time of a watchdog begins anew: what the app has said meanwhile nobody has heard.
    runs.filter(|run| !run["pid"].is_null() && run["stage"] != "online")
        .filter_map(|run| Some((Generation(run["generation"].as_u64()?), run["due"].clone())))
}

fn starts_of(action: &Action) -> Option<ProcId> {
    match action {
        Action::Spawn { proc, .. } => Some(*proc),
        _ => None,
    }
}

fn wish(command: &Command) -> Option<Wish> {
    match command {
        Command::Stop { .. } => Some(Wish::Down),
        Command::Delete { .. } | Command::Scale { to: ScaleTo::Exactly(0), .. } => Some(Wish::Gone),
        Command::Start { .. }
        | Command::Restart { .. }
        | Command::Apply { existing: Existing::Restart | Existing::Reload, .. }
        | Command::Reload { .. } => Some(Wish::Up),
        _ => None,
    }
}

/// Whether its end is known, and only not told yet.
fn is_news(processes: &BTreeMap<Generation, Process>, run: Option<Generation>) -> bool {
    run.and_then(|run| processes.get(&run)).is_some_and(|process| !process.let_go)
}
