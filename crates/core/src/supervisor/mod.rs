//! The table of processes and the one function that changes it.

use crate::action::{Action, Refusal};
use crate::event::{Ending, Event};
use crate::id::{Generation, ProcId};
use crate::select::Target;
use crate::spec::AppSpec;
use crate::time::{Mono, Now, Wall};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The table of processes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Supervisor {}

impl Supervisor {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one event and appends what the world must now do.
    pub fn step(&mut self, now: Now, event: Event, out: &mut Vec<Action>) {
        let _ = (now, event, out);
    }

    /// When [`Event::Woke`] is next due, and why; `None` when nothing is.
    pub fn next_deadline(&self) -> Option<(Mono, &'static str)> {
        None
    }

    /// All instances, by id.
    pub fn instances(&self) -> impl Iterator<Item = InstanceView<'_>> {
        std::iter::empty()
    }

    /// One instance.
    pub fn instance(&self, proc: ProcId) -> Option<InstanceView<'_>> {
        let _ = proc;
        None
    }

    /// The instances that a target names.
    pub fn resolve(&self, target: &Target) -> Result<Vec<ProcId>, Refusal> {
        let _ = target;
        Ok(Vec::new())
    }

    /// All runs that have or may have a process, those that come and go in a reload too.
    pub fn runs(&self) -> impl Iterator<Item = (ProcId, Generation, Option<u32>)> {
        std::iter::empty()
    }
}

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
