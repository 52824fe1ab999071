//! Supervisors that take over, and news of what is long gone.

use super::World;
use rpm_core::{Ending, Event};

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
        self.witness.nobody_waits();
        let newest = self.processes.keys().next_back().copied().unwrap_or_default();
        let before = self.table.clone();
        let mut actions = Vec::new();
        self.table.after_restore(self.moment(), newest, &mut actions);
        self.perform(&actions);
        self.witness.saw(self.now, &before, &Event::Woke, &actions, &self.table);
        self.tell_what_is();
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
