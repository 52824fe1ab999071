//! One app's object to [`Raw`]: which key is read as what.

use crate::context::Selection;
use crate::fault::{ConfigFault, FaultKind};
use crate::fields::{Fields, word};
use crate::keys;
use crate::limits;
use crate::raw::{Combined, Raw, RawCluster, RawLogs, RawRestart, RawStop, Vars};
use crate::rotate;
use crate::syntax::Value;
use crate::units::{self, Instances};
use crate::watch;

/// Keys that are kept for PM2's outputs, with how each is checked.
const KEPT: [(&str, Check); 24] = [
    ("watch", Check::Paths),
    ("ignore_watch", Check::Paths),
    ("watch_delay", Check::Time),
    ("watch_options", Check::Object),
    ("cron_restart", Check::Cron),
    ("automation", Check::Flag),
    ("vizion", Check::Flag),
    ("source_map_support", Check::Flag),
    ("disable_source_map_support", Check::Flag),
    ("force", Check::Flag),
    ("kill_retry_time", Check::Time),
    ("post_update", Check::Paths),
    ("trace", Check::Flag),
    ("disable_trace", Check::Flag),
    ("v8", Check::Flag),
    ("event_loop_inspector", Check::Flag),
    ("deep_monitoring", Check::Flag),
    ("execute_command", Check::Flag),
    ("write", Check::Flag),
    ("windowsHide", Check::Flag),
    ("name_prefix", Check::Text),
    ("install_url", Check::Text),
    ("exec_timeout", Check::Time),
    ("io", Check::Any),
];

#[derive(Clone, Copy, Debug)]
enum Check {
    Flag,
    Text,
    Cron,
    Time,
    Paths,
    Object,
    Any,
}

/// Reads one app; keys that are not known are reported to `warn`, or are a fault when they look
/// like a slip.
pub(crate) fn app(fields: &Fields<'_>, warn: &mut dyn FnMut(String)) -> Result<Raw, ConfigFault> {
    unknown_keys(fields, warn)?;
    let mut raw = Raw {
        script: fields.filled("script")?,
        name: fields.filled("name")?,
        namespace: fields.filled("namespace")?,
        cwd: fields.filled("cwd")?,
        args: fields.words("args")?.unwrap_or_default(),
        interpreter: fields.filled("exec_interpreter")?,
        cron: fields.read("cron_restart", cron)?.filter(|pattern| !pattern.is_empty()),
        interpreter_args: fields.words("node_args")?.unwrap_or_default(),
        mode: fields.read("exec_mode", |value| units::mode(text(value)?))?,
        instances: fields.read("instances", instances)?,
        env: fields.vars("env")?,
        port: fields
            .whole("port")?
            .map(u16::try_from)
            .transpose()
            .or_else(|_| fields.read("port", |_| None))?,
        filter_env: fields.read("filter_env", filter)?.unwrap_or_default(),
        increment_var: fields.filled("increment_var")?,
        instance_var: instance_var(fields)?,
        logs: logs(fields)?,
        pid_file: fields.filled("pid_file")?,
        max_memory: fields.read("max_memory_restart", memory)?,
        restart: restart(fields)?,
        stop: stop(fields)?,
        wait_ready: fields.flag("wait_ready")?,
        watchdog_ms: fields.duration_ms("watchdog")?,
        listen_timeout_ms: fields.duration_ms("listen_timeout")?,
        autostart: fields.flag("autostart")?,
        uid: fields.text_or_number("uid")?,
        gid: fields.text_or_number("gid")?,
        limits: limits::limits(fields)?,
        pmx: fields.read("pmx", |value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(_) => Some(true),
            _ => None,
        })?,
        cluster: cluster(fields)?,
        watch: watch::watch(fields, warn)?,
        extra: indexmap::IndexMap::new(),
    };
    if fields.flag("automation")? == Some(false) {
        raw.pmx = Some(false);
    }
    if fields.flag("execute_command")? == Some(true) {
        raw.mode = Some(rpm_core::spec::ExecMode::Fork);
    }
    // They matter later, or not at all; what cannot be is told all the same.
    fields.flag("append_env_to_name")?;
    fields.text("username")?;
    for name in env_names(fields) {
        fields.vars(&format!("env_{name}"))?;
    }
    keep(&mut raw, fields)?;
    for name in ["trace", "v8", "event_loop_inspector", "deep_monitoring"] {
        if fields.flag(name)? == Some(true) {
            warn(format!(
                "`{}{name}` is for PM2's dashboard; it does nothing here",
                fields.prefix()
            ));
        }
    }
    Ok(raw)
}

