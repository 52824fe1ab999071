//! A record of PM2's own to a spec. Lenient: a field of the wrong kind has its default, for at
//! this hour (a machine has just booted) an app that runs is better than an error.

use crate::env::is_ours;
use crate::names::file_name;
use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::spec::{
    AppSpec, BUILT_IN, CWD, ClusterOptions, Env, ExecMode, LogOptions, LogTarget, MODULE,
    ReadyPolicy, RestartPolicy, StopPolicy, VIZION,
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Fields that are kept as they are.
const KEPT: [&str; 11] = [
    CWD,
    "watch",
    "ignore_watch",
    "watch_delay",
    "watch_options",
    "cron_restart",
    "source_map_support",
    "post_update",
    "force",
    MODULE,
    BUILT_IN,
];

type Record = Map<String, Value>;

/// The spec of one instance; the error names what is missing.
pub(crate) fn spec(record: &Record) -> Result<AppSpec, &'static str> {
    let name = text(record, "name").ok_or("name")?;
    let script = text(record, "pm_exec_path").ok_or("pm_exec_path")?;
    let mode = match text(record, "exec_mode").as_deref() {
        Some("cluster_mode" | "cluster") => ExecMode::Cluster,
        _ => ExecMode::Fork,
    };
    let interpreter = text(record, "exec_interpreter").or_else(|| {
        let is_node = mode == ExecMode::Cluster || Utf8Path::new(&script).extension() == Some("js");
        is_node.then(|| "node".to_owned())
    });
    let usual = AppSpec::default();
    let mut spec = AppSpec {
        namespace: text(record, "namespace").unwrap_or(usual.namespace),
        cwd: text(record, "pm_cwd").map_or(usual.cwd, Utf8PathBuf::from),
        script: script.into(),
        interpreter: interpreter.filter(|path| path != "none").map(Utf8PathBuf::from),
        interpreter_args: words(record, "node_args"),
        args: words(record, "args"),
        mode,
        instance_var: text(record, "instance_var").unwrap_or(usual.instance_var),
        increment_var: text(record, "increment_var"),
        restart: restart(record),
        stop: stop(record),
        ready: ready(record),
        max_memory: number(record, "max_memory_restart").filter(|limit| *limit > 0),
        cluster: ClusterOptions::default(),
        logs: logs(record, &name),
        pid_file: pid_file(record, &name),
        autostart: flag(record, "autostart").unwrap_or(true),
        uid: number(record, "uid").and_then(|id| id.try_into().ok()),
        gid: number(record, "gid").and_then(|id| id.try_into().ok()),
        username: text(record, "username").unwrap_or_default(),
        version: text(record, "version").unwrap_or(usual.version),
        pmx: flag(record, "pmx").unwrap_or(true),
        pmx_metrics: flag(record, "pmx_metrics").unwrap_or(false),
        watch: super::watch::options(record),
        name,
        ..AppSpec::default()
    };
    for key in KEPT {
        if let Some(value) = record.get(key).filter(|value| **value != Value::Bool(false)) {
            spec.extra.insert(key.to_owned(), value.to_string());
        }
    }
    if flag(record, VIZION) == Some(false) {
        spec.extra.insert(VIZION.to_owned(), false.to_string());
    }
    spec.cron = text(record, "cron_restart").filter(|pattern| pattern != "0");
    environment(&mut spec, record);
    Ok(spec)
}

/// The instance's number within its app.
pub(super) fn slot(record: &Record) -> u64 {
    let name = text(record, "instance_var");
    number(record, name.as_deref().unwrap_or("NODE_APP_INSTANCE")).unwrap_or(0)
}

fn restart(record: &Record) -> RestartPolicy {
    let usual = RestartPolicy::default();
    let codes = match record.get("stop_exit_codes") {
        Some(Value::Array(codes)) => codes.as_slice(),
        Some(code) => std::slice::from_ref(code),
        None => &[],
    };
    let code = |code: &Value| count(code).and_then(|code| i32::try_from(code).ok());
    RestartPolicy {
        autorestart: flag(record, "autorestart").unwrap_or(usual.autorestart),
        max_restarts: number(record, "max_restarts")
            .and_then(|max| max.try_into().ok())
            .unwrap_or(usual.max_restarts),
        min_uptime_ms: number(record, "min_uptime").unwrap_or(usual.min_uptime_ms),
        delay_ms: number(record, "restart_delay").unwrap_or(usual.delay_ms),
        backoff_ms: number(record, "exp_backoff_restart_delay").filter(|wait| *wait > 0),
        stop_exit_codes: codes.iter().filter_map(code).collect(),
    }
}

fn stop(record: &Record) -> StopPolicy {
    let usual = StopPolicy::default();
    StopPolicy {
        signal: text(record, "kill_signal")
            .and_then(|name| name.parse().ok())
            .unwrap_or(usual.signal),
        kill_timeout_ms: number(record, "kill_timeout").unwrap_or(usual.kill_timeout_ms),
        treekill: flag(record, "treekill").unwrap_or(usual.treekill),
        with_message: flag(record, "shutdown_with_message").unwrap_or(usual.with_message),
        drain_timeout_ms: usual.drain_timeout_ms,
    }
}

