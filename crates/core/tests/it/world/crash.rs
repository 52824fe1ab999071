//! Supervisors that die between any two of the things they do.
//!
//! Of the actions of its last step some are carried out and some are not. What the keeper is told
//! arrives in order. The table that is left is one of the last that were to be written, but none
//! from before the last answer. Processes go on meanwhile, and nobody hears of it.

use super::audit::Audit;
use super::takeover::newest;
use super::{Deed, Happening, World};
use crate::describe;
use crate::world::process::Sign;
use rpm_core::{Action, Ending, Event, Generation, ProcId, Signal, Supervisor};
use std::collections::VecDeque;

/// So many tables may wait to be written.
const UNWRITTEN: usize = 4;
/// A successor takes up the work so late, in ms.
const DEAD_MS: u64 = 400;

/// What there is beside the living supervisor.
#[derive(Default)]
pub(super) struct Crashes {
    pub(super) audit: Audit,
    /// Tables that may be on the disk, the newest last.
    tables: VecDeque<Supervisor>,
    /// It dies after so many steps more.
    doom: Option<u64>,
    dead: bool,
    deaths: usize,
    over: bool,
}

impl Crashes {
    pub(super) fn is_dead(&self) -> bool {
        self.dead
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// How many supervisors have died.
    pub(super) fn deaths(&self) -> usize {
        self.deaths
    }

    /// A table is to be written; one that was promised is.
    fn keep(&mut self, table: &Supervisor, promised: bool, written: bool) {
        self.tables.push_back(table.clone());
        let kept = if promised || written { 1 } else { UNWRITTEN };
        while self.tables.len() > kept {
            self.tables.pop_front();
        }
    }
}

impl World {
    pub(super) fn crashes(&mut self) -> &mut Crashes {
        self.crashes.as_mut().unwrap()
    }

    pub(super) fn doom(&mut self, steps: u64) {
        match steps {
            0 => self.die(),
            steps => self.crashes().doom = Some(steps),
        }
    }

    /// Nothing dies any more. What is under way comes to its end, and is looked at.
    pub(super) fn calm(&mut self) {
        if self.crashes.is_none() {
            return;
        }
        self.crashes().doom = None;
        for _ in 0..20 {
            if super::audit::rollouts(&self.table) == 0 || self.is_over() {
                break;
            }
            self.until(Some(self.now + 3000));
        }
        if self.is_over() {
            return;
        }
        let Self { crashes: Some(crashes), table, processes, .. } = self else {
            return;
        };
        crashes.audit.at_rest(table, processes);
    }

    pub(super) fn after_the_crashes(&mut self) {
        let Self { crashes: Some(crashes), table, .. } = self else {
            return;
        };
        if !crashes.over {
            Audit::at_the_end(table);
        }
    }

    /// One step, which may be the last of this supervisor.
    pub(super) fn step_at_risk(&mut self, event: &Event) {
        let before = self.table.clone();
        let mut actions = Vec::new();
        self.write(&describe::event(event));
        self.table.step(self.moment(), event.clone(), &mut actions);
        let now = self.now;
        let Self { crashes: Some(crashes), table, .. } = self else {
            return;
        };
        crashes.audit.saw(now, &before, event, &actions, table);
        let lasts = actions.contains(&Action::Quit);
        let doomed = match &mut crashes.doom {
            Some(steps) => {
                *steps -= 1;
                *steps == 0 && !lasts
            }
            None => false,
        };
        if doomed {
            crashes.doom = None;
            self.die_within(&actions);
        } else {
            self.live_on(&actions);
        }
    }

    fn live_on(&mut self, actions: &[Action]) {
        let written = self.chance(3) == 0;
        self.perform(actions);
        let Self { crashes: Some(crashes), table, .. } = self else {
            return;
        };
        let promised = actions.iter().any(|action| matches!(action, Action::Answer { .. }));
        if actions.contains(&Action::Persist) || promised {
            crashes.keep(table, promised, written);
        }
        for action in actions {
            match action {
                Action::Answer { command, outcome } => {
                    crashes.audit.answered(*command, outcome, table);
                }
                Action::Quit => crashes.over = true,
                _ => {}
            }
        }
    }

    /// Dies amid a step: before, between or after its actions.
    fn die_within(&mut self, actions: &[Action]) {
        let sent = self.chance(actions.len() as u64 + 1);
        for (place, action) in (0..).zip(actions) {
            let done = match action {
                Action::Spawn { .. } | Action::Forget { .. } => place < sent,
                Action::Answer { .. } | Action::Persist | Action::Quit => false,
                _ => self.chance(2) == 0,
            };
            if done {
                self.carry_out(action);
            } else if let Some(words) = describe::action(action) {
                self.write(&format!("    not: {words}"));
            }
        }
        let answers = actions.iter().any(|action| matches!(action, Action::Answer { .. }));
        let (persists, told) = (actions.contains(&Action::Persist), self.chance(2) == 0);
        let Self { crashes: Some(crashes), table, .. } = self else {
            return;
        };
        if persists || answers {
            crashes.keep(table, answers && told, false);
        }
        for action in actions {
            if let Action::Answer { command, outcome } = action
                && told
            {
                crashes.audit.answered(*command, outcome, table);
            }
        }
        self.die();
    }

