//! Everything the world can be asked to do.

use crate::event::{Ending, SpawnError};
use crate::id::{CommandId, Generation, ProcId};
use crate::signal::Signal;
use crate::spec::AppSpec;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One thing for the shell to do, in the order given.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Action {
    /// Start a process. Answered by `Spawned` or `SpawnFailed`.
    Spawn {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
        /// Instance number within the app, from 0 (`NODE_APP_INSTANCE`).
        slot: u32,
        /// What to run.
        spec: Arc<AppSpec>,
        /// How often this instance has been restarted (`restart_time`).
        restarts: u32,
    },
    /// Send a signal. A run that is gone is no error.
    Signal {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
        /// The signal.
        signal: Signal,
        /// To whom.
        scope: Scope,
    },
    /// Send a text as a message on the run's channel.
    Message {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
        /// The message, sent as a JSON string.
        text: String,
    },
    /// Hand a cluster worker no more connections and ask it to finish those it has. Answered by
    /// `Disconnected` when it has none left.
    Drain {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
    },
    /// End whatever a run left behind after its main process went: `Swept` follows.
    Sweep {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
    },
    /// The run is over and its exit is acted upon: let go of what was kept for it.
    Forget {
        /// The instance.
        proc: ProcId,
        /// The run.
        generation: Generation,
    },
    /// No instance of this app runs, and none is going to: let go of its listening sockets. May
    /// come again.
    AppGone {
        /// The app.
        name: String,
    },
    /// A command has had its effect; exactly one for each.
    Answer {
        /// The command.
        command: CommandId,
        /// What came of it.
        outcome: Outcome,
    },
    /// Tell whoever listens.
    Publish(Notice),
    /// The table has changed in a way that must outlive the supervisor. Comes before the `Answer`
    /// that promises it.
    Persist,
    /// Everything is stopped; end the daemon.
    Quit,
}

/// Whom a signal reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The main process alone.
    Main,
    /// The main process and all its descendants.
    Tree,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// All of it happened.
    Done {
        /// What was touched, by id.
        affected: Vec<Affected>,
    },
    /// Nothing was begun.
    Refused {
        /// Why.
        refusal: Refusal,
    },
    /// Some of it failed; `affected` is what did happen.
    Failed {
        /// What was touched all the same.
        affected: Vec<Affected>,
        /// What failed, at least one.
        failures: Vec<Failure>,
    },
}

/// One instance that a command touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// The instance.
    pub proc: ProcId,
    /// Its app.
    pub name: String,
    /// What happened to it.
    pub change: Change,
}

/// What a command did to one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Created and running.
    Started,
    /// Created and running, but `ready` did not come within `listen_timeout`; counted as up, as in
    /// PM2.
    StartedUnready,
    /// Created and left stopped (`autostart: false`).
    Registered,
    /// Stopped where it ran, and running anew.
    Restarted,
    /// Replaced without a gap.
    Reloaded,
    /// Asked to be reloaded, and restarted with a gap: it is not a cluster worker that runs.
    RestartedNotReloaded,
    /// Stopped.
    Stopped,
    /// It was stopped already.
    AlreadyStopped,
    /// Stopped and forgotten.
    Deleted,
    /// Its settings are others; what runs goes on.
    Adjusted,
    /// Its counters are 0.
    Reset,
    /// It was sent a signal.
    Signalled,
}

