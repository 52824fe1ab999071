//! Processes that follow their scripts.

use super::plan::Script;
use super::{Happening, World};
use rpm_core::event::SpawnError;
use rpm_core::{Ending, Event, Generation, ProcId, Signal};

/// What a process shows of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Up,
    Listening,
    Ready,
    Disconnected,
    /// It lives.
    Pulse,
}

/// A process, from its spawn on.
pub(super) struct Process {
    pub(super) proc: ProcId,
    pub(super) script: Script,
    pub(super) alive: bool,
    pub(super) shown: Vec<Sign>,
    /// It was there.
    pub(super) begun: bool,
    /// How it ended, for whoever asks.
    pub(super) ended: Option<Ending>,
    /// It could not be started.
    pub(super) failed: Option<SpawnError>,
    /// Nobody asks any more.
    pub(super) let_go: bool,
    /// What it showed while nobody looked.
    pub(super) unread: Vec<Sign>,
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
                Happening::Fails(generation, error)
            }
            None => Happening::Begins(generation),
        };
        let process = Process {
            proc,
            script,
            alive: false,
            shown: Vec::new(),
            begun: false,
            ended: None,
            failed: None,
            let_go: false,
            unread: Vec::new(),
        };
        if let Some(other) = self.processes.insert(generation, process) {
            // Its number may be used again when no table that is left has ever heard of it.
            let forgotten = self.life() > 0 && other.let_go && !other.alive;
            assert!(forgotten, "{generation} is started twice");
            self.queue.retain(|_, happening| happening.run() != Some(generation));
        }
        self.later(at, happening);
    }

    pub(super) fn begin(&mut self, generation: Generation) {
        let Some(process) = self.processes.get_mut(&generation) else {
            return;
        };
        process.alive = true;
        process.begun = true;
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
        let (gap, count) = script.pulses;
        for pulse in 1..=count {
            self.later(self.now + pulse * gap, Happening::Shows(generation, Sign::Pulse));
        }
        if let Some((after, how)) = script.ends {
            self.later(self.now + after, Happening::Ends(generation, how));
        }
    }

    pub(super) fn fail(&mut self, generation: Generation, error: SpawnError) {
        let Some(process) = self.processes.get_mut(&generation) else {
            return;
        };
        let proc = process.proc;
        process.failed = Some(error.clone());
        self.later(self.now, Happening::News(Event::SpawnFailed { proc, generation, error }));
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
            Self::Pulse => Event::Pulse { proc, generation },
        }
    }
}
