//! One element of PM2's `jlist`: what its tools read of a process.
//!
//! PM2 keeps configuration, state and environment in one flat object, `pm2_env`. Here it is only
//! written so: a variable of the app never hides a field of the record.

use crate::env::{is_ours, is_told_only, mode_name};
use rpm_core::Ending;
use rpm_core::spec::{AppSpec, ReadyPolicy, RestartPolicy, StopPolicy};
use rpm_proto::Detail;
use serde_json::{Map, Number, Value, json};

/// Keys of [`AppSpec::extra`] that are shown by other means.
const SHOWN_ELSEWHERE: [&str; 2] = ["env", "watch"];

/// The element for one process.
pub fn record(detail: &Detail) -> Value {
    let view = &detail.view;
    json!({
        "pid": view.pid,
        "name": view.name,
        "pm2_env": pm2_env(detail),
        "pm_id": view.id,
        "monit": { "memory": view.memory, "cpu": number((f64::from(view.cpu) * 10.0).round() / 10.0) },
    })
}

/// The element's `pm2_env`.
pub(crate) fn pm2_env(detail: &Detail) -> Map<String, Value> {
    let (spec, view) = (&detail.spec, &detail.view);
    let env = own_env(detail);
    let mut map = Map::new();
    put(&mut map, [("name", json!(view.name)), ("namespace", json!(view.namespace))]);
    put(&mut map, [("env", Value::Object(env.clone()))]);
    configuration(&mut map, detail);
    policies(&mut map, spec);
    for (key, text) in spec.extra.iter().filter(|(key, _)| !SHOWN_ELSEWHERE.contains(&&***key)) {
        if let Ok(value) = serde_json::from_str(text) {
            map.insert(key.clone(), value);
        }
    }
    map.insert(spec.instance_var.clone(), json!(view.slot));
    state(&mut map, detail);
    for (key, value) in env {
        map.entry(key).or_insert(value);
    }
    for (key, value) in detail.env.iter().filter(|(key, _)| is_told_only(key, spec)) {
        map.entry(key.clone()).or_insert_with(|| json!(value));
    }
    map
}

/// A number as JavaScript would hold it: without a fraction of zero.
pub(crate) fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and within the range")]
        return Value::Number(Number::from(value as i64));
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// What the shell and the app's own configuration put into the environment. A value that was a
/// number or a boolean there is one here.
fn own_env(detail: &Detail) -> Map<String, Value> {
    let spec = &detail.spec;
    let typed: Map<String, Value> =
        spec.extra.get("env").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let value = |key: &String, text: &String| {
        if spec.increment_var.as_ref() == Some(key)
            && let Ok(count) = text.parse::<i64>()
        {
            return json!(count);
        }
        let given = typed.get(key).filter(|given| given.to_string() == *text);
        given.cloned().unwrap_or_else(|| json!(text))
    };
    let own = detail.env.iter().filter(|(key, _)| !is_ours(key, spec));
    own.map(|(key, text)| (key.clone(), value(key, text))).collect()
}

fn configuration(map: &mut Map<String, Value>, detail: &Detail) {
    let spec = &detail.spec;
    let log = |path: &Option<String>| json!(path.as_deref().unwrap_or("/dev/null"));
    let interpreter = spec.interpreter.as_ref().map_or("none", |path| path.as_str());
    put(
        map,
        [
            ("instances", json!(spec.instances)),
            ("exec_mode", json!(mode_name(spec.mode))),
            ("exec_interpreter", json!(interpreter)),
            ("node_args", json!(spec.interpreter_args)),
            ("pm_exec_path", json!(spec.script)),
            ("pm_cwd", json!(spec.cwd)),
            ("pm_out_log_path", log(&detail.out_log)),
            ("pm_err_log_path", log(&detail.err_log)),
            ("pm_pid_path", json!(detail.pid_file)),
            ("instance_var", json!(spec.instance_var)),
            ("filter_env", json!(spec.filter_env)),
            ("username", json!(spec.username)),
            ("version", json!(spec.version)),
            ("watch", watched(spec, detail.view.watching)),
            ("vizion", json!(true)),
            ("vizion_running", json!(false)),
            ("pmx", json!(spec.pmx)),
            ("automation", json!(spec.pmx)),
            ("km_link", json!(false)),
            ("windowsHide", json!(true)),
            ("kill_retry_time", json!(100)),
        ],
    );
    put_if(map, "args", (!spec.args.is_empty()).then_some(&spec.args));
    put_if(map, "pm_log_path", detail.combined_log.as_ref());
    put_if(map, "increment_var", spec.increment_var.as_ref());
    put(map, [("merge_logs", json!(spec.logs.merge))]);
    put_if(map, "log_date_format", spec.logs.date_format.as_ref());
    put_if(map, "log_type", spec.logs.json.then_some("json"));
    put_if(map, "disable_logs", spec.logs.disabled.then_some(true));
    put_if(map, "max_memory_restart", spec.max_memory);
    put_if(map, "uid", spec.uid);
    put_if(map, "gid", spec.gid);
}

