//! The table as others may see it.

use super::Supervisor;
use super::instance::{Instance, Phase, Then, Wanted};
use super::run::{Run, Stage};
use crate::event::Ending;
use crate::id::{Generation, ProcId};
use crate::spec::AppSpec;
use crate::time::{Mono, Wall};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// An instance as others may see it.
#[derive(Clone, Copy, Debug)]
pub struct InstanceView<'a> {
    /// Its id.
    pub proc: ProcId,
    /// What the user wants.
    pub spec: &'a Arc<AppSpec>,
    /// Instance number within the app.
    pub slot: u32,
    /// Where it stands.
    pub status: Status,
    /// The serving run.
    pub generation: Option<Generation>,
    /// Its process.
    pub pid: Option<u32>,
    /// How often it has been restarted.
    pub restarts: u32,
    /// Unstable runs in a row.
    pub unstable: u32,
    /// The wait before the last restart, in ms, when a back-off is set.
    pub backoff_ms: u64,
    /// When it was created or last restarted by hand.
    pub created_at: Wall,
    /// When the serving run was started.
    pub started_at: Option<Wall>,
    /// The last time of its schedule that was acted upon.
    pub scheduled_at: Option<Wall>,
    /// Whether a change of its files restarts it.
    pub watches: bool,
    /// How the last run ended.
    pub last_exit: Option<Ending>,
    /// Why it is errored.
    pub error: Option<&'a str>,
}

/// PM2's word for where an instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It is up.
    #[serde(rename = "online")]
    Online,
    /// It has been started and is not up yet.
    #[serde(rename = "launching")]
    Launching,
    /// It is being stopped.
    #[serde(rename = "stopping")]
    Stopping,
    /// It is stopped.
    #[serde(rename = "stopped")]
    Stopped,
    /// It was given up.
    #[serde(rename = "errored")]
    Errored,
    /// It will be started again after a wait.
    #[serde(rename = "waiting restart")]
    Waiting,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Online => "online",
            Self::Launching => "launching",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Errored => "errored",
            Self::Waiting => "waiting restart",
        })
    }
}

impl Supervisor {
    /// All instances, by id.
    pub fn instances(&self) -> impl Iterator<Item = InstanceView<'_>> {
        self.instances.iter().map(|(proc, instance)| instance.view(*proc))
    }

    /// What the user wants: the spec of each instance, and whether it is to run.
    pub fn wanted(&self) -> impl Iterator<Item = (&AppSpec, bool)> {
        let kept = self.instances.values().filter(|instance| instance.wanted != Wanted::Gone);
        kept.map(|instance| (&*instance.spec, instance.wanted == Wanted::Up))
    }

    /// Whether it is ending, with all that it runs.
    pub fn is_shutting_down(&self) -> bool {
        self.shutting_down
    }

    /// One instance.
    pub fn instance(&self, proc: ProcId) -> Option<InstanceView<'_>> {
        self.instances.get(&proc).map(|instance| instance.view(proc))
    }

    /// All runs that have or may have a process, those that come and go in a reload too.
    pub fn runs(&self) -> impl Iterator<Item = (ProcId, Generation, Option<u32>)> {
        self.instances.iter().flat_map(|(proc, instance)| {
            instance
                .runs()
                .filter(|run| run.stage != Stage::Sweeping)
                .map(|run| (*proc, run.generation, run.pid))
        })
    }

    /// How many commands are not yet answered.
    pub fn commands_in_flight(&self) -> usize {
        self.pending.len()
    }

    /// When [`crate::Event::Woke`] is next due, and why; `None` when nothing is.
    pub fn next_deadline(&self) -> Option<(Mono, &'static str)> {
        let (at, timer) = self.deadlines.first()?;
        let instance = self.instances.get(&timer.proc)?;
        let why = match timer.generation {
            None => "restart",
            Some(generation) => instance.run(generation).map_or("", Run::awaits),
        };
        Some((at, why))
    }
}

impl Instance {
    fn view(&self, proc: ProcId) -> InstanceView<'_> {
        let live = self.current.as_ref().filter(|run| run.stage != Stage::Sweeping);
        InstanceView {
            proc,
            spec: &self.spec,
            slot: self.slot,
            status: self.status(),
            generation: live.map(|run| run.generation),
            pid: live.and_then(|run| run.pid),
            restarts: self.restarts,
            unstable: self.history.unstable,
            backoff_ms: self.history.backoff_ms,
            created_at: self.created_at,
            started_at: self.started_at,
            scheduled_at: self.scheduled_at,
            watches: self.spec.watch.on && self.wanted == Wanted::Up,
            last_exit: self.last_exit,
            error: self.error.as_deref(),
        }
    }

    /// Where it stands. While it is reloaded it is what the serving run is.
    pub(super) fn status(&self) -> Status {
        match &self.phase {
            Phase::Stopped => Status::Stopped,
            Phase::Errored => Status::Errored,
            Phase::Waiting { .. } => Status::Waiting,
            Phase::Running if self.is_online() => Status::Online,
            Phase::Running => Status::Launching,
            Phase::Ending { asked: true, .. } if self.is_unkillable() => Status::Errored,
            Phase::Ending { asked: true, .. } => Status::Stopping,
            Phase::Ending { then, .. } => match then {
                Then::Launch { .. } => Status::Launching,
                Then::Wait { .. } => Status::Waiting,
                Then::Stop => Status::Stopped,
                Then::Fail(_) => Status::Errored,
                Then::Remove => Status::Stopping,
            },
        }
    }
}
