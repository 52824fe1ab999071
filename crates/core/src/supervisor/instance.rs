//! One instance: what is wanted of it, where it stands, its runs.

use super::answers::Claim;
use super::run::{Beside, Run, Stage};
use crate::event::Ending;
use crate::id::Generation;
use crate::policy::restart::History;
use crate::spec::{AppSpec, ExecMode};
use crate::time::{Mono, Wall};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One numbered slot of an app. At most two runs live at a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Instance {
    /// What the next run is started with.
    #[serde(skip)]
    pub(super) spec: Arc<AppSpec>,
    /// What a reload offers it: adopted when its new run has proved itself.
    #[serde(skip)]
    pub(super) offered: Option<Arc<AppSpec>>,
    pub(super) slot: u32,
    pub(super) wanted: Wanted,
    /// Moved by [`super::Supervisor::set_phase`] alone.
    pub(super) phase: Phase,
    /// The run that serves or comes up.
    pub(super) current: Option<Run>,
    /// A second run, while it is replaced.
    pub(super) beside: Option<Beside>,
    pub(super) history: History,
    pub(super) restarts: u32,
    pub(super) created_at: Wall,
    /// When the current run, or the last one, was started.
    pub(super) started_at: Option<Wall>,
    pub(super) last_exit: Option<Ending>,
    pub(super) error: Option<String>,
    /// Samples above the limit change nothing before this.
    pub(super) memory_quiet_until: Mono,
    /// The last time of its schedule that was acted upon.
    #[serde(default)]
    pub(super) scheduled_at: Option<Wall>,
    /// Commands that wait for it.
    #[serde(skip)]
    pub(super) claims: Vec<Claim>,
}

/// What the user wants of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wanted {
    /// To run.
    Up,
    /// Not to run.
    Down,
    /// Not to be. Nothing brings it back.
    Gone,
}

/// Where an instance stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// No run, and none is coming.
    Stopped,
    /// No run, as it was given up.
    Errored,
    /// No run until then.
    Waiting {
        /// When it is started.
        until: Mono,
    },
    /// The current run serves or comes up.
    Running,
    /// The current run is going, or gone and being swept.
    Ending {
        /// What follows.
        then: Then,
        /// Somebody asked for it, so that all runs go; else the current one ended by itself.
        asked: bool,
    },
}

/// What follows when nothing of a run is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Then {
    /// The next run.
    Launch {
        /// It counts as a restart.
        counted: bool,
    },
    /// The next run, not before a time.
    Wait {
        /// The time.
        until: Mono,
    },
    /// It is stopped.
    Stop,
    /// It is errored, for this reason.
    Fail(String),
    /// It is forgotten.
    Remove,
}

impl Phase {
    /// When it is over by itself.
    pub(super) fn due(&self) -> Option<Mono> {
        match self {
            Self::Waiting { until } => Some(*until),
            Self::Stopped | Self::Errored | Self::Running | Self::Ending { .. } => None,
        }
    }
}

impl Instance {
    /// An instance that has never run.
    pub(super) fn new(spec: Arc<AppSpec>, slot: u32, created_at: Wall) -> Self {
        Self {
            spec,
            offered: None,
            slot,
            wanted: Wanted::Down,
            phase: Phase::Stopped,
            current: None,
            beside: None,
            history: History::default(),
            restarts: 0,
            created_at,
            started_at: None,
            last_exit: None,
            error: None,
            memory_quiet_until: Mono(0),
            scheduled_at: None,
            claims: Vec::new(),
        }
    }

    /// The current run and the one beside it.
    pub(super) fn runs(&self) -> impl Iterator<Item = &Run> {
        self.current.iter().chain(self.beside.iter().map(|beside| &beside.run))
    }

    /// The run of that generation.
    pub(super) fn run(&self, generation: Generation) -> Option<&Run> {
        self.runs().find(|run| run.generation == generation)
    }

    /// The run of that generation.
    pub(super) fn run_mut(&mut self, generation: Generation) -> Option<&mut Run> {
        self.current
            .iter_mut()
            .chain(self.beside.iter_mut().map(|beside| &mut beside.run))
            .find(|run| run.generation == generation)
    }

    /// Whether that is the run that serves or comes up.
    pub(super) fn is_current(&self, generation: Generation) -> bool {
        self.current.as_ref().is_some_and(|run| run.generation == generation)
    }

    /// Whether it serves.
    pub(super) fn is_online(&self) -> bool {
        self.phase == Phase::Running
            && self.current.as_ref().is_some_and(|run| run.stage == Stage::Online)
    }

    /// Whether its process runs or comes up, or is about to be started again.
    pub(super) fn is_alive(&self) -> bool {
        match &self.phase {
            Phase::Stopped | Phase::Errored => false,
            Phase::Running | Phase::Waiting { .. } => true,
            Phase::Ending { then, .. } => matches!(then, Then::Launch { .. } | Then::Wait { .. }),
        }
    }

    /// Whether it serves as a cluster worker, so that it can be replaced without a gap.
    pub(super) fn serves_as_worker(&self) -> bool {
        self.is_online()
            && self.current.as_ref().is_some_and(|run| run.spec.mode == ExecMode::Cluster)
    }

    /// Whether one of its runs outlived SIGKILL.
    pub(super) fn is_unkillable(&self) -> bool {
        self.runs().any(|run| run.stage == Stage::Outlived)
    }

    /// Whether a start by hand counts as a restart: something runs that it puts an end to.
    pub(super) fn restart_counts(&self) -> bool {
        match &self.phase {
            Phase::Running => true,
            Phase::Ending { then: Then::Launch { counted }, asked: true } => *counted,
            Phase::Stopped | Phase::Errored | Phase::Waiting { .. } | Phase::Ending { .. } => false,
        }
    }
}
