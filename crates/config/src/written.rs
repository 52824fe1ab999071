//! `start SCRIPT --flags --write`: the same app as a config file describes it.

use crate::fault::{ConfigFault, FaultKind};
use crate::flags::Flags;
use crate::watch;
use serde_json::{Map, Value, json};

/// The app that `target` and `flags` describe, in the keys of a config file.
pub fn written(target: &str, flags: &Flags) -> Result<Map<String, Value>, ConfigFault> {
    let mut app = Map::from_iter([("script".to_owned(), json!(target))]);
    let plain = texts(flags).into_iter().chain(lists(flags)).chain(switches(flags));
    for (key, value) in plain.chain(watched(flags)?) {
        if !value.is_null() {
            app.insert(key.to_owned(), value);
        }
    }
    Ok(app)
}

fn watched(flags: &Flags) -> Result<Vec<(&'static str, Value)>, ConfigFault> {
    let (paths, ignore) = (flags.watch.as_deref(), flags.ignore_watch.as_deref());
    let watch = watch::from_flags(paths, ignore, flags.watch_delay.as_deref(), None)?;
    if flags.ext.is_some() {
        return Err(ConfigFault::new(
            FaultKind::Usage,
            "`--ext` cannot be written to a config file",
        )
        .because("there is no key for it")
        .help("write what does not count with `--ignore-watch`"));
    }
    let on = if watch.paths.is_empty() { json!(true) } else { json!(watch.paths) };
    let delay = if watch.delay_ms > 0 { json!(watch.delay_ms) } else { Value::Null };
    Ok(vec![
        ("watch", if watch.on { on } else { Value::Null }),
        ("ignore_watch", json!(watch.ignore)),
        ("watch_delay", delay),
    ])
}

fn texts(flags: &Flags) -> Vec<(&'static str, Value)> {
    let log = match &flags.log {
        Some(None) => json!(true),
        given => json!(given),
    };
    vec![
        ("name", json!(flags.name)),
        ("namespace", json!(flags.namespace)),
        ("cwd", json!(flags.cwd)),
        ("interpreter", json!(flags.interpreter)),
        ("interpreter_args", json!(flags.interpreter_args)),
        ("instances", number(flags.instances.as_ref())),
        ("out_file", json!(flags.output)),
        ("error_file", json!(flags.error)),
        ("log_file", log),
        ("log_type", json!(flags.log_type)),
        ("log_date_format", json!(flags.log_date_format)),
        ("pid_file", json!(flags.pid)),
        ("uid", number(flags.uid.as_ref())),
        ("gid", number(flags.gid.as_ref())),
        ("kill_timeout", number(flags.kill_timeout.as_ref())),
        ("kill_signal", json!(flags.kill_signal)),
        ("listen_timeout", number(flags.listen_timeout.as_ref())),
        ("cron_restart", json!(flags.cron_restart)),
        ("max_memory_restart", number(flags.max_memory_restart.as_ref())),
        ("restart_delay", number(flags.restart_delay.as_ref())),
        ("exp_backoff_restart_delay", number(flags.exp_backoff_restart_delay.as_ref())),
        ("max_restarts", number(flags.max_restarts.as_ref())),
        ("min_uptime", number(flags.min_uptime.as_ref())),
        ("cluster_policy", json!(flags.cluster_policy)),
        ("cluster_window", number(flags.cluster_window.as_ref())),
        ("drain_timeout", number(flags.drain_timeout.as_ref())),
    ]
}

fn lists(flags: &Flags) -> Vec<(&'static str, Value)> {
    let list = |words: &[String]| if words.is_empty() { Value::Null } else { json!(words) };
    let codes = flags.stop_exit_codes.join(",").replace(' ', ",");
    let codes = codes.split(',').filter(|code| !code.is_empty());
    let codes: Vec<Value> = codes.map(|code| number(Some(&code.to_owned()))).collect();
    vec![
        ("args", list(&flags.args)),
        ("filter_env", list(&flags.filter_env)),
        ("stop_exit_codes", if codes.is_empty() { Value::Null } else { json!(codes) }),
    ]
}

fn switches(flags: &Flags) -> Vec<(&'static str, Value)> {
    let when = |given: bool, value: bool| if given { json!(value) } else { Value::Null };
    vec![
        ("exec_mode", if flags.fork { json!("fork") } else { Value::Null }),
        ("time", when(flags.time, true)),
        ("merge_logs", when(flags.merge_logs, true)),
        ("disable_logs", when(flags.disable_logs, true)),
        ("shutdown_with_message", when(flags.shutdown_with_message, true)),
        ("wait_ready", when(flags.wait_ready, true)),
        ("sticky", when(flags.sticky, true)),
        ("autorestart", when(flags.no_autorestart, false)),
        ("autostart", when(flags.no_autostart, false)),
        ("treekill", when(flags.no_treekill, false)),
        ("pmx", when(flags.no_pmx, false)),
        ("vizion", when(flags.no_vizion, false)),
        ("drain", when(flags.no_drain, false)),
    ]
}

/// What was typed, as a number where it is one.
fn number(typed: Option<&String>) -> Value {
    typed.map_or(Value::Null, |text| {
        text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))
    })
}
