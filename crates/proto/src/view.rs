//! Processes as clients see them.

use crate::provenance::Provenance;
use rpm_core::spec::{AppSpec, Env, ExecMode};
use rpm_core::{Ending, Status};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One process: enough for the tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessView {
    /// PM2's `pm_id`.
    pub id: u32,
    /// The app.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The app's version, or `N/A`.
    pub version: String,
    /// Fork or cluster.
    pub mode: ExecMode,
    /// Instance number within the app.
    pub slot: u32,
    /// Where it stands.
    pub status: Status,
    /// Its process; 0 when it has none.
    pub pid: u32,
    /// How often it was restarted.
    pub restarts: u32,
    /// Unstable runs in a row.
    pub unstable: u32,
    /// When it was created, ms since 1970.
    pub created_at: i64,
    /// When the run was started, ms since 1970; 0 when it never was.
    pub started_at: i64,
    /// CPU, in percent of one core, whole process tree.
    pub cpu: f32,
    /// Resident memory in bytes, whole process tree.
    pub memory: u64,
    /// How the last run ended.
    #[serde(default)]
    pub last_exit: Option<Ending>,
    /// Why it is errored.
    #[serde(default)]
    pub error: Option<String>,
    /// Who runs it.
    pub user: String,
    /// Whether a change of its files restarts it.
    #[serde(default)]
    pub watching: bool,
    /// Whether it is a module.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub module: bool,
}

/// One process with everything known of it. Holds the environment: for its owner only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// What the tables show.
    pub view: ProcessView,
    /// What the user wants of the app, with an empty `base_env`.
    pub spec: AppSpec,
    /// The environment that the process was given, whole.
    pub env: Env,
    /// Where output goes; `None` when it is not kept.
    pub out_log: Option<String>,
    /// Where error output goes.
    pub err_log: Option<String>,
    /// Where both go together.
    pub combined_log: Option<String>,
    /// The pid file.
    pub pid_file: String,
    /// The last wait of a growing back-off, in ms.
    pub backoff_ms: u64,
    /// Limits that this host does not let us enforce, each with the reason.
    #[serde(default)]
    pub unenforced: Vec<String>,
    /// What the app tells of itself.
    #[serde(default, skip_serializing_if = "Told::is_silent")]
    pub told: Told,
    /// What code it runs.
    #[serde(default, skip_serializing_if = "Provenance::is_unknown")]
    pub provenance: Provenance,
}

/// What the run of an app has told of itself, in the words of PM2's libraries and of `sd_notify(3)`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// What it can be asked to do, each with its `action_name`.
    pub actions: Vec<Value>,
    /// Figures, by name.
    pub monitor: Map<String, Value>,
    /// Its configuration, by name.
    pub options: Map<String, Value>,
    /// The version of its Node.
    pub node_version: Option<String>,
    /// What it does, in a line (`STATUS=`).
    pub status: Option<String>,
    /// It has told that it stops (`STOPPING=1`).
    pub stops: bool,
}

impl Told {
    /// Whether it has told nothing.
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }
}
