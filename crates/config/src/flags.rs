//! `rpm start SCRIPT --flags -- args` to an app.

use crate::context::Context;
use crate::fault::{ConfigFault, FaultKind};
use crate::keys::Key;
use crate::lower;
use crate::raw::{Combined, Raw, RawCluster, RawLogs, RawRestart, RawStop};
use crate::units::{self, Instances};
use crate::watch;
use rpm_core::AppSpec;
use rpm_core::spec::{Env, VIZION};

/// The flags of `start` that describe an app, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Flags {
    /// `-n`, `--name`.
    pub name: Option<String>,
    /// `--namespace`.
    pub namespace: Option<String>,
    /// `--interpreter`.
    pub interpreter: Option<String>,
    /// `--interpreter-args`, `--node-args`.
    pub interpreter_args: Option<String>,
    /// `-o`, `--output`.
    pub output: Option<String>,
    /// `-e`, `--error`.
    pub error: Option<String>,
    /// `-l`, `--log`; `Some(None)` without a value.
    pub log: Option<Option<String>>,
    /// `--log-type`.
    pub log_type: Option<String>,
    /// `--log-date-format`.
    pub log_date_format: Option<String>,
    /// `--time`.
    pub time: bool,
    /// `--merge-logs`.
    pub merge_logs: bool,
    /// `--disable-logs`.
    pub disable_logs: bool,
    /// `--filter-env`; each drops the variables whose name contains it.
    pub filter_env: Vec<String>,
    /// `-i`, `--instances`.
    pub instances: Option<String>,
    /// `--cwd`.
    pub cwd: Option<String>,
    /// `-p`, `--pid`.
    pub pid: Option<String>,
    /// `-k`, `--kill-timeout`.
    pub kill_timeout: Option<String>,
    /// `--kill-signal`.
    pub kill_signal: Option<String>,
    /// `--listen-timeout`.
    pub listen_timeout: Option<String>,
    /// `--shutdown-with-message`.
    pub shutdown_with_message: bool,
    /// `--wait-ready`.
    pub wait_ready: bool,
    /// `-c`, `--cron`, `--cron-restart`.
    pub cron_restart: Option<String>,
    /// `--watch`, each with its path, or empty; `None` when it was not given.
    pub watch: Option<Vec<String>>,
    /// `--ignore-watch`.
    pub ignore_watch: Option<String>,
    /// `--watch-delay`.
    pub watch_delay: Option<String>,
    /// `--ext`.
    pub ext: Option<String>,
    /// `--max-memory-restart`.
    pub max_memory_restart: Option<String>,
    /// `--restart-delay`.
    pub restart_delay: Option<String>,
    /// `--exp-backoff-restart-delay`.
    pub exp_backoff_restart_delay: Option<String>,
    /// `--max-restarts`.
    pub max_restarts: Option<String>,
    /// `--min-uptime`.
    pub min_uptime: Option<String>,
    /// `--stop-exit-codes`; each may hold several.
    pub stop_exit_codes: Vec<String>,
    /// `--no-autorestart`.
    pub no_autorestart: bool,
    /// `--no-autostart`.
    pub no_autostart: bool,
    /// `--no-treekill`.
    pub no_treekill: bool,
    /// `--no-pmx`.
    pub no_pmx: bool,
    /// `--no-vizion`.
    pub no_vizion: bool,
    /// `-x`, `--execute-command`.
    pub fork: bool,
    /// `--uid`.
    pub uid: Option<String>,
    /// `--gid`.
    pub gid: Option<String>,
    /// `--cluster-policy`.
    pub cluster_policy: Option<String>,
    /// `--cluster-window`.
    pub cluster_window: Option<String>,
    /// `--sticky`.
    pub sticky: bool,
    /// `--no-drain`.
    pub no_drain: bool,
    /// `--drain-timeout`.
    pub drain_timeout: Option<String>,
    /// What follows `--`.
    pub args: Vec<String>,
}

/// The app that `target` and `flags` describe, with an empty `base_env`; `base_env` is the shell's
/// environment, in which `node` is asked for its version where that matters.
pub fn from_flags(
    target: &str,
    flags: &Flags,
    context: &Context,
    base_env: &Env,
) -> Result<AppSpec, ConfigFault> {
    lower::lower(raw(target, flags)?, context, base_env)
}