    /// Dies; somewhat later there is a successor.
    fn die(&mut self) {
        self.write("the supervisor dies");
        self.crashes().dead = true;
        self.crashes().deaths += 1;
        self.crashes().doom = None;
        self.queue.retain(|_, happening| !matches!(happening, Happening::News(_)));
        let end = self.now + self.chance(DEAD_MS);
        let mut later = Vec::new();
        while let Some(entry) = self.queue.first_entry() {
            if entry.key().0 > end {
                break;
            }
            let at = entry.key().0;
            self.now = self.now.max(at);
            match entry.remove() {
                Happening::Deed(Deed::Kill(proc)) => self.kill_unseen(ProcId(proc)),
                Happening::Deed(deed @ (Deed::Ask(_) | Deed::Jump(_))) => later.push(deed),
                Happening::Deed(_) | Happening::News(_) => {}
                happening => self.happen(happening),
            }
        }
        self.now = end;
        // Whoever connects meanwhile waits.
        for deed in later {
            self.later(end, Happening::Deed(deed));
        }
        self.crashes().dead = false;
        self.succeed();
    }

    fn kill_unseen(&mut self, proc: ProcId) {
        let run = self.processes.iter().find(|(_, it)| it.proc == proc && it.alive);
        if let Some(generation) = run.map(|(generation, _)| *generation) {
            self.happen(Happening::Ends(generation, Ending::Signal(Signal::KILL)));
        }
    }

    /// A successor reads what is left and takes up the work.
    fn succeed(&mut self) {
        let count = self.crashes().tables.len() as u64;
        let kept = usize::try_from(if count == 0 { 0 } else { self.chance(count) }).unwrap();
        let found = self.crashes().tables.get(kept).cloned().unwrap_or_default();
        self.write(&format!("its successor has table {kept} of {count}"));
        let text = serde_json::to_string(&found).unwrap();
        self.table = serde_json::from_str(&text).unwrap();
        assert_eq!(self.table.next_deadline(), found.next_deadline(), "timers got lost");
        let held = self.held();
        let before = self.table.clone();
        let mut actions = Vec::new();
        self.table.after_restore(self.moment(), newest(&held), &held, &mut actions);
        let now = self.now;
        let Self { crashes: Some(crashes), table, .. } = self else {
            return;
        };
        crashes.audit.restored(now, &before, &held, &actions, table);
        crashes.tables = [table.clone()].into();
        if actions.contains(&Action::Quit) {
            crashes.over = true;
        }
        self.perform(&actions);
        self.tell_successor();
    }

    /// What the shell tells of each run that the table has, and what it does with the others.
    fn tell_successor(&mut self) {
        let mut news = Vec::new();
        let mut ends = Vec::new();
        let runs: Vec<_> = self.table.runs().collect();
        for (proc, generation, pid) in runs {
            let Some(process) = self.processes.get(&generation).filter(|it| !it.let_go) else {
                let how = Ending::Unknown;
                ends.extend(pid.map(|_| Event::Exited { proc, generation, how }));
                continue;
            };
            let held = u32::try_from(generation.0).unwrap();
            if process.begun && pid.is_none() {
                news.push(Event::Spawned { proc, generation, pid: held });
            }
            let (unread, failed, ended) =
                (process.unread.clone(), process.failed.clone(), process.ended);
            let read = process.shown.clone().into_iter().filter(|sign| *sign != Sign::Ready);
            for sign in read {
                // What was heard and not kept may be known from elsewhere.
                if sign == Sign::Disconnected || self.chance(2) == 0 {
                    news.push(sign.event(proc, generation));
                }
            }
            news.extend(unread.into_iter().map(|sign| sign.event(proc, generation)));
            ends.extend(failed.map(|error| Event::SpawnFailed { proc, generation, error }));
            ends.extend(ended.map(|how| Event::Exited { proc, generation, how }));
        }
        self.end_strangers();
        let life = self.crashes().deaths;
        for event in news.iter().chain(&ends) {
            self.step(event);
            if self.is_over() || self.crashes().deaths > life {
                return;
            }
        }
        for event in ends {
            let over = event.run().is_some_and(|(_, run)| self.is_past(run));
            assert!(over, "{event:?} changed nothing");
        }
    }

    /// Ends what the keeper holds and the table does not have.
    fn end_strangers(&mut self) {
        let known: Vec<Generation> = self.table.runs().map(|(_, run, _)| run).collect();
        let strangers: Vec<Generation> =
            self.held().into_keys().filter(|run| !known.contains(run)).collect();
        for generation in strangers {
            let process = self.processes.get_mut(&generation).unwrap();
            process.let_go = true;
            let dies = process.script.dies;
            let over = process.ended.is_some() || process.failed.is_some();
            let begun = process.begun;
            if over {
                continue;
            }
            self.write(&format!("ends the stranger {generation}"));
            self.crashes().audit.stranger(generation);
            // One that is not there yet is ended when it is.
            let at = if begun { self.now + dies } else { self.now + 20 + dies };
            self.later(at, Happening::Ends(generation, Ending::Signal(Signal::KILL)));
        }
    }

    /// Whether its end has been taken in.
    fn is_past(&self, generation: Generation) -> bool {
        !self.table.runs().any(|(_, run, _)| run == generation)
    }
}
