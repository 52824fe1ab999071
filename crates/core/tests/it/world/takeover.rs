//! Supervisors that take over, and news of what is long gone.

use super::World;
use rpm_core::{Action, Ending, Event, Generation, ProcId, Signal};
use std::collections::BTreeMap;

impl World {
    /// News of what is gone must change nothing.
    pub(super) fn tell_of_the_dead(&mut self) {
        let text = serde_json::to_string(&self.table).unwrap();
        for (proc, generation) in self.witness.forgotten() {
            let how = Ending::Code(1);
            let news = [
                Event::Exited { proc, generation, how },
                Event::Swept { proc, generation },
                Event::Spawned { proc, generation, pid: 1 },
                Event::Ready { proc, generation },
                Event::Listening { proc, generation },
                Event::Disconnected { proc, generation },
                Event::Pulse { proc, generation },
                Event::Sampled { proc, generation, memory: u64::MAX },
            ];
            for event in news {
                let mut actions = Vec::new();
                self.table.step(self.moment(), event, &mut actions);
                assert_eq!(actions, [], "news of the dead {proc}#{generation}");
            }
        }
        assert_eq!(serde_json::to_string(&self.table).unwrap(), text, "news of the dead");
    }

    pub(super) fn take_over(&mut self) {
        self.write("takeover");
        let text = serde_json::to_string(&self.table).unwrap();
        self.table = serde_json::from_str(&text).unwrap();
        self.witness.taken_over(self.now);
        let held = self.held();
        let before = self.table.clone();
        let mut actions = Vec::new();
        self.table.after_restore(self.moment(), newest(&held), &held, &mut actions);
        self.perform(&actions);
        self.witness.saw(self.now, &before, &Event::Woke, &actions, &self.table);
        self.tell_what_is();
    }

    /// Takes up the work where all was carried out: nothing new is asked of the world.
    pub(super) fn resume_where_nothing_is_lost(&mut self) {
        let mut actions = Vec::new();
        let held = self.held();
        self.table.after_restore(self.moment(), newest(&held), &held, &mut actions);
        let new = actions.iter().find(|action| match action {
            Action::Sweep { .. } | Action::Drain { .. } => false,
            Action::Signal { signal, .. } => *signal != Signal::KILL,
            _ => true,
        });
        assert!(new.is_none(), "{new:?} is asked, and nothing was lost");
    }

    /// The runs that the keeper knows of.
    pub(super) fn held(&self) -> BTreeMap<Generation, ProcId> {
        let held = self.processes.iter().filter(|(_, process)| !process.let_go);
        held.map(|(generation, process)| (*generation, process.proc)).collect()
    }

    /// What a shell tells a successor.
    fn tell_what_is(&mut self) {
        let runs: Vec<_> = self.table.runs().collect();
        for (proc, generation, _) in runs {
            let Some(process) = self.processes.get(&generation).filter(|it| it.alive) else {
                continue;
            };
            let shown = process.shown.clone();
            let pid = u32::try_from(generation.0).unwrap();
            self.step(&Event::Spawned { proc, generation, pid });
            for sign in shown {
                self.step(&sign.event(proc, generation));
            }
        }
    }
}

/// The newest generation of these.
pub(super) fn newest(held: &BTreeMap<Generation, ProcId>) -> Generation {
    held.keys().next_back().copied().unwrap_or_default()
}