/// What the flags say, before it is resolved.
pub(crate) fn raw(target: &str, flags: &Flags) -> Result<Raw, ConfigFault> {
    Ok(Raw {
        script: Some(target.to_owned()),
        name: read("name", flags.name.as_ref(), filled)?,
        namespace: flags.namespace.clone(),
        cwd: flags.cwd.clone(),
        args: flags.args.clone(),
        interpreter: flags.interpreter.clone(),
        interpreter_args: flags.interpreter_args.as_deref().map(units::words).unwrap_or_default(),
        mode: flags.fork.then_some(rpm_core::spec::ExecMode::Fork),
        instances: read("instances", flags.instances.as_ref(), Instances::from_text)?,
        filter_env: flags.filter_env.clone(),
        logs: logs(flags)?,
        pid_file: flags.pid.clone(),
        max_memory: read("max_memory_restart", flags.max_memory_restart.as_ref(), units::bytes)?,
        restart: restart(flags)?,
        stop: stop(flags)?,
        wait_ready: flags.wait_ready.then_some(true),
        listen_timeout_ms: time("listen_timeout", flags.listen_timeout.as_ref())?,
        autostart: flags.no_autostart.then_some(false),
        cron: read("cron_restart", flags.cron_restart.as_ref(), units::cron)?
            .filter(|pattern| !pattern.is_empty()),
        watch: watch::from_flags(
            flags.watch.as_deref(),
            flags.ignore_watch.as_deref(),
            flags.watch_delay.as_deref(),
            flags.ext.as_deref(),
        )?,
        uid: flags.uid.clone(),
        gid: flags.gid.clone(),
        pmx: flags.no_pmx.then_some(false),
        cluster: RawCluster {
            policy: read("cluster_policy", flags.cluster_policy.as_ref(), units::policy)?,
            window: read("cluster_window", flags.cluster_window.as_ref(), |text| {
                units::whole(text).and_then(units::window)
            })?,
            sticky: flags.sticky.then_some(true),
            drain: flags.no_drain.then_some(false),
        },
        extra: flags
            .no_vizion
            .then(|| (VIZION.to_owned(), false.to_string()))
            .into_iter()
            .collect(),
        ..Raw::default()
    })
}

fn logs(flags: &Flags) -> Result<RawLogs, ConfigFault> {
    Ok(RawLogs {
        out: flags.output.clone(),
        err: flags.error.clone(),
        combined: flags.log.as_ref().map(|path| match path {
            Some(path) => Combined::File(path.clone()),
            None => Combined::Usual,
        }),
        json: read("log_type", flags.log_type.as_ref(), units::log_type)?.unwrap_or(false),
        date_format: flags.log_date_format.clone().filter(|format| !format.is_empty()),
        time: flags.time,
        merge: flags.merge_logs.then_some(true),
        disabled: flags.disable_logs,
        rotate: rpm_core::spec::RotateOptions::default(),
    })
}

fn restart(flags: &Flags) -> Result<RawRestart, ConfigFault> {
    const SHORTEST_MS: u64 = 100;
    let codes = (!flags.stop_exit_codes.is_empty()).then(|| flags.stop_exit_codes.join(" "));
    Ok(RawRestart {
        autorestart: flags.no_autorestart.then_some(false),
        max_restarts: read("max_restarts", flags.max_restarts.as_ref(), |text| {
            units::whole(text).and_then(|max| u32::try_from(max).ok())
        })?,
        min_uptime_ms: read("min_uptime", flags.min_uptime.as_ref(), |text| {
            units::duration_ms(text).filter(|uptime| *uptime >= SHORTEST_MS)
        })?,
        delay_ms: time("restart_delay", flags.restart_delay.as_ref())?,
        backoff_ms: time("exp_backoff_restart_delay", flags.exp_backoff_restart_delay.as_ref())?,
        stop_exit_codes: read("stop_exit_codes", codes.as_ref(), units::exit_codes)?
            .unwrap_or_default(),
    })
}

fn stop(flags: &Flags) -> Result<RawStop, ConfigFault> {
    Ok(RawStop {
        signal: read("kill_signal", flags.kill_signal.as_ref(), units::signal)?,
        kill_timeout_ms: time("kill_timeout", flags.kill_timeout.as_ref())?,
        treekill: flags.no_treekill.then_some(false),
        with_message: flags.shutdown_with_message,
        drain_timeout_ms: time("drain_timeout", flags.drain_timeout.as_ref())?,
    })
}

fn time(key: &str, typed: Option<&String>) -> Result<Option<u64>, ConfigFault> {
    read(key, typed, units::duration_ms)
}

fn read<T>(
    key: &str,
    typed: Option<&String>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ConfigFault> {
    let Some(text) = typed else { return Ok(None) };
    read(text).map(Some).ok_or_else(|| {
        let (key, flag) = (Key::named(key), key.replace('_', "-"));
        ConfigFault::new(FaultKind::Usage, format!("`--{flag}` cannot be `{text}`"))
            .because(format!("it takes {}", key.takes))
            .help(format!("write for example `--{flag} {}`", bare(key.example)))
    })
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// An example as it is typed in a shell.
fn bare(example: &str) -> String {
    let bare = example.replace(['"', '[', ']'], "").replace(", ", ",");
    if bare.contains([' ', '*']) { format!("'{bare}'") } else { bare }
}

#[cfg(test)]
mod tests;
