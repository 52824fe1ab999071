//! [`Raw`] to [`AppSpec`]: paths become absolute, counts become numbers, what was left out gets
//! its default.

use crate::context::Context;
use crate::fault::{ConfigFault, FaultKind};
use crate::raw::{Combined, Raw, RawLogs};
use crate::script::{self, Program};
use crate::units::{self, Instances};
use crate::{account, paths, version};
use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::spec::{
    AppSpec, CWD, ClusterOptions, Env, ExecMode, LogOptions, LogTarget, ReadyPolicy, RestartPolicy,
    StopPolicy,
};

/// The format that `time: true` stands for.
const TIME: &str = "YYYY-MM-DDTHH:mm:ss";

/// Resolves one app. `base_env` is the shell's environment, in which `node` is asked for its
/// version where that matters.
pub(crate) fn lower(raw: Raw, context: &Context, base_env: &Env) -> Result<AppSpec, ConfigFault> {
    let cwd = cwd(&raw, context)?;
    let Some(written) = raw.script.as_deref() else {
        let what = format!("{} has no `script`", subject(&raw));
        return Err(ConfigFault::new(FaultKind::ConfigValue, what)
            .help("write for example `\"script\": \"./server.js\"`")
            .about("name"));
    };
    let name = raw.name.clone().unwrap_or_else(|| script::default_name(written, &cwd));
    let program = script::program(&raw, written, &cwd, context, base_env)?;
    let mode = mode(&raw, &name, &program)?;
    let mut spec = AppSpec {
        namespace: raw.namespace.clone().unwrap_or_else(|| "default".to_owned()),
        version: version::version(&program.script),
        script: program.script,
        interpreter: program.interpreter.program,
        interpreter_args: program.interpreter.args,
        args: program.args,
        mode,
        instances: raw.instances.map_or(1, |count| count.resolve(context.cpus)),
        filter_env: raw.filter_env.clone(),
        increment_var: raw.increment_var.clone(),
        restart: restart(&raw),
        stop: stop(&raw, base_env),
        ready: ready(&raw, base_env),
        max_memory: raw.max_memory.filter(|limit| *limit > 0),
        cluster: cluster(&raw),
        logs: logs(&raw, &name, &cwd, context),
        pid_file: raw.pid_file.as_ref().map(|path| paths::absolute(path, &cwd, context)),
        autostart: raw.autostart.unwrap_or(true),
        limits: raw.limits.clone(),
        username: context.user.clone(),
        pmx: raw.pmx.unwrap_or(true),
        pmx_metrics: raw.pmx == Some(true),
        watch: raw.watch.clone(),
        name,
        cwd,
        ..AppSpec::default()
    };
    spec.interpreter_args.extend(raw.interpreter_args.iter().cloned());
    map_sources(&mut spec, &raw);
    if let Some(name) = raw.instance_var.clone() {
        spec.instance_var = name;
    }
    account::take_on(&mut spec, &raw, context)?;
    variables(&mut spec, raw, program.interpreter.name);
    Ok(spec)
}

/// Node reads source maps itself where that is asked for.
fn map_sources(spec: &mut AppSpec, raw: &Raw) {
    const FLAG: &str = "--enable-source-maps";
    let is_on = |key: &str| raw.extra.get(key).is_some_and(|json| json == "true");
    let is_node = spec.interpreter.as_ref().is_some_and(|path| path.file_name() == Some("node"));
    let asked = is_on("source_map_support") && !is_on("disable_source_map_support");
    if asked && is_node && !spec.interpreter_args.iter().any(|arg| arg == FLAG) {
        spec.interpreter_args.push(FLAG.to_owned());
    }
}

fn subject(raw: &Raw) -> String {
    raw.name.as_ref().map_or_else(|| "an app".to_owned(), |name| format!("the app `{name}`"))
}

/// The app's working directory.
pub(crate) fn cwd(raw: &Raw, context: &Context) -> Result<Utf8PathBuf, ConfigFault> {
    let Some(written) = &raw.cwd else {
        return Ok(context.cwd.clone());
    };
    let cwd = paths::absolute(written, &context.cwd, context);
    if cwd.is_dir() {
        return Ok(cwd);
    }
    let what = format!("the working directory {cwd} of {} is no folder", subject(raw));
    Err(ConfigFault::new(FaultKind::ConfigValue, what)
        .about("cwd")
        .maybe_help(paths::nearest_sibling(&cwd).map(|near| format!("did you mean {near}?"))))
}

/// PM2's rule: where a number of instances is given and the runtime can be a worker, the mode is
/// cluster.
fn mode(raw: &Raw, name: &str, program: &Program) -> Result<ExecMode, ConfigFault> {
    let can_cluster = program.interpreter.can_cluster();
    match raw.mode {
        Some(ExecMode::Cluster) if !can_cluster => {
            let what = format!("the app `{name}` cannot run in cluster mode");
            let runs = program.interpreter.program.as_ref().unwrap_or(&program.script);
            Err(ConfigFault::new(FaultKind::ConfigValue, what)
                .because(format!("{runs} runs it, and only Node has workers"))
                .about("exec_mode")
                .help("leave out `exec_mode`, or write `\"exec_mode\": \"fork\"`"))
        }
        Some(mode) => Ok(mode),
        None if raw.instances.is_some() && can_cluster => Ok(ExecMode::Cluster),
        None => Ok(ExecMode::Fork),
    }
}