/// The app's variables with those of an environment over them (`--env NAME`); `deployed` are those
/// of the environment's deployment, which come between.
pub(crate) fn select_env(
    raw: &mut Raw,
    fields: &Fields<'_>,
    selection: &Selection<'_>,
    deployed: Option<Vars>,
) -> Result<(), ConfigFault> {
    if let Some(port) = raw.port {
        raw.env.set_number("PORT", u64::from(port));
    }
    if let Some(name) = &selection.env {
        raw.env.merge(deployed.unwrap_or_default());
        raw.env.merge(fields.vars(&format!("env_{name}"))?);
        if fields.flag("append_env_to_name")? == Some(true)
            && let Some(app) = &mut raw.name
        {
            *app = format!("{app}-{name}");
        }
    }
    Ok(())
}

/// The names of the environments that the app has.
pub(crate) fn env_names<'a>(fields: &Fields<'a>) -> impl Iterator<Item = &'a str> {
    fields.object.keys().filter_map(|key| key.strip_prefix("env_"))
}

fn unknown_keys(fields: &Fields<'_>, warn: &mut dyn FnMut(String)) -> Result<(), ConfigFault> {
    for (key, field) in fields.object.iter().filter(|(key, _)| !keys::is_known(key)) {
        let place = format!("unknown key `{}{key}` in {}", fields.prefix(), fields.source.origin);
        let Some(meant) = keys::meant(key) else {
            warn(format!("{place} is ignored"));
            continue;
        };
        return Err(ConfigFault::new(FaultKind::ConfigValue, place)
            .help(format!("did you mean `{meant}`?"))
            .maybe_excerpt(fields.source.excerpt(&field.key, "unknown key")));
    }
    Ok(())
}

fn instance_var(fields: &Fields<'_>) -> Result<Option<String>, ConfigFault> {
    Ok(fields.filled("instance_var")?.or(fields.filled("instance_id_env")?))
}

fn logs(fields: &Fields<'_>) -> Result<RawLogs, ConfigFault> {
    Ok(RawLogs {
        out: fields.filled("out_file")?,
        err: fields.filled("error_file")?,
        combined: fields
            .read("log_file", |value| match value {
                Value::Bool(true) => Some(Some(Combined::Usual)),
                Value::Bool(false) => Some(None),
                Value::String(path) if !path.is_empty() => Some(Some(Combined::File(path.clone()))),
                _ => None,
            })?
            .flatten(),
        json: fields.read("log_type", |value| units::log_type(text(value)?))?.unwrap_or(false),
        date_format: fields.text("log_date_format")?.filter(|format| !format.is_empty()),
        time: fields.flag("time")?.unwrap_or(false),
        merge: fields.flag("merge_logs")?,
        disabled: fields.flag("disable_logs")?.unwrap_or(false),
        rotate: rotate::log_rotate(fields)?,
    })
}

fn restart(fields: &Fields<'_>) -> Result<RawRestart, ConfigFault> {
    const SHORTEST_MS: u64 = 100;
    Ok(RawRestart {
        autorestart: fields.flag("autorestart")?,
        max_restarts: fields.read("max_restarts", |value| {
            crate::fields::whole(value).and_then(|max| u32::try_from(max).ok())
        })?,
        min_uptime_ms: fields.read("min_uptime", |value| {
            crate::fields::duration_ms(value).filter(|uptime| *uptime >= SHORTEST_MS)
        })?,
        delay_ms: fields.duration_ms("restart_delay")?,
        backoff_ms: fields.duration_ms("exp_backoff_restart_delay")?,
        stop_exit_codes: fields.read("stop_exit_codes", exit_codes)?.unwrap_or_default(),
    })
}

