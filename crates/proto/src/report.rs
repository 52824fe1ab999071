//! What the daemon tells of itself for a bug report. What looks like a secret is left out already,
//! see [`crate::redact`].

use rpm_core::spec::{Env, ExecMode, Limits};
use rpm_core::{Ending, Status};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The daemon and its apps. A field that an older daemon does not tell has its default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Version of the daemon.
    pub version: String,
    /// Version of its wire.
    pub protocol: u32,
    /// Its home.
    pub home: String,
    /// The parent of all.
    pub keeper: Usage,
    /// The one that decides.
    pub supervisor: Usage,
    /// Since when this supervisor has been there, in ms.
    pub uptime_ms: u64,
    /// How often the supervisor was replaced since the keeper began.
    pub replaced: u64,
    /// Counters and sizes by name, such as `clients.refused.other_user`.
    pub figures: BTreeMap<String, u64>,
    /// What bounds the daemon's memory, by name.
    pub bounds: BTreeMap<String, u64>,
    /// The processes, by id.
    pub apps: Vec<ReportedApp>,
    /// What is not as it should be, in words.
    pub warnings: Vec<String>,
}

/// What a process of ours uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// The process.
    pub pid: u32,
    /// Memory in bytes; what is shared is divided by those who share it.
    pub memory: u64,
    /// Open descriptors.
    pub descriptors: u64,
    /// How many it may have.
    pub descriptors_max: u64,
}

/// One process, as others may see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportedApp {
    /// PM2's `pm_id`.
    pub id: u32,
    /// The app.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its version.
    pub version: String,
    /// Fork or cluster.
    pub mode: ExecMode,
    /// Where it stands.
    pub status: Status,
    /// Its process; 0 when it has none.
    pub pid: u32,
    /// How often it was restarted.
    pub restarts: u32,
    /// Unstable runs in a row.
    pub unstable: u32,
    /// When the run was started, ms since 1970; 0 when it never was.
    pub started_at: i64,
    /// Percent of one core.
    pub cpu: f32,
    /// Resident memory in bytes.
    pub memory: u64,
    /// How the last run ended.
    pub last_exit: Option<Ending>,
    /// Why it is errored.
    pub error: Option<String>,
    /// The script.
    pub script: String,
    /// What runs it.
    pub interpreter: Option<String>,
    /// All arguments, without secrets.
    pub args: Vec<String>,
    /// The app's own variables, without secrets.
    pub env: Env,
    /// What it may use.
    pub limits: Limits,
    /// Limits that the host does not let us enforce.
    pub unenforced: Vec<String>,
}