/// What is watched, in the words of the user.
pub(crate) fn watched(spec: &AppSpec, is_on: bool) -> Value {
    if !is_on {
        return json!(false);
    }
    let given: Option<Value> =
        spec.extra.get("watch").and_then(|text| serde_json::from_str(text).ok());
    let paths = &spec.watch.paths;
    let of_spec = || if paths.is_empty() { json!(true) } else { json!(paths) };
    given.filter(|given| *given != json!(false)).unwrap_or_else(of_spec)
}

/// What differs from the defaults; PM2 writes what the user gave.
fn policies(map: &mut Map<String, Value>, spec: &AppSpec) {
    let restart = &spec.restart;
    let usual = RestartPolicy::default();
    let codes = &restart.stop_exit_codes;
    put(
        map,
        [
            ("autorestart", json!(restart.autorestart)),
            ("autostart", json!(spec.autostart)),
            ("treekill", json!(spec.stop.treekill)),
        ],
    );
    put_if(map, "stop_exit_codes", (!codes.is_empty()).then_some(codes));
    put_if(map, "max_restarts", unless(restart.max_restarts, usual.max_restarts));
    put_if(map, "min_uptime", unless(restart.min_uptime_ms, usual.min_uptime_ms));
    put_if(map, "restart_delay", unless(restart.delay_ms, usual.delay_ms));
    put_if(map, "exp_backoff_restart_delay", restart.backoff_ms);
    let usual = StopPolicy::default();
    put_if(map, "kill_timeout", unless(spec.stop.kill_timeout_ms, usual.kill_timeout_ms));
    let signal = unless(spec.stop.signal, usual.signal);
    put_if(map, "kill_signal", signal.map(|signal| signal.to_string()));
    put_if(map, "shutdown_with_message", spec.stop.with_message.then_some(true));
    let usual = ReadyPolicy::default();
    put_if(map, "wait_ready", spec.ready.wait.then_some(true));
    put_if(map, "listen_timeout", unless(spec.ready.timeout_ms, usual.timeout_ms));
    put_if(map, "watchdog", spec.ready.watchdog_ms);
    put_if(map, "pmx_metrics", spec.pmx_metrics.then_some(true));
}

fn state(map: &mut Map<String, Value>, detail: &Detail) {
    let view = &detail.view;
    put(
        map,
        [
            ("status", json!(view.status)),
            ("pm_uptime", json!(view.started_at)),
            ("created_at", json!(view.created_at)),
            ("pm_id", json!(view.id)),
            ("restart_time", json!(view.restarts)),
            ("unstable_restarts", json!(view.unstable)),
            ("axm_actions", json!(detail.told.actions)),
            ("axm_monitor", json!(detail.told.monitor)),
            ("axm_options", json!(detail.told.options)),
            ("axm_dynamic", json!({})),
        ],
    );
    put_if(map, "versioning", detail.provenance.versioning.as_ref());
    let found = detail.provenance.node_version.as_ref();
    put_if(map, "node_version", detail.told.node_version.as_ref().or(found));
    put_if(map, "status_text", detail.told.status.as_ref());
    put_if(map, "stopping", detail.told.stops.then_some(true));
    put_if(map, "prev_restart_delay", (detail.backoff_ms > 0).then_some(detail.backoff_ms));
    match view.last_exit {
        Some(Ending::Code(code)) => put(map, [("exit_code", json!(code))]),
        // PM2 says 0 here; what it was is said beside.
        Some(Ending::Signal(signal)) => {
            put(map, [("exit_code", json!(0)), ("exit_signal", json!(signal.to_string()))]);
        }
        Some(Ending::Unknown) | None => {}
    }
}

fn put<const N: usize>(map: &mut Map<String, Value>, fields: [(&str, Value); N]) {
    map.extend(fields.map(|(key, value)| (key.to_owned(), value)));
}

fn put_if<T: serde::Serialize>(map: &mut Map<String, Value>, key: &str, value: Option<T>) {
    if let Some(value) = value {
        put(map, [(key, json!(value))]);
    }
}

fn unless<T: PartialEq + Copy>(value: T, usual: T) -> Option<T> {
    (value != usual).then_some(value)
}

#[cfg(test)]
pub(crate) mod tests;