fn stop(fields: &Fields<'_>) -> Result<RawStop, ConfigFault> {
    Ok(RawStop {
        signal: fields.read("kill_signal", |value| match value {
            Value::String(text) | Value::Number(_, text) => units::signal(text),
            _ => None,
        })?,
        kill_timeout_ms: fields.duration_ms("kill_timeout")?,
        treekill: fields.flag("treekill")?,
        with_message: fields.flag("shutdown_with_message")?.unwrap_or(false),
        drain_timeout_ms: fields.duration_ms("drain_timeout")?,
    })
}

fn cluster(fields: &Fields<'_>) -> Result<RawCluster, ConfigFault> {
    Ok(RawCluster {
        policy: fields.read("cluster_policy", |value| units::policy(text(value)?))?,
        window: fields
            .read("cluster_window", |value| crate::fields::whole(value).and_then(units::window))?,
        sticky: fields.flag("sticky")?,
        drain: fields.flag("drain")?,
    })
}

fn keep(raw: &mut Raw, fields: &Fields<'_>) -> Result<(), ConfigFault> {
    for (name, check) in KEPT {
        let fits = |value: &Value| match (check, value) {
            (Check::Flag, Value::Bool(_))
            | (Check::Text, Value::String(_) | Value::Number(..))
            | (Check::Object, Value::Object(_))
            | (Check::Paths, Value::Bool(_) | Value::String(_))
            | (Check::Any, _) => Some(()),
            (Check::Cron, value) => cron(value).map(|_| ()),
            (Check::Time, value) => crate::fields::duration_ms(value).map(|_| ()),
            (Check::Paths, Value::Array(items)) => {
                items.iter().try_for_each(|item| word(item).map(|_| ()))
            }
            _ => None,
        };
        fields.read(name, fits)?;
        if let Some((_, field)) = fields.get(name) {
            raw.extra.insert(name.to_owned(), field.node.to_json().to_string());
        }
    }
    Ok(())
}

/// A cron pattern; empty for the ways to say that there is none.
fn cron(value: &Value) -> Option<String> {
    match value {
        Value::Bool(false) => Some(String::new()),
        Value::String(text) | Value::Number(_, text) => units::cron(text),
        _ => None,
    }
}

fn instances(value: &Value) -> Option<Instances> {
    match value {
        Value::String(text) => Instances::from_text(text),
        Value::Number(number, text) if number.fract() == 0.0 => {
            Instances::from_number(text.parse().ok()?)
        }
        _ => None,
    }
}

/// `true` drops everything; a string drops the variable of that name, a list those that contain an
/// item.
fn filter(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Bool(true) => Some(vec![String::new()]),
        Value::Bool(false) => Some(Vec::new()),
        Value::String(name) if !name.is_empty() => Some(vec![format!("={name}")]),
        Value::Array(items) => {
            items.iter().map(|item| word(item).filter(|word| !word.is_empty())).collect()
        }
        _ => None,
    }
}

fn memory(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number, _) => units::whole_of(*number),
        Value::String(text) => units::bytes(text),
        _ => None,
    }
}

fn exit_codes(value: &Value) -> Option<Vec<i32>> {
    match value {
        Value::String(text) => units::exit_codes(text),
        Value::Number(number, _) => {
            Some(vec![units::whole_of(*number).and_then(units::exit_code)?])
        }
        Value::Array(items) => {
            let code = |item: &crate::syntax::Node| {
                crate::fields::whole(&item.value).and_then(units::exit_code)
            };
            items.iter().map(code).collect()
        }
        _ => None,
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}
