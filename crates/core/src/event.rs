//! Everything that can happen.

use crate::id::{CommandId, Generation, ProcId};
use crate::select::Target;
use crate::signal::Signal;
use crate::spec::{AppSpec, Env, Setting};
use crate::time::Wall;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One happening. The shell hands each to [`crate::supervisor::Supervisor::step`] with the time.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A client asks for something; exactly one [`crate::Action::Answer`] with this id follows, now
    /// or later.
    Command {
        /// Names the command in its answer.
        id: CommandId,
        /// What is asked.
        command: Command,
    },
    /// A run has a process.
    Spawned {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
        /// Its process id.
        pid: u32,
    },
    /// A run could not be started; it never had a process.
    SpawnFailed {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
        /// What failed.
        error: SpawnError,
    },
    /// The main process of a run is gone.
    Exited {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
        /// How it ended.
        how: Ending,
    },
    /// Nothing of a run's process tree is left ([`crate::Action::Sweep`] is done).
    Swept {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
    },
    /// A cluster worker's runtime is up: its first line is about to run.
    Up {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
    },
    /// A cluster worker listens on a server. May come several times.
    Listening {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
    },
    /// The app said `ready`.
    Ready {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
    },
    /// The channel to a run is closed: a drained worker has no connection left, or an app gave it
    /// up.
    Disconnected {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
    },
    /// The app says that it lives, see [`crate::spec::ReadyPolicy::watchdog_ms`].
    Pulse {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
    },
    /// Resident memory of a run's process tree, in bytes.
    Sampled {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
        /// Bytes.
        memory: u64,
    },
    /// A time of an instance's schedule has come.
    Scheduled {
        /// The instance.
        proc: ProcId,
        /// The time by the schedule. The same time counts once, also when it is told again after the
        /// supervisor was replaced or the clock was set back.
        at: Wall,
    },
    /// Files that an app watches have changed, and no more did for a while.
    FilesChanged {
        /// The app.
        app: String,
        /// One of them, to be shown.
        path: String,
    },
    /// A deadline may have come. Harmless when none has.
    Woke,
}

impl Event {
    /// The run that it tells of.
    pub fn run(&self) -> Option<(ProcId, Generation)> {
        match *self {
            Self::Spawned { proc, generation, .. }
            | Self::SpawnFailed { proc, generation, .. }
            | Self::Exited { proc, generation, .. }
            | Self::Swept { proc, generation }
            | Self::Up { proc, generation }
            | Self::Listening { proc, generation }
            | Self::Ready { proc, generation }
            | Self::Disconnected { proc, generation }
            | Self::Pulse { proc, generation }
            | Self::Sampled { proc, generation, .. } => Some((proc, generation)),
            Self::Command { .. }
            | Self::Scheduled { .. }
            | Self::FilesChanged { .. }
            | Self::Woke => None,
        }
    }
}

/// What a client can ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Make these apps run: those whose name is unknown are created; what becomes of the others
    /// says `existing`.
    Apply {
        /// The apps, in the order to start them.
        apps: Vec<AppSpec>,
        /// What becomes of apps that exist.
        existing: Existing,
        /// How many instances of one app a reload replaces at a time; `None` for the default.
        parallel: Option<u32>,
    },
    /// Start by name or id: what is down is started, what is up is restarted, as in PM2.
    Start {
        /// Which.
        targets: Vec<Target>,
        /// Variables to merge over the app's own.
        env: Option<Env>,
        /// Settings to change.
        settings: Vec<Setting>,
    },
    /// Stop and keep in the table.
    Stop {
        /// Which.
        targets: Vec<Target>,
        /// Settings to change.
        settings: Vec<Setting>,
    },
    /// Stop and start.
    Restart {
        /// Which.
        targets: Vec<Target>,
        /// Variables to merge over the app's own.
        env: Option<Env>,
        /// Settings to change.
        settings: Vec<Setting>,
    },
    /// Replace cluster workers without a gap; fork-mode instances are restarted.
    Reload {
        /// Which.
        targets: Vec<Target>,
        /// Variables to merge over the app's own.
        env: Option<Env>,
        /// Settings to change.
        settings: Vec<Setting>,
        /// How many instances of one app at a time; `None` for the default.
        parallel: Option<u32>,
    },
    /// Stop and forget.
    Delete {
        /// Which.
        targets: Vec<Target>,
    },
    /// Change the number of instances of one app.
    Scale {
        /// The app's name.
        name: String,
        /// The wanted number.
        to: ScaleTo,
    },
    /// Change settings, and leave what runs as it is.
    Adjust {
        /// Which.
        targets: Vec<Target>,
        /// Settings to change.
        settings: Vec<Setting>,
    },
    /// Set the counters of restarts to 0.
    Reset {
        /// Which.
        targets: Vec<Target>,
    },
    /// Send a signal to the main process.
    Signal {
        /// Which.
        targets: Vec<Target>,
        /// The signal.
        signal: Signal,
    },
    /// Stop everything; [`crate::Action::Quit`] follows the answer.
    Shutdown,
}

/// What [`Command::Apply`] does with an app that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Existing {
    /// Give it the new spec and restart it; the number of instances follows the spec.
    Restart,
    /// Give it the new spec and reload it; the number of instances follows the spec.
    Reload,
    /// As PM2's `start script.js`: an app of that name and script that is down is started, one that
    /// is up is refused.
    Refuse,
    /// Create another app beside it (`--force`).
    Duplicate,
}

/// The wanted number of instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleTo {
    /// This many; 0 deletes the app.
    Exactly(u32),
    /// So many more, or fewer when negative. Never below 1.
    By(i32),
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(Signal),
    /// It is gone, and nobody could learn how.
    Unknown,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "{signal}"),
            Self::Unknown => f.write_str("unknown exit status"),
        }
    }
}

/// Why a process could not be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpawnError {
    /// The step that failed, as a fragment: `running /srv/app.js`, `changing to /srv`.
    pub what: String,
    /// The error number of the system call, `errno(3)`; 0 when it was not one.
    pub errno: i32,
    /// The system's words for it.
    pub why: String,
}