fn ready(record: &Record) -> ReadyPolicy {
    let usual = ReadyPolicy::default();
    ReadyPolicy {
        wait: flag(record, "wait_ready").unwrap_or(usual.wait),
        timeout_ms: number(record, "listen_timeout").unwrap_or(usual.timeout_ms),
        watchdog_ms: number(record, "watchdog").filter(|wait| *wait > 0),
    }
}

fn logs(record: &Record, name: &str) -> LogOptions {
    let merge = flag(record, "merge_logs").unwrap_or(false);
    let base = file_name(name);
    let target = |key: &str, usual: &str| match text(record, key).as_deref() {
        None | Some("") => LogTarget::Default,
        Some("/dev/null" | "NULL") => LogTarget::Off,
        Some(path) => {
            let path = if merge { path.to_owned() } else { without_id(path, ".log") };
            if is_default(record, &path, "logs", usual) {
                LogTarget::Default
            } else {
                LogTarget::File(path.into())
            }
        }
    };
    let combined = match target("pm_log_path", &format!("{base}.log")) {
        LogTarget::Default if record.contains_key("pm_log_path") => {
            LogTarget::File(format!("{base}.log").into())
        }
        other => other,
    };
    LogOptions {
        out: target("pm_out_log_path", &format!("{base}-out.log")),
        err: target("pm_err_log_path", &format!("{base}-error.log")),
        combined,
        merge,
        date_format: text(record, "log_date_format").filter(|format| !format.is_empty()),
        json: text(record, "log_type").as_deref() == Some("json"),
        disabled: flag(record, "disable_logs").unwrap_or(false),
        rotate: rpm_core::spec::RotateOptions::default(),
    }
}

fn pid_file(record: &Record, name: &str) -> Option<Utf8PathBuf> {
    let path = without_id(&text(record, "pm_pid_path")?, ".pid");
    let usual = format!("{}.pid", file_name(name));
    (!is_default(record, &path, "pids", &usual)).then(|| path.into())
}

/// Whether the path is the usual one, in the home that the record tells of, or in one that looks
/// like a home.
fn is_default(record: &Record, path: &str, dir: &str, usual: &str) -> bool {
    let path = Utf8Path::new(path);
    let told = record.get("env").and_then(|env| env.get("PM2_HOME")).and_then(Value::as_str);
    let home = text(record, "PM2_HOME").or_else(|| told.map(str::to_owned));
    let in_dir = path.parent().filter(|parent| parent.file_name() == Some(dir));
    path.file_name() == Some(usual)
        && in_dir.and_then(Utf8Path::parent).is_some_and(|found| match &home {
            Some(home) => found == Utf8Path::new(home),
            None => matches!(found.file_name(), Some(".pm2" | ".rpm")),
        })
}

/// The path before `-<id>` was inserted.
fn without_id(path: &str, extension: &str) -> String {
    let stem = path.strip_suffix(extension).and_then(|path| path.rsplit_once('-'));
    match stem {
        Some((stem, id)) if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{stem}{extension}")
        }
        _ => path.to_owned(),
    }
}

/// The saved environment is the base: PM2 doesn't tell the shell's part from the app's. What
/// `filter_env` dropped is gone already.
fn environment(spec: &mut AppSpec, record: &Record) {
    let Some(Value::Object(saved)) = record.get("env") else {
        return;
    };
    let module_conf = |key: &str, value: &Value| key == spec.name && *value == "{}";
    let mut env = Env::new();
    let mut typed = Record::new();
    for (key, value) in saved {
        if is_ours(key, spec) || module_conf(key, value) {
            continue;
        }
        if let Value::Number(_) | Value::Bool(_) = value {
            typed.insert(key.clone(), value.clone());
        }
        env.insert(key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    if let Some(name) = &spec.increment_var
        && let Some(value) = env.get_mut(name)
        && let Ok(count) = value.parse::<i64>()
    {
        let slot = i64::try_from(slot(record)).unwrap_or(0);
        *value = count.saturating_sub(slot).to_string();
        typed.shift_remove(name);
    }
    spec.base_env = Arc::new(env);
    if !typed.is_empty() {
        spec.extra.insert("env".to_owned(), Value::Object(typed).to_string());
    }
}

fn text(record: &Record, key: &str) -> Option<String> {
    match record.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn flag(record: &Record, key: &str) -> Option<bool> {
    match record.get(key)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn number(record: &Record, key: &str) -> Option<u64> {
    count(record.get(key)?).and_then(|count| count.try_into().ok())
}

fn count(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn words(record: &Record, key: &str) -> Vec<String> {
    match record.get(key) {
        Some(Value::Array(words)) => words
            .iter()
            .filter(|word| !word.is_null())
            .map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned))
            .collect(),
        Some(Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
