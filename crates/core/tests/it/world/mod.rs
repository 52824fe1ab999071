//! A world in which processes follow scripts, and in which time jumps from happening to happening.
//!
//! News of a process come late, in any order, and sometimes twice. What the machine asks for is
//! carried out, and watched by a [`Witness`] that knows the laws.

mod kept;
pub(crate) mod plan;
mod process;
mod takeover;
mod witness;

use crate::describe;
use kept::Kept;
use plan::{Deed, Plan, Script};
use process::{Process, Sign};
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
    steps: usize,
}

#[derive(Clone, Debug)]
enum Happening {
    Deed(Deed),
    News(Event),
    Begins(Generation),
    Shows(Generation, Sign),
    Ends(Generation, Ending),
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
            steps: 0,
        }
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
        self.ask(if plan.shutdown {
            Command::Shutdown
        } else {
            Command::Stop { targets: vec!["all".into()] }
        });
        self.until(None);
        self.witness.at_the_end(&self.table);
        let alive = self.processes.values().any(|process| process.alive);
        assert!(!alive || self.witness.is_over(), "a process outlives everything");
        std::mem::take(&mut self.written)
    }

    /// Lets happen what happens until then, or until nothing does.
    fn until(&mut self, end: Option<u64>) {
        while !self.witness.is_over() {
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
                self.step(&Event::Woke);
                let left = self.table.next_deadline();
                assert!(
                    left.is_none_or(|(at, _)| at.0 > self.now),
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
            Happening::Shows(generation, sign) => {
                let Some(process) = self.processes.get_mut(&generation) else {
                    return;
                };
                if process.alive {
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
            Deed::Stale => self.tell_of_the_dead(),
            Deed::Takeover => self.take_over(),
        }
    }

    fn ask(&mut self, command: Command) {
        self.commands += 1;
        self.step(&Event::Command { id: CommandId(self.commands), command });
    }

    /// One step of the machine, watched.
    fn step(&mut self, event: &Event) {
        if self.restores && self.steps.is_multiple_of(4) {
            self.witness.nobody_waits();
            self.kept.note(&mut self.table);
            self.table = self.kept.read(&self.table);
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
            if let Some(words) = describe::action(action) {
                self.write(&format!("    {words}"));
            }
            match action {
                Action::Spawn { proc, generation, spec, .. } => {
                    self.spawn(*proc, *generation, &spec.name);
                }
                Action::Signal { generation, signal, .. } => self.signal(*generation, *signal),
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
    }

    fn serving(&self, proc: u32) -> Option<Generation> {
        self.table.instance(ProcId(proc))?.generation
    }

    /// News: late, and now and then once more.
    fn report(&mut self, event: Event) {
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

    fn moment(&self) -> Now {
        Now { mono: Mono(self.now), wall: Wall(self.now.cast_signed()) }
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