fn restart(raw: &Raw) -> RestartPolicy {
    let (raw, usual) = (&raw.restart, RestartPolicy::default());
    RestartPolicy {
        autorestart: raw.autorestart.unwrap_or(usual.autorestart),
        max_restarts: raw.max_restarts.unwrap_or(usual.max_restarts),
        min_uptime_ms: raw.min_uptime_ms.unwrap_or(usual.min_uptime_ms),
        delay_ms: raw.delay_ms.unwrap_or(usual.delay_ms),
        backoff_ms: raw.backoff_ms.filter(|wait| *wait > 0),
        stop_exit_codes: raw.stop_exit_codes.clone(),
    }
}

/// What PM2 takes from the environment where nothing is configured.
fn stop(raw: &Raw, base_env: &Env) -> StopPolicy {
    let (raw, usual) = (&raw.stop, StopPolicy::default());
    let var = |name: &str| base_env.get(name).map(String::as_str);
    let signal = || var("PM2_KILL_SIGNAL").and_then(units::signal);
    let timeout = || var("PM2_KILL_TIMEOUT").and_then(units::duration_ms);
    StopPolicy {
        signal: raw.signal.or_else(signal).unwrap_or(usual.signal),
        kill_timeout_ms: raw.kill_timeout_ms.or_else(timeout).unwrap_or(usual.kill_timeout_ms),
        treekill: raw.treekill.unwrap_or(usual.treekill),
        with_message: raw.with_message || var("PM2_KILL_USE_MESSAGE") == Some("true"),
        drain_timeout_ms: raw.drain_timeout_ms.unwrap_or(usual.drain_timeout_ms),
    }
}

fn ready(raw: &Raw, base_env: &Env) -> ReadyPolicy {
    let usual = ReadyPolicy::default();
    let timeout = || units::duration_ms(base_env.get("PM2_GRACEFUL_LISTEN_TIMEOUT")?);
    ReadyPolicy {
        wait: raw.wait_ready.unwrap_or(usual.wait),
        timeout_ms: raw.listen_timeout_ms.or_else(timeout).unwrap_or(usual.timeout_ms),
        watchdog_ms: raw.watchdog_ms.filter(|wait| *wait > 0),
    }
}

fn cluster(raw: &Raw) -> ClusterOptions {
    let (raw, usual) = (&raw.cluster, ClusterOptions::default());
    ClusterOptions {
        policy: raw.policy.unwrap_or(usual.policy),
        window: raw.window.unwrap_or(usual.window),
        sticky: raw.sticky.unwrap_or(usual.sticky),
        drain: raw.drain.unwrap_or(usual.drain),
    }
}

/// Where its output goes.
pub(crate) fn logs(raw: &Raw, name: &str, cwd: &Utf8Path, context: &Context) -> LogOptions {
    // PM2's rule: one file for all where neither cluster mode nor a count was asked for.
    let uncounted = matches!(raw.instances, None | Some(Instances::Cpus));
    let merge = raw.mode != Some(ExecMode::Cluster) && uncounted;
    let RawLogs { out, err, combined, json, date_format, time, merge: told, disabled, rotate } =
        raw.logs.clone();
    let target = |path: Option<String>| match path.as_deref() {
        None => LogTarget::Default,
        Some("NULL" | "/dev/null") => LogTarget::Off,
        Some(path) => LogTarget::File(paths::absolute(path, cwd, context)),
    };
    LogOptions {
        out: target(out),
        err: target(err),
        combined: match combined {
            None => LogTarget::Default,
            // Relative to the home's folder of logs, which is not known here.
            Some(Combined::Usual) => LogTarget::File(format!("{}.log", file_name(name)).into()),
            Some(Combined::File(path)) => target(Some(path)),
        },
        merge: told.unwrap_or(merge),
        date_format: date_format.or_else(|| time.then(|| TIME.to_owned())),
        json,
        disabled,
        rotate,
    }
}

/// A name as part of a file name, by PM2's rule.
fn file_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '\\' | '-');
    name.encode_utf16()
        .map(|unit| char::from_u32(u32::from(unit)).filter(|c| plain(*c)).unwrap_or('-'))
        .collect()
}

/// The app's variables, and what PM2's outputs show that the spec has no field for.
fn variables(spec: &mut AppSpec, raw: Raw, interpreter: Option<String>) {
    spec.env.extend(raw.env.text);
    spec.extra = raw.extra;
    if raw.cwd.is_some() {
        let given = serde_json::Value::String(spec.cwd.to_string());
        spec.extra.insert(CWD.to_owned(), given.to_string());
    }
    if let Some(pattern) = &raw.cron {
        let pattern = serde_json::Value::String(pattern.clone());
        spec.extra.entry("cron_restart".to_owned()).or_insert(pattern.to_string());
    }
    spec.cron = raw.cron;
    if !raw.env.typed.is_empty() {
        let typed = serde_json::Value::Object(raw.env.typed);
        spec.extra.insert("env".to_owned(), typed.to_string());
    }
    if let Some(name) = interpreter {
        let name = serde_json::Value::String(name);
        spec.extra.insert("exec_interpreter".to_owned(), name.to_string());
    }
}
