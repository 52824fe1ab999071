//! A process, at a glance and in detail.

use super::{clean, number};
use rpm_core::spec::ExecMode;
use rpm_proto::observed::Watched;
use rpm_proto::{Detail, redact};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// So many figures of an app are told.
const FIGURES_MAX: usize = 64;

/// One process with its figures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Process {
    /// PM2's `pm_id`.
    id: u32,
    /// The app.
    name: String,
    /// Its namespace.
    namespace: String,
    /// The app's version, or `N/A`.
    version: String,
    /// `fork` or `cluster`.
    mode: &'static str,
    /// The instance's number within the app.
    instance: u32,
    /// PM2's word: `online`, `launching`, `stopping`, `stopped`, `errored`, `waiting restart`.
    status: String,
    /// Its process; 0 when it has none.
    pid: u32,
    /// How often it was restarted.
    restarts: u32,
    /// Unstable runs in a row.
    unstable_restarts: u32,
    /// When it was created, in ms since 1970.
    created_at: i64,
    /// When the run was started, in ms since 1970; 0 when it never was.
    started_at: i64,
    /// CPU in percent of one core, whole process tree.
    cpu: f32,
    /// Bytes of resident memory, whole process tree.
    memory: u64,
    /// How the last run ended, such as `exit code 1` or `SIGSEGV`.
    last_exit: Option<String>,
    /// Why it is errored.
    error: Option<String>,
    /// Who runs it.
    user: String,
    /// Whether a change of its files restarts it.
    watching: bool,
    /// Whether it serves the others and is not meant by `all`.
    module: bool,
    /// CPU time of the run, whole process tree, in seconds.
    cpu_seconds: f64,
    /// Open descriptors of the main process, where they can be counted.
    descriptors: Option<u64>,
    /// Bytes of output that were read from the run.
    log_bytes: u64,
    /// Mean delay of the event loop, in ms.
    event_loop_ms: Option<f64>,
    /// The delay that 95 of 100 turns stay below, in ms.
    event_loop_p95_ms: Option<f64>,
    /// Answered HTTP requests a second.
    requests_per_s: Option<f64>,
    /// Mean time of an HTTP answer, in ms.
    request_ms: Option<f64>,
    /// Bytes of the heap that are in use.
    heap_used: Option<u64>,
    /// Bytes of the heap.
    heap_total: Option<u64>,
    /// Handles that keep the event loop alive.
    handles: Option<u64>,
    /// What the app tells of itself, by name.
    figures: BTreeMap<String, Figure>,
}

/// One figure that an app tells.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Figure {
    /// The value as a number, where it is one.
    pub(crate) number: Option<f64>,
    /// The value as the app wrote it.
    text: String,
    /// Its unit, as the app wrote it.
    pub(crate) unit: Option<String>,
}

impl Figure {
    /// A figure in the form of PM2's `axm_monitor`; `None` for what may be a secret.
    pub(crate) fn read(name: &str, told: &Value) -> Option<Self> {
        if redact::is_secret_name(name) {
            return None;
        }
        let value = told.get("value").unwrap_or(told);
        let text = match value {
            Value::String(text) => redact::text(text),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            _ => return None,
        };
        let unit = told.get("unit").and_then(Value::as_str).filter(|unit| !unit.is_empty());
        Some(Self { number: number(value), text, unit: unit.map(redact::text) })
    }
}

