//! The environment of a process.
//!
//! Four layers, the later wins:
//!
//! 1. the shell's environment, without what `filter_env` drops, and without the variables by which
//!    another manager's process (the shell may run in one) would be known;
//! 2. what PM2 tells its processes: `name`, `pm_exec_path`, `status`, ... ([`TOLD`]);
//! 3. the app's own variables: who writes `name` in `env` means it;
//! 4. what tells this instance from others and must be right: `pm_id`, the instance number, the
//!    home, and `increment_var`.

use crate::names::Paths;
use camino::Utf8Path;
use rpm_core::spec::{AppSpec, Env, ExecMode};
use serde_json::Value;

/// The variables of layer 2.
pub const TOLD: [&str; 31] = [
    "name",
    "namespace",
    "version",
    "exec_mode",
    "exec_interpreter",
    "pm_exec_path",
    "pm_cwd",
    "pm_out_log_path",
    "pm_err_log_path",
    "pm_log_path",
    "pm_pid_path",
    "instances",
    "instance_var",
    "restart_time",
    "username",
    "status",
    "unique_id",
    "merge_logs",
    "autorestart",
    "autostart",
    "treekill",
    "pmx",
    "automation",
    "watch",
    "vizion",
    "vizion_running",
    "km_link",
    "kill_retry_time",
    "windowsHide",
    "PM2_USAGE",
    "PM2_HOME",
];

/// What Node and managers tell one process and its children must not believe. The first ones are
/// always dropped from the shell's environment: Node would take a number of another process's
/// descriptor for its own, or believe to be a worker, and what is meant for us would be told to the
/// manager of the shell.
const STALE: [&str; 12] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "NODE_CHANNEL_FD",
    "NODE_CHANNEL_SERIALIZATION_MODE",
    "NODE_UNIQUE_ID",
    "NODE_APP_INSTANCE",
    "pm_id",
    "pm_uptime",
    "created_at",
    "unstable_restarts",
    "PM2_JSON_PROCESSING",
];
const STALE_ALWAYS: usize = 6;

/// The whole environment of instance `id` with the number `slot` within its app.
pub fn child_env(
    spec: &AppSpec,
    id: u32,
    slot: u32,
    restarts: u32,
    paths: &Paths,
    home: &Utf8Path,
) -> Env {
    let mut env = inherited(spec);
    tell(&mut env, spec, id, restarts, paths, home);
    if runs_python(spec) {
        env.entry("PYTHONUNBUFFERED".to_owned()).or_insert_with(|| "1".to_owned());
    }
    env.extend(spec.env.iter().map(|(key, value)| (key.clone(), value.clone())));
    env.insert("pm_id".to_owned(), id.to_string());
    env.insert(spec.instance_var.clone(), slot.to_string());
    if let Some(name) = &spec.increment_var {
        let start: i64 = env.get(name).and_then(|value| value.trim().parse().ok()).unwrap_or(0);
        env.insert(name.clone(), start.saturating_add(i64::from(slot)).to_string());
    }
    env
}

/// Whether `filter` (one entry of `filter_env`) drops the variable `name`: it contains the entry,
/// or is what follows `=` in it. So `""` drops everything.
pub fn is_dropped(name: &str, filter: &str) -> bool {
    filter.strip_prefix('=').map_or_else(|| name.contains(filter), |exact| name == exact)
}

/// Whether the variable is this module's and not the shell's or the app's.
pub fn is_ours(name: &str, spec: &AppSpec) -> bool {
    !spec.env.contains_key(name)
        && (name == spec.instance_var
            || TOLD.contains(&name)
            || STALE.contains(&name)
            || name == "RPM_RUN")
}

/// Whether PM2 shows the variable beside the app's own, and only there.
pub(crate) fn is_told_only(name: &str, spec: &AppSpec) -> bool {
    !spec.env.contains_key(name) && TOLD.contains(&name)
}

