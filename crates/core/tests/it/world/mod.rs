//! A world in which processes follow scripts, and in which time jumps from happening to happening.
//!
//! News of a process come late, in any order, and sometimes twice. What the machine asks for is
//! carried out, and watched by a [`Witness`] that knows the laws.

mod audit;
mod crash;
mod kept;
pub(crate) mod plan;
mod process;
mod takeover;
mod witness;

use crate::describe;
use crash::Crashes;
use kept::Kept;
use plan::{Deed, Plan, Script};
use process::{Process, Sign};
use rpm_core::event::SpawnError;
use rpm_core::{
    Action, Command, CommandId, Ending, Event, Generation, Mono, Now, ProcId, Signal, Supervisor,
    Wall,
};
use std::collections::BTreeMap;
use witness::Witness;

/// News come at most this late, in ms.
const LATE_MS: u64 = 20;
/// After the last deed the apps are left alone for so long, in ms.
const CALM_MS: u64 = 3000;
/// More steps than this are a storm.
const STEPS: usize = 50_000;

/// The world.
pub(crate) struct World {
    table: Supervisor,
    kept: Kept,
    now: u64,
    queue: BTreeMap<(u64, u64), Happening>,
    order: u64,
    random: u64,
    scripts: BTreeMap<String, (Vec<Script>, usize)>,
    processes: BTreeMap<Generation, Process>,
    witness: Witness,
    commands: u64,
    written: Vec<String>,
    restores: bool,
    /// How far the wall clock is from the other, in ms.
    wall_offset: i64,
    steps: usize,
    crashes: Option<Crashes>,
}

#[derive(Clone, Debug)]
enum Happening {
    Deed(Deed),
    News(Event),
    Begins(Generation),
    Fails(Generation, SpawnError),
    Shows(Generation, Sign),
    Ends(Generation, Ending),
}

impl Happening {
    /// The run that it is about.
    fn run(&self) -> Option<Generation> {
        match self {
            Self::Begins(run) | Self::Fails(run, _) | Self::Shows(run, _) | Self::Ends(run, _) => {
                Some(*run)
            }
            Self::News(event) => event.run().map(|(_, run)| run),
            Self::Deed(_) => None,
        }
    }
}

impl World {
    /// A world for a plan. With `restores` the table is written and read now and then.
    pub(crate) fn new(plan: &Plan, restores: bool) -> Self {
        let scripts =
            plan.apps.iter().map(|app| (app.spec.name.clone(), (app.scripts.clone(), 0))).collect();
        Self {
            table: Supervisor::new(),
            kept: Kept::default(),
            now: 1,
            queue: BTreeMap::new(),
            order: 0,
            random: plan.seed,
            scripts,
            processes: BTreeMap::new(),
            witness: Witness::default(),
            commands: 0,
            written: Vec::new(),
            restores,
            wall_offset: 0,
            steps: 0,
            crashes: None,
        }
    }

    /// A world in which the supervisor dies, and its successor goes on from a table that may not be
    /// the last. It has a witness of its own: what is lost in between does not bind.
    pub(crate) fn with_crashes(plan: &Plan) -> Self {
        let mut world = Self::new(plan, false);
        world.crashes = Some(Crashes::default());
        world
    }

    /// Lets everything happen, and then the end; panics where a law is broken. Returns all that was
    /// done.
    pub(crate) fn run(mut self, plan: &Plan) -> Vec<String> {
        let mut at = self.now;
        for (gap, deed) in &plan.deeds {
            at += gap;
            self.later(at, Happening::Deed(deed.clone()));
        }
        self.until(Some(at + CALM_MS));
        self.calm();
        self.ask(if plan.shutdown {
            Command::Shutdown
        } else {
            Command::Stop { targets: vec!["all".into()], settings: Vec::new() }
        });
        self.until(None);
        if self.crashes.is_some() {
            self.after_the_crashes();
        } else {
            self.witness.at_the_end(&self.table);
        }
        let alive = self.processes.values().any(|process| process.alive);
        assert!(!alive || self.is_over(), "a process outlives everything");
        std::mem::take(&mut self.written)
    }

