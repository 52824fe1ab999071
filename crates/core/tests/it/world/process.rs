//! Processes that follow their scripts.

use super::plan::Script;
use super::{Happening, World};
use rpm_core::event::SpawnError;
use rpm_core::{Ending, Event, Generation, ProcId, Signal};

/// What a process shows of itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sign {
    Up,
    Listening,
    Ready,
    Disconnected,
}

/// A process, from its spawn on.
pub(super) struct Process {
    pub(super) proc: ProcId,
    pub(super) script: Script,
    pub(super) alive: bool,
    pub(super) shown: Vec<Sign>,
}

impl World {
    pub(super) fn spawn(&mut self, proc: ProcId, generation: Generation, app: &str) {
        let (scripts, next) = self.scripts.get_mut(app).unwrap();
        let script = scripts[*next % scripts.len()].clone();
        *next += 1;
        let at = self.now + script.spawn;
        let happening = match script.spawn_error {
            Some(errno) => {
                let error = SpawnError { what: String::new(), errno, why: String::new() };
                Happening::News(Event::SpawnFailed { proc, generation, error })
            }
            None => Happening::Begins(generation),
        };
        let process = Process { proc, script, alive: false, shown: Vec::new() };
        self.processes.insert(generation, process);
        self.later(at, happening);
    }

    pub(super) fn begin(&mut self, generation: Generation) {
        let Some(process) = self.processes.get_mut(&generation) else {
            return;
        };
        process.alive = true;
        let (proc, script) = (process.proc, process.script.clone());
        let pid = u32::try_from(generation.0).unwrap();
        self.report(Event::Spawned { proc, generation, pid });
        let signs =
            [(script.up, Sign::Up), (script.listens, Sign::Listening), (script.ready, Sign::Ready)];
        for (at, sign) in signs {
            if let Some(after) = at {
                self.later(self.now + after, Happening::Shows(generation, sign));
            }
        }
        if let Some((after, how)) = script.ends {
            self.later(self.now + after, Happening::Ends(generation, how));
        }
    }

    pub(super) fn signal(&mut self, generation: Generation, signal: Signal) {
        let dies = self.processes[&generation].script.dies;
        match signal {
            Signal::KILL => {
                self.later(self.now + dies, Happening::Ends(generation, Ending::Signal(signal)));
            }
            Signal::INT => self.ask_to_stop(generation),
            _ => {}
        }
    }

    pub(super) fn ask_to_stop(&mut self, generation: Generation) {
        if let Some(after) = self.processes[&generation].script.heeds {
            self.later(self.now + after, Happening::Ends(generation, Ending::Code(0)));
        }
    }

    pub(super) fn drain(&mut self, generation: Generation) {
        let script = &self.processes[&generation].script;
        let (Some(drains), leaves) = (script.drains, script.leaves) else {
            return;
        };
        self.later(self.now + drains, Happening::Shows(generation, Sign::Disconnected));
        if let Some(leaves) = leaves {
            let at = self.now + drains + leaves;
            self.later(at, Happening::Ends(generation, Ending::Code(0)));
        }
    }
}

impl Sign {
    pub(super) fn event(self, proc: ProcId, generation: Generation) -> Event {
        match self {
            Self::Up => Event::Up { proc, generation },
            Self::Listening => Event::Listening { proc, generation },
            Self::Ready => Event::Ready { proc, generation },
            Self::Disconnected => Event::Disconnected { proc, generation },
        }
    }
}