/// PM2's word for a mode.
pub fn mode_name(mode: ExecMode) -> &'static str {
    match mode {
        ExecMode::Fork => "fork_mode",
        ExecMode::Cluster => "cluster_mode",
    }
}

fn inherited(spec: &AppSpec) -> Env {
    let base = &*spec.base_env;
    let managed = base.contains_key("pm_id") && base.contains_key("pm_exec_path");
    let outer_number = base.get("instance_var").filter(|_| managed);
    let stale = if managed { &STALE[..] } else { &STALE[..STALE_ALWAYS] };
    let dropped = |name: &String| {
        stale.contains(&name.as_str())
            || (managed && TOLD.contains(&name.as_str()))
            || Some(name) == outer_number
            || spec.filter_env.iter().any(|filter| is_dropped(name, filter))
    };
    base.iter()
        .filter(|(name, _)| !dropped(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn tell(env: &mut Env, spec: &AppSpec, id: u32, restarts: u32, paths: &Paths, home: &Utf8Path) {
    let mut set = |name: &str, value: &str| {
        env.insert(name.to_owned(), value.to_owned());
    };
    let or_null = |path: &'_ Option<camino::Utf8PathBuf>| {
        path.as_ref().map_or("/dev/null", |path| path.as_str()).to_owned()
    };
    let flag = |on: bool| if on { "true" } else { "false" };
    set("name", &spec.name);
    set("namespace", &spec.namespace);
    set("version", &spec.version);
    set("exec_mode", mode_name(spec.mode));
    let found = spec.interpreter.as_ref().map_or("none", |path| path.as_str());
    set("exec_interpreter", as_written(spec, "exec_interpreter").as_deref().unwrap_or(found));
    set("pm_exec_path", spec.script.as_str());
    set("pm_cwd", spec.cwd.as_str());
    set("PWD", spec.cwd.as_str());
    set("pm_out_log_path", &or_null(&paths.out));
    set("pm_err_log_path", &or_null(&paths.err));
    if let Some(path) = &paths.combined {
        set("pm_log_path", path.as_str());
    }
    set("pm_pid_path", &or_null(&paths.pid));
    set("instances", &spec.instances.to_string());
    set("instance_var", &spec.instance_var);
    set("restart_time", &restarts.to_string());
    set("username", &spec.username);
    set("status", "launching");
    set("unique_id", &unique_id(&[home.as_str(), &spec.name, &id.to_string()]));
    set("merge_logs", flag(spec.logs.merge));
    set("autorestart", flag(spec.restart.autorestart));
    set("autostart", flag(spec.autostart));
    set("treekill", flag(spec.stop.treekill));
    set("pmx", flag(spec.pmx));
    set("automation", flag(spec.pmx));
    set("watch", flag(spec.watch.on));
    for off in ["vizion_running", "km_link"] {
        set(off, "false");
    }
    for (name, default) in [("vizion", "true"), ("kill_retry_time", "100")] {
        set(name, as_written(spec, name).as_deref().unwrap_or(default));
    }
    set("windowsHide", "true");
    set("PM2_USAGE", "CLI");
    set("PM2_HOME", home.as_str());
}

/// What the configuration says of a key that is only kept for being shown.
fn as_written(spec: &AppSpec, key: &str) -> Option<String> {
    match serde_json::from_str(spec.extra.get(key)?).ok()? {
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

fn runs_python(spec: &AppSpec) -> bool {
    let interpreter = spec.interpreter.as_ref().and_then(|path| path.file_name());
    interpreter.is_some_and(|name| name.starts_with("python"))
}

/// A text in the form of a UUID that is the same for the same parts (FNV-1a, 128 bit).
fn unique_id(parts: &[&str]) -> String {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(PRIME);
        }
    }
    let mut hex = format!("{hash:032x}");
    // What readers check: version 4, variant 1 (RFC 9562, section 4).
    hex.replace_range(12..13, "4");
    hex.replace_range(16..17, "8");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests;
