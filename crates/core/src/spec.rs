//! What a user wants of one app: resolved, validated, plain data.

mod limits;
mod rotation;
mod setting;
mod watch;

pub use limits::{Limits, Measure, Resource, Rlimit};
pub use rotation::{Bound, Compression, RotateOptions, Rotation};
pub use setting::Setting;
pub use watch::WatchOptions;

use crate::signal::Signal;
use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Environment variables in the order they were given.
pub type Env = IndexMap<String, String>;

/// One app, fully resolved by whoever read the user's words: paths are absolute, counts are
/// numbers, units are applied. A field that a newer sender adds is ignored by an older reader, and
/// a missing one has its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppSpec {
    /// The app's name; all instances of one name are one app.
    pub name: String,
    /// Group for bulk actions.
    pub namespace: String,
    /// The file to run, absolute (PM2's `pm_exec_path`). With [`Self::interpreter`] `None` it is
    /// executed itself.
    pub script: Utf8PathBuf,
    /// The program that runs the script, absolute or to be found in the app's `PATH`; `None`
    /// executes the script.
    pub interpreter: Option<Utf8PathBuf>,
    /// Arguments before the script (PM2's `node_args`).
    pub interpreter_args: Vec<String>,
    /// Arguments after the script.
    pub args: Vec<String>,
    /// Working directory, absolute.
    pub cwd: Utf8PathBuf,
    /// Fork or cluster.
    pub mode: ExecMode,
    /// How many instances, at least 1.
    pub instances: u32,
    /// The environment of the shell that started the app, shared between the apps of one start.
    #[serde(skip_serializing_if = "is_empty")]
    pub base_env: Arc<Env>,
    /// Drops each variable of [`Self::base_env`] whose name contains one of these, or is what
    /// follows `=` in one (`""` drops all, `"=PATH"` that one).
    pub filter_env: Vec<String>,
    /// The app's own variables; they win over the base.
    pub env: Env,
    /// Name of the variable that holds the instance number.
    pub instance_var: String,
    /// A variable that grows by one with each instance.
    pub increment_var: Option<String>,
    /// When to start again.
    pub restart: RestartPolicy,
    /// How to stop.
    pub stop: StopPolicy,
    /// When it counts as up.
    pub ready: ReadyPolicy,
    /// Restart above this many bytes of resident memory, whole process tree.
    pub max_memory: Option<u64>,
    /// How connections reach cluster workers.
    pub cluster: ClusterOptions,
    /// Where output goes.
    pub logs: LogOptions,
    /// The pid file as asked for (PM2 inserts `-<id>`); `None` for the default place.
    pub pid_file: Option<Utf8PathBuf>,
    /// Start when registered; `false` registers only.
    pub autostart: bool,
    /// Run as this user id.
    pub uid: Option<u32>,
    /// Run as this group id.
    pub gid: Option<u32>,
    /// Its other groups, for a run as another user; `None` is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<u32>>,
    /// What each run may use and do.
    #[serde(skip_serializing_if = "Limits::is_default")]
    pub limits: Limits,
    /// Who started it, for people to read.
    pub username: String,
    /// The app's version from the nearest `package.json`, or `N/A`.
    pub version: String,
    /// When it is restarted, a cron pattern of five or six fields in local time; the shell computes
    /// the times.
    pub cron: Option<String>,
    /// Whether it is restarted when files change.
    #[serde(skip_serializing_if = "WatchOptions::is_default")]
    pub watch: WatchOptions,
    /// PM2's `pmx`, which is on unless it is turned off; kept for PM2's outputs.
    pub pmx: bool,
    /// Whether `pmx` was asked for by name: then Node loads what tells figures of the app.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pmx_metrics: bool,
    /// Keys that the user gave and that matter to PM2's outputs only, each with its JSON text (this
    /// crate needs no JSON library).
    pub extra: IndexMap<String, String>,
}

fn is_empty(env: &Arc<Env>) -> bool {
    env.is_empty()
}

/// How instances are run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecMode {
    /// A plain process.
    #[default]
    Fork,
    /// A worker of Node's `cluster`; the supervisor is its primary.
    Cluster,
}

/// When an app is started again after it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RestartPolicy {
    /// Start again at all.
    pub autorestart: bool,
    /// This many unstable runs in a row and the instance is errored.
    pub max_restarts: u32,
    /// A run shorter than this, in ms, is unstable.
    pub min_uptime_ms: u64,
    /// Wait this long before a restart, in ms; 0 restarts at once.
    pub delay_ms: u64,
    /// First wait of a growing back-off, in ms; wins over [`Self::delay_ms`].
    pub backoff_ms: Option<u64>,
    /// Exit codes after which it stays stopped.
    pub stop_exit_codes: Vec<i32>,
}

/// How an instance is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StopPolicy {
    /// The first signal.
    pub signal: Signal,
    /// How long it has, in ms, until SIGKILL.
    pub kill_timeout_ms: u64,
    /// Signal the whole tree, and leave nothing of it behind.
    pub treekill: bool,
    /// Send the message `"shutdown"` on the channel in place of the signal.
    pub with_message: bool,
    /// How long a cluster worker that was replaced may finish its connections, in ms, until the
    /// signal.
    pub drain_timeout_ms: u64,
}