impl Process {
    /// What the daemon said of it.
    pub(crate) fn of(watched: &Watched) -> Self {
        let Watched { view, figures, .. } = watched;
        let told = watched.monitor.iter().take(FIGURES_MAX);
        Self {
            id: view.id,
            name: view.name.clone(),
            namespace: view.namespace.clone(),
            version: view.version.clone(),
            mode: mode(view.mode),
            instance: view.slot,
            status: view.status.to_string(),
            pid: view.pid,
            restarts: view.restarts,
            unstable_restarts: view.unstable,
            created_at: view.created_at,
            started_at: view.started_at,
            cpu: view.cpu,
            memory: view.memory,
            last_exit: view.last_exit.map(|ending| ending.to_string()),
            error: view.error.as_deref().map(redact::text),
            user: view.user.clone(),
            watching: view.watching,
            module: view.module,
            cpu_seconds: watched.cpu_seconds,
            descriptors: watched.descriptors,
            log_bytes: watched.log_bytes,
            event_loop_ms: figures.event_loop_ms,
            event_loop_p95_ms: figures.event_loop_p95_ms,
            requests_per_s: figures.requests_per_s,
            request_ms: figures.request_ms,
            heap_used: figures.heap_used,
            heap_total: figures.heap_total,
            handles: figures.handles,
            figures: told
                .filter_map(|(name, told)| Some((name.clone(), Figure::read(name, told)?)))
                .collect(),
        }
    }
}

/// One process with everything that others may know of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProcessDetail {
    /// At a glance.
    process: Process,
    /// What is run.
    script: String,
    /// What runs it.
    interpreter: Option<String>,
    /// The interpreter's arguments, without secrets.
    interpreter_args: Vec<String>,
    /// The script's arguments, without secrets.
    args: Vec<String>,
    /// Where it runs.
    cwd: String,
    /// The names of its variables. Their values are not told.
    env: Vec<String>,
    /// Where output goes.
    out_log: Option<String>,
    /// Where error output goes.
    err_log: Option<String>,
    /// Whether it is started again when it ends.
    autorestart: bool,
    /// So many unstable runs in a row and it is given up.
    max_restarts: u32,
    /// Restarted above so many bytes of memory.
    max_memory: Option<u64>,
    /// Restarted by time: a cron pattern.
    cron: Option<String>,
    /// How long a stop may take until SIGKILL, in ms.
    kill_timeout_ms: u64,
    /// Limits that this host does not let the daemon enforce.
    unenforced: Vec<String>,
    /// What the app can be asked to do.
    actions: Vec<String>,
    /// The app's own configuration, without secrets.
    #[schema(value_type = Object)]
    options: Value,
    /// The version of its Node.
    node_version: Option<String>,
    /// What it does, in a line of its own.
    doing: Option<String>,
}

impl ProcessDetail {
    /// What the daemon knows of a process, as others may see it.
    pub(crate) fn of(watched: &Watched, detail: &Detail) -> Self {
        let (spec, told) = (&detail.spec, &detail.told);
        let mut env: Vec<String> = detail.env.keys().cloned().collect();
        env.sort();
        let name =
            |action: &Value| action.get("action_name").and_then(Value::as_str).map(redact::text);
        Self {
            process: Process::of(watched),
            script: spec.script.to_string(),
            interpreter: spec.interpreter.as_ref().map(ToString::to_string),
            interpreter_args: redact::args(spec.interpreter_args.iter().map(String::as_str)),
            args: redact::args(spec.args.iter().map(String::as_str)),
            cwd: spec.cwd.to_string(),
            env,
            out_log: detail.out_log.clone(),
            err_log: detail.err_log.clone(),
            autorestart: spec.restart.autorestart,
            max_restarts: spec.restart.max_restarts,
            max_memory: spec.max_memory,
            cron: spec.cron.clone(),
            kill_timeout_ms: spec.stop.kill_timeout_ms,
            unenforced: detail.unenforced.iter().map(|text| redact::text(text)).collect(),
            actions: told.actions.iter().filter_map(name).collect(),
            options: clean("", &Value::Object(told.options.clone())),
            node_version: told.node_version.clone(),
            doing: told.status.as_deref().map(redact::text),
        }
    }
}

fn mode(mode: ExecMode) -> &'static str {
    match mode {
        ExecMode::Fork => "fork",
        ExecMode::Cluster => "cluster",
    }
}
