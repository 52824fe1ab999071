//! One run: a process from its spawn until nothing of it is left.

use crate::event::Ending;
use crate::id::Generation;
use crate::signal::Signal;
use crate::spec::{AppSpec, ExecMode};
use crate::time::{Mono, Now, Wall};
use crate::{Scope, action::FailureReason};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A worker whose channel is closed has this long, in ms, to leave by itself before it is signalled.
const LEAVE_MS: u64 = 1000;
/// A process that was sent SIGKILL has at least this long, in ms, until it counts as unkillable.
const DIE_MS: u64 = 2000;

/// One run of an instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) generation: Generation,
    /// Absent until the world says that there is a process.
    pub(super) pid: Option<u32>,
    pub(super) started: Mono,
    pub(super) started_at: Wall,
    /// Moved by [`super::Supervisor::enter`] alone.
    pub(super) stage: Stage,
    /// When the stage is over, whatever happens.
    pub(super) due: Option<Mono>,
    /// Its runtime is up (cluster workers).
    pub(super) up: bool,
    /// It has listened on a server (cluster workers).
    pub(super) listening: bool,
    /// It said `ready` before it was counted as up.
    pub(super) ready: bool,
    /// What it was started with, which also says how it is stopped.
    #[serde(skip)]
    pub(super) spec: Arc<AppSpec>,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// Started, not up yet.
    Launching,
    /// Up.
    Online,
    /// Replaced or surplus: finishes its connections.
    Draining,
    /// Its channel is closed; about to leave by itself.
    Leaving,
    /// It was asked to stop.
    Stopping,
    /// It was sent SIGKILL.
    Killed,
    /// It outlived SIGKILL.
    Outlived,
    /// Its main process is gone; what it left behind is being ended.
    Sweeping,
}

/// The second run of an instance, next to the one that serves.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Beside {
    pub(super) role: Role,
    pub(super) run: Run,
}

/// Why there is a second run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    /// It comes up to take over.
    Successor,
    /// It was to take over and failed; it is being ended.
    Failed(FailureReason),
    /// It has been replaced and goes.
    Retired,
}

impl Run {
    /// A run that is about to be started.
    pub(super) fn new(generation: Generation, now: Now, spec: Arc<AppSpec>) -> Self {
        Self {
            generation,
            pid: None,
            started: now.mono,
            started_at: now.wall,
            stage: Stage::Launching,
            due: None,
            up: false,
            listening: false,
            ready: false,
            spec,
        }
    }

    /// Whether what it has shown makes it up, when it is the only one.
    pub(super) fn is_up(&self) -> bool {
        self.pid.is_some()
            && match (self.spec.ready.wait, self.spec.mode) {
                (true, _) => self.ready,
                (false, ExecMode::Fork) => true,
                (false, ExecMode::Cluster) => self.up || self.listening,
            }
    }

    /// Whether what it has shown makes it fit to take over from another.
    pub(super) fn can_take_over(&self) -> bool {
        self.pid.is_some() && if self.spec.ready.wait { self.ready } else { self.listening }
    }

    /// Whether being alive when its time is over makes it fit to take over: the one it replaces
    /// showed no more than that.
    pub(super) fn is_as_good_as(&self, old: &Run) -> bool {
        if self.spec.ready.wait { old.spec.ready.wait && !old.ready } else { !old.listening }
    }

    /// When `stage`, entered now, is over.
    pub(super) fn deadline(&self, stage: Stage, now: Mono) -> Option<Mono> {
        let stop = &self.spec.stop;
        // What has no process yet cannot be late, nor be signalled.
        self.pid?;
        match stage {
            Stage::Launching if self.spec.ready.wait || self.spec.mode == ExecMode::Cluster => {
                Some(now.after(self.spec.ready.timeout_ms))
            }
            Stage::Draining => Some(now.after(stop.drain_timeout_ms)),
            Stage::Leaving => Some(now.after(LEAVE_MS)),
            Stage::Stopping => Some(now.after(stop.kill_timeout_ms)),
            Stage::Killed => Some(now.after(stop.kill_timeout_ms.max(DIE_MS))),
            Stage::Online => self.spec.ready.watchdog_ms.map(|wait| now.after(wait)),
            Stage::Launching | Stage::Outlived | Stage::Sweeping => None,
        }
    }

    /// What its deadline is for.
    pub(super) fn awaits(&self) -> &'static str {
        match self.stage {
            Stage::Launching => "ready",
            Stage::Draining => "drain",
            Stage::Leaving => "leave",
            Stage::Stopping => "kill",
            Stage::Killed => "death",
            Stage::Online => "pulse",
            Stage::Outlived | Stage::Sweeping => "",
        }
    }

    /// Whom its signals reach.
    pub(super) fn scope(&self) -> Scope {
        if self.spec.stop.treekill { Scope::Tree } else { Scope::Main }
    }

    /// The signal that asks it to stop.
    pub(super) fn stop_signal(&self) -> Signal {
        self.spec.stop.signal
    }

    /// It ended by itself, too early for whoever counted on it.
    pub(super) fn ended_early(&self, how: Ending, now: Mono) -> FailureReason {
        FailureReason::ExitedEarly { how, after_ms: now.since(self.started) }
    }
}