/// When an instance counts as up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadyPolicy {
    /// Wait for the message `"ready"`.
    pub wait: bool,
    /// How long to wait for `ready` or a listening server, in ms.
    pub timeout_ms: u64,
    /// Once it is up it has to say that it lives at least so often, in ms; else it is restarted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watchdog_ms: Option<u64>,
}

/// How connections reach cluster workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterOptions {
    /// Who accepts.
    pub policy: ClusterPolicy,
    /// Round robin: how many connections a worker may have that it has not yet acknowledged.
    pub window: u32,
    /// Round robin: the same source address goes to the same instance.
    pub sticky: bool,
    /// End keep-alive connections cleanly when a worker is replaced (a preload of a few lines).
    pub drain: bool,
}

/// Who accepts the connections of a cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClusterPolicy {
    /// The supervisor, which hands them on in turn.
    #[default]
    Rr,
    /// The workers, all from one socket.
    Shared,
    /// The workers, each from its own `SO_REUSEPORT` socket.
    ReusePort,
}

/// Where an app's output goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogOptions {
    /// Standard output.
    pub out: LogTarget,
    /// Standard error.
    pub err: LogTarget,
    /// Both together, where asked for.
    pub combined: LogTarget,
    /// All instances write one file: no `-<id>` in the names.
    pub merge: bool,
    /// Time stamp before each line, in the tokens of PM2 (`YYYY-MM-DD HH:mm:ss`).
    pub date_format: Option<String>,
    /// One JSON object a line.
    pub json: bool,
    /// Keep nothing and publish nothing.
    pub disabled: bool,
    /// When its files are put aside, where that differs from all others.
    #[serde(skip_serializing_if = "RotateOptions::is_default")]
    pub rotate: RotateOptions,
}

/// One log file as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogTarget {
    /// The usual place in the home's `logs/` (for the combined log: none).
    #[default]
    Default,
    /// Not kept (`/dev/null`, `NULL`).
    Off,
    /// This file, before `-<id>` is inserted: absolute, or relative to the home's `logs/`.
    File(Utf8PathBuf),
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            autorestart: true,
            max_restarts: 16,
            min_uptime_ms: 1000,
            delay_ms: 0,
            backoff_ms: None,
            stop_exit_codes: Vec::new(),
        }
    }
}

impl Default for StopPolicy {
    fn default() -> Self {
        Self {
            signal: Signal::INT,
            kill_timeout_ms: 1600,
            treekill: true,
            with_message: false,
            drain_timeout_ms: 8000,
        }
    }
}

impl Default for ReadyPolicy {
    fn default() -> Self {
        Self { wait: false, timeout_ms: 3000, watchdog_ms: None }
    }
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self { policy: ClusterPolicy::Rr, window: 2, sticky: false, drain: true }
    }
}

/// The key of [`AppSpec::extra`] that marks a module.
pub const MODULE: &str = "pmx_module";
/// The key of [`AppSpec::extra`] that says whether git is asked for the app's commit.
pub const VIZION: &str = "vizion";
/// The key of [`AppSpec::extra`] that holds the working directory where the user gave one.
pub const CWD: &str = "cwd";
/// The key of [`AppSpec::extra`] that marks a module which is this program itself.
pub const BUILT_IN: &str = "rpm_built_in";

impl AppSpec {
    /// Whether it is a module: an app that serves the others and is not meant by `all`.
    pub fn is_module(&self) -> bool {
        self.has(MODULE)
    }

    /// Whether it is part of the saved list. Modules are started by their being installed, but for
    /// those that are not installed.
    pub fn is_saved(&self) -> bool {
        !self.is_module() || self.has(BUILT_IN)
    }

    fn has(&self, key: &str) -> bool {
        self.extra.get(key).is_some_and(|value| value == "true")
    }

    /// Whether git is asked for its commit.
    pub fn is_versioned(&self) -> bool {
        self.extra.get(VIZION).is_none_or(|value| value != "false")
    }

    /// Where its code may be, the likeliest first: in the working directory where the user gave
    /// one, else beside its script.
    pub fn code_folders(&self) -> impl Iterator<Item = &Utf8Path> {
        let is_given = self.extra.contains_key(CWD);
        let script = self.script.parent().filter(|_| !is_given && self.script.is_absolute());
        script.into_iter().chain([&*self.cwd])
    }
}

impl Default for AppSpec {
    fn default() -> Self {
        Self {
            name: String::new(),
            namespace: "default".to_owned(),
            script: Utf8PathBuf::new(),
            interpreter: None,
            interpreter_args: Vec::new(),
            args: Vec::new(),
            cwd: Utf8PathBuf::from("/"),
            mode: ExecMode::Fork,
            instances: 1,
            base_env: Arc::default(),
            filter_env: Vec::new(),
            env: Env::new(),
            instance_var: "NODE_APP_INSTANCE".to_owned(),
            increment_var: None,
            restart: RestartPolicy::default(),
            stop: StopPolicy::default(),
            ready: ReadyPolicy::default(),
            max_memory: None,
            cluster: ClusterOptions::default(),
            logs: LogOptions::default(),
            pid_file: None,
            autostart: true,
            uid: None,
            gid: None,
            groups: None,
            limits: Limits::default(),
            username: String::new(),
            version: "N/A".to_owned(),
            pmx: true,
            pmx_metrics: false,
            cron: None,
            watch: WatchOptions::default(),
            extra: IndexMap::new(),
        }
    }
}