    /// Lets happen what happens until then, or until nothing does.
    fn until(&mut self, end: Option<u64>) {
        while !self.is_over() {
            self.steps += 1;
            assert!(self.steps < STEPS, "a storm");
            let due = self.table.next_deadline().map(|(at, _)| at.0.max(self.now));
            let next = self.queue.first_key_value().map(|((at, _), _)| *at);
            let woken = due.is_some() && (next.is_none() || due <= next);
            let Some(at) = (if woken { due } else { next }) else {
                break;
            };
            if end.is_some_and(|end| at > end) {
                break;
            }
            self.now = at;
            if woken {
                let life = self.life();
                self.step(&Event::Woke);
                let left = self.table.next_deadline();
                // A successor has not handled it.
                let handled = self.life() == life;
                assert!(
                    !handled || left.is_none_or(|(at, _)| at.0 > self.now),
                    "handled and still due: {left:?}"
                );
            } else if let Some((_, happening)) = self.queue.pop_first() {
                self.happen(happening);
            }
        }
        self.now = end.unwrap_or(self.now).max(self.now);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Deed(deed) => self.deed(deed),
            Happening::News(event) => self.step(&event),
            Happening::Begins(generation) => self.begin(generation),
            Happening::Fails(generation, error) => self.fail(generation, error),
            Happening::Shows(generation, sign) => {
                let Some(process) = self.processes.get_mut(&generation) else {
                    return;
                };
                if process.alive {
                    if sign == Sign::Pulse {
                        // Not something that a successor could ask for.
                        let event = sign.event(process.proc, generation);
                        return self.report(event);
                    }
                    if self.crashes.as_ref().is_some_and(Crashes::is_dead) {
                        process.unread.push(sign);
                    }
                    process.shown.push(sign);
                    let event = sign.event(process.proc, generation);
                    self.report(event);
                }
            }
            Happening::Ends(generation, how) => {
                let Some(process) = self.processes.get_mut(&generation) else {
                    return;
                };
                if std::mem::replace(&mut process.alive, false) {
                    let proc = process.proc;
                    process.ended = Some(how);
                    self.report(Event::Exited { proc, generation, how });
                }
            }
        }
    }

    fn deed(&mut self, deed: Deed) {
        match deed {
            Deed::Ask(command) => self.ask(command),
            Deed::Kill(proc) => {
                if let Some(generation) = self.serving(proc) {
                    self.happen(Happening::Ends(generation, Ending::Signal(Signal::KILL)));
                }
            }
            Deed::Uses(proc, memory) => {
                if let Some(generation) = self.serving(proc) {
                    self.step(&Event::Sampled { proc: ProcId(proc), generation, memory });
                }
            }
            Deed::Touch(app) => {
                let (app, path) = (app.to_owned(), "server.js".to_owned());
                self.step(&Event::FilesChanged { app, path });
            }
            Deed::Schedule(proc) => {
                // By the schedule, whatever the clock says.
                let at = Wall(self.now.cast_signed());
                self.report(Event::Scheduled { proc: ProcId(proc), at });
            }
            Deed::Stale | Deed::Takeover if self.crashes.is_some() => {}
            Deed::Stale => self.tell_of_the_dead(),
            Deed::Takeover => self.take_over(),
            Deed::Crash(steps) => self.doom(steps),
            Deed::Jump(ms) => self.wall_offset += ms,
        }
    }

    fn ask(&mut self, command: Command) {
        self.commands += 1;
        self.step(&Event::Command { id: CommandId(self.commands), command });
    }

    /// One step of the machine, watched.
    fn step(&mut self, event: &Event) {
        if self.crashes.is_some() {
            return self.step_at_risk(event);
        }
        if self.restores && self.steps.is_multiple_of(4) {
            self.witness.taken_over(self.now);
            self.kept.note(&mut self.table);
            self.table = self.kept.read(&self.table);
            self.resume_where_nothing_is_lost();
        }
        let before = self.table.clone();
        let mut actions = Vec::new();
        self.write(&describe::event(event));
        self.table.step(self.moment(), event.clone(), &mut actions);
        self.perform(&actions);
        self.witness.saw(self.now, &before, event, &actions, &self.table);
    }

    fn perform(&mut self, actions: &[Action]) {
        for action in actions {
            self.carry_out(action);
        }
    }

    fn carry_out(&mut self, action: &Action) {
        if let Some(words) = describe::action(action) {
            self.write(&format!("    {words}"));
        }
        match action {
            Action::Spawn { proc, generation, spec, .. } => {
                self.spawn(*proc, *generation, &spec.name);
            }
            Action::Signal { generation, signal, .. } => self.signal(*generation, *signal),
            Action::Forget { generation, .. } => {
                // What a supervisor died before asking for was never there.
                let known = self.processes.get_mut(generation).map(|it| it.let_go = true);
                assert!(known.is_some() || self.life() > 0, "{generation} never was");
            }
            Action::Message { generation, .. } => self.ask_to_stop(*generation),
            Action::Drain { generation, .. } => self.drain(*generation),
            Action::Sweep { proc, generation } => {
                let (proc, generation) = (*proc, *generation);
                let sweep = self.processes[&generation].script.sweep;
                let event = Event::Swept { proc, generation };
                self.later(self.now + sweep, Happening::News(event));
            }
            _ => {}
        }
    }

    fn serving(&self, proc: u32) -> Option<Generation> {
        self.table.instance(ProcId(proc))?.generation
    }

    /// News: late, and now and then once more.
    fn report(&mut self, event: Event) {
        if self.crashes.as_ref().is_some_and(Crashes::is_dead) {
            return;
        }
        let late = self.chance(LATE_MS);
        self.later(self.now + late, Happening::News(event.clone()));
        if self.chance(8) == 0 {
            let later = self.chance(400);
            self.later(self.now + late + later, Happening::News(event));
        }
    }

    fn later(&mut self, at: u64, happening: Happening) {
        self.order += 1;
        self.queue.insert((at, self.order), happening);
    }

    /// A number below `below` (splitmix64).
    fn chance(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    /// Which supervisor this is.
    fn life(&self) -> usize {
        self.crashes.as_ref().map_or(0, Crashes::deaths)
    }

    fn is_over(&self) -> bool {
        self.witness.is_over() || self.crashes.as_ref().is_some_and(Crashes::is_over)
    }

    fn moment(&self) -> Now {
        Now { mono: Mono(self.now), wall: Wall(self.now.cast_signed() + self.wall_offset) }
    }

    fn write(&mut self, words: &str) {
        let time = Mono(self.now);
        self.written.push(format!("{time:?} {words}"));
    }
}

impl Drop for World {
    /// A broken law is shown with what led to it.
    #[expect(clippy::print_stdout, reason = "asked for by whoever looks for the cause")]
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os("LAWS_TRACE").is_some() {
            println!("{}", self.written.join("\n"));
        }
    }
}