/// Why nothing was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Refusal {
    /// No instance matches.
    NotFound {
        /// The target as typed.
        target: String,
        /// A name that is close to it.
        nearest: Option<String>,
    },
    /// There is nothing in the table (target `all`), or the pattern matches nothing.
    NothingMatches {
        /// The target as typed.
        target: String,
    },
    /// The pattern is not a regular expression.
    BadPattern {
        /// The target as typed.
        target: String,
        /// What is wrong with it.
        why: String,
    },
    /// The app runs already.
    AlreadyRunning {
        /// The app.
        name: String,
    },
    /// A reload of this app is under way.
    ReloadUnderWay {
        /// The app.
        name: String,
    },
    /// The app has that many instances.
    NothingToScale {
        /// The app.
        name: String,
        /// How many it has.
        instances: u32,
    },
    /// A scale below one instance.
    ScaleTooLow {
        /// The app.
        name: String,
        /// How many it has.
        instances: u32,
        /// The change asked for.
        by: i32,
    },
    /// It cannot be given another name.
    NotRenamed {
        /// The app.
        name: String,
        /// The other name.
        to: String,
        /// Another app has that name; else it is one in cluster mode.
        taken: bool,
    },
    /// The daemon is stopping everything.
    ShuttingDown,
    /// The instance has no process.
    NotRunning {
        /// The instance.
        proc: ProcId,
        /// Its app.
        name: String,
    },
}

/// One instance that a command could not bring where it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The instance.
    pub proc: ProcId,
    /// Its app.
    pub name: String,
    /// The run that failed, for its last log lines.
    pub generation: Option<Generation>,
    /// What happened.
    pub reason: FailureReason,
}

/// Why an instance is not where it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FailureReason {
    /// The process could not be started.
    Spawn {
        /// The step and the system's words.
        error: SpawnError,
    },
    /// It ended before it was up.
    ExitedEarly {
        /// How.
        how: Ending,
        /// How long it lived, in ms.
        after_ms: u64,
    },
    /// It was neither ready nor listening in time; in a reload it was ended, and the old one
    /// serves.
    NotReady {
        /// How long was waited, in ms.
        waited_ms: u64,
    },
    /// Not begun, as an instance before it failed; it runs as it did.
    NotAttempted,
    /// Another command changed its fate meanwhile.
    Overtaken,
    /// It outlived SIGKILL.
    Unkillable,
}

/// News for whoever listens: the same happening is the log line, the metric and the bus message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// The instance.
    pub proc: ProcId,
    /// Its app.
    pub name: String,
    /// The run, where there is one.
    pub generation: Option<Generation>,
    /// What happened.
    pub news: News,
}

/// What happened to an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum News {
    /// A run is being started.
    Launching,
    /// A run has a process.
    Spawned {
        /// Its process id.
        pid: u32,
    },
    /// A run is up.
    Online,
    /// `ready` did not come in time; counted as up.
    ReadyTimeout,
    /// A run is being stopped.
    Stopping,
    /// A replaced run finishes its connections.
    Draining,
    /// SIGKILL was sent.
    Killed,
    /// A run ended.
    Exited {
        /// How.
        how: Ending,
        /// Nobody had asked it to, and how it did is no success.
        #[serde(default)]
        crashed: bool,
        /// How long it lived, in ms.
        #[serde(default)]
        lived_ms: u64,
    },
    /// It will be started again after a wait.
    Waiting {
        /// The wait, in ms.
        delay_ms: u64,
    },
    /// The instance is stopped.
    Stopped,
    /// It is given up.
    Errored {
        /// Why.
        reason: String,
    },
    /// A process could not be started.
    SpawnFailed {
        /// Why.
        error: SpawnError,
    },
    /// It is above its memory limit and is restarted.
    MemoryExceeded {
        /// Bytes.
        memory: u64,
        /// Bytes.
        limit: u64,
    },
    /// It has not said for too long that it lives, and is restarted.
    WatchdogMissed {
        /// How often it had to, in ms.
        watchdog_ms: u64,
    },
    /// A time of its schedule has come and it is restarted.
    Scheduled,
    /// Files that it watches have changed and it is restarted.
    FilesChanged {
        /// One of them.
        path: String,
    },
    /// The successor failed and the old run goes on serving.
    ReloadFailed {
        /// Why.
        reason: FailureReason,
    },
    /// The successor serves.
    Reloaded,
    /// It is no longer in the table.
    Deleted,
}
