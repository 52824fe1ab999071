//! The flags of `restart NAME --flags -- args`, as settings of an app that exists. What was not given
//! stays as it is.

use crate::context::Context;
use crate::fault::ConfigFault;
use crate::flags::{self, Flags};
use crate::interpreter;
use crate::lower;
use crate::raw::{Raw, RawCluster, RawRestart, RawStop};
use rpm_core::spec::{CWD, Setting, VIZION};
use serde_json::json;

/// The settings that `flags` ask for; `None` for the arguments says that none were written.
pub fn settings(
    flags: &Flags,
    args: Option<&[String]>,
    context: &Context,
) -> Result<Vec<Setting>, ConfigFault> {
    let raw = flags::raw("", flags)?;
    let mut settings = Vec::new();
    settings.extend(args.map(|args| Setting::Args(args.to_vec())));
    identity(&mut settings, &raw, flags, context)?;
    restart(&mut settings, &raw.restart);
    stop(&mut settings, &raw.stop);
    cluster(&mut settings, &raw.cluster);
    logs(&mut settings, &raw, flags, context);
    watch(&mut settings, &raw, flags);
    cron(&mut settings, flags, &raw);
    settings.extend(raw.wait_ready.map(Setting::WaitReady));
    settings.extend(raw.listen_timeout_ms.map(Setting::ListenTimeoutMs));
    settings.extend(
        raw.max_memory.map(|limit| Setting::MaxMemory(Some(limit).filter(|limit| *limit > 0))),
    );
    settings.extend(raw.autostart.map(Setting::Autostart));
    settings.extend(raw.pmx.map(Setting::Pmx));
    settings.extend(raw.pmx.map(Setting::PmxMetrics));
    let versioned = raw.extra.get(VIZION).cloned();
    settings.extend(versioned.map(|given| Setting::Shown(VIZION.to_owned(), Some(given))));
    Ok(settings)
}

fn identity(
    settings: &mut Vec<Setting>,
    raw: &Raw,
    flags: &Flags,
    context: &Context,
) -> Result<(), ConfigFault> {
    settings.extend(raw.name.clone().map(Setting::Name));
    settings.extend(raw.namespace.clone().map(Setting::Namespace));
    if raw.cwd.is_some() {
        let cwd = lower::cwd(raw, context)?;
        settings.push(Setting::Shown(CWD.to_owned(), Some(json!(cwd).to_string())));
        settings.push(Setting::Cwd(cwd));
    }
    let mut before = None;
    if let Some(name) = &raw.interpreter {
        let found = interpreter::named(name, &context.cwd, context)?;
        settings.push(Setting::Interpreter(found.program));
        let shown = found.name.map(|name| json!(name).to_string());
        settings.push(Setting::Shown("exec_interpreter".to_owned(), shown));
        before = Some(found.args).filter(|args| !args.is_empty());
    }
    if before.is_some() || flags.interpreter_args.is_some() {
        let mut args = before.unwrap_or_default();
        args.extend(raw.interpreter_args.iter().cloned());
        settings.push(Setting::InterpreterArgs(args));
    }
    if !raw.filter_env.is_empty() {
        settings.push(Setting::FilterEnv(raw.filter_env.clone()));
    }
    Ok(())
}

fn restart(settings: &mut Vec<Setting>, raw: &RawRestart) {
    settings.extend(raw.autorestart.map(Setting::Autorestart));
    settings.extend(raw.max_restarts.map(Setting::MaxRestarts));
    settings.extend(raw.min_uptime_ms.map(Setting::MinUptimeMs));
    settings.extend(raw.delay_ms.map(Setting::RestartDelayMs));
    settings
        .extend(raw.backoff_ms.map(|wait| Setting::BackoffMs(Some(wait).filter(|wait| *wait > 0))));
    if !raw.stop_exit_codes.is_empty() {
        settings.push(Setting::StopExitCodes(raw.stop_exit_codes.clone()));
    }
}

fn stop(settings: &mut Vec<Setting>, raw: &RawStop) {
    settings.extend(raw.signal.map(Setting::KillSignal));
    settings.extend(raw.kill_timeout_ms.map(Setting::KillTimeoutMs));
    settings.extend(raw.treekill.map(Setting::Treekill));
    settings.extend(raw.with_message.then_some(Setting::ShutdownWithMessage(true)));
    settings.extend(raw.drain_timeout_ms.map(Setting::DrainTimeoutMs));
}

fn cluster(settings: &mut Vec<Setting>, raw: &RawCluster) {
    settings.extend(raw.policy.map(Setting::ClusterPolicy));
    settings.extend(raw.window.map(Setting::ClusterWindow));
    settings.extend(raw.sticky.map(Setting::Sticky));
    settings.extend(raw.drain.map(Setting::Drain));
}

fn logs(settings: &mut Vec<Setting>, raw: &Raw, flags: &Flags, context: &Context) {
    let name = flags.name.as_deref().unwrap_or_default();
    let lowered = lower::logs(raw, name, &context.cwd, context);
    let given = &raw.logs;
    settings.extend(given.out.as_ref().map(|_| Setting::OutLog(lowered.out)));
    settings.extend(given.err.as_ref().map(|_| Setting::ErrLog(lowered.err)));
    // A combined log without a path is named after the app, which is not known here.
    if flags.log.as_ref().is_some_and(Option::is_some) {
        settings.push(Setting::CombinedLog(lowered.combined));
    }
    settings.extend(given.merge.map(Setting::MergeLogs));
    settings.extend(given.json.then_some(Setting::JsonLogs(true)));
    settings.extend(given.disabled.then_some(Setting::DisableLogs(true)));
    if lowered.date_format.is_some() {
        settings.push(Setting::LogDateFormat(lowered.date_format));
    }
    let pid_file = raw.pid_file.as_ref();
    let pid_file = pid_file.map(|path| crate::paths::absolute(path, &context.cwd, context));
    settings.extend(pid_file.map(|path| Setting::PidFile(Some(path))));
}

/// `--watch` alone turns watching on and off, as in PM2; with a path it says what is watched.
fn watch(settings: &mut Vec<Setting>, raw: &Raw, flags: &Flags) {
    let forget = |key: &str| Setting::Shown(key.to_owned(), None);
    match &flags.watch {
        None => {}
        Some(_) if raw.watch.paths.is_empty() => settings.push(Setting::ToggleWatch),
        Some(_) => {
            settings.push(forget("watch"));
            settings.push(Setting::Watch(true));
            settings.push(Setting::WatchPaths(raw.watch.paths.clone()));
        }
    }
    if let Some(ignore) = &raw.watch.ignore {
        settings.push(Setting::Shown("ignore_watch".to_owned(), Some(json!(ignore).to_string())));
        settings.push(Setting::IgnoreWatch(Some(ignore.clone())));
    }
    if flags.watch_delay.is_some() {
        let delay_ms = raw.watch.delay_ms;
        settings.push(Setting::Shown("watch_delay".to_owned(), Some(delay_ms.to_string())));
        settings.push(Setting::WatchDelayMs(delay_ms));
    }
    if flags.ext.is_some() {
        settings.push(Setting::WatchExtensions(raw.watch.extensions.clone()));
    }
}

fn cron(settings: &mut Vec<Setting>, flags: &Flags, raw: &Raw) {
    if flags.cron_restart.is_some() {
        let shown = raw.cron.as_ref().map(|pattern| json!(pattern).to_string());
        settings.push(Setting::Shown("cron_restart".to_owned(), shown));
        settings.push(Setting::Cron(raw.cron.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Place;
    use rpm_core::AppSpec;

    #[test]
    fn what_was_not_given_is_not_changed() {
        let place = Place::new();
        let settings = settings(&Flags::default(), None, &place.context).unwrap();
        assert_eq!(settings, []);
    }

    #[test]
    fn what_was_given_is() {
        let place = Place::new();
        let text = |text: &str| Some(text.to_owned());
        let flags = Flags {
            interpreter: text("python3"),
            interpreter_args: text("-u"),
            output: text("o.log"),
            kill_timeout: text("5s"),
            cron_restart: text("0"),
            max_memory_restart: text("1G"),
            max_restarts: text("3"),
            watch: Some(vec![String::new()]),
            watch_delay: text("1"),
            no_autorestart: true,
            time: true,
            ..Flags::default()
        };
        let args = ["a".to_owned()];
        let settings = settings(&flags, Some(&args), &place.context).unwrap();
        let mut spec = AppSpec { cron: text("0 3 * * *"), ..AppSpec::default() };
        spec.extra.insert("cron_restart".to_owned(), "\"0 3 * * *\"".to_owned());
        for setting in &settings {
            setting.give(&mut spec);
        }
        insta::assert_snapshot!(place.show_app(&spec));
    }

    #[test]
    fn mistakes_are_told_as_at_a_start() {
        let place = Place::new();
        let flags = Flags { kill_timeout: Some("soon".to_owned()), ..Flags::default() };
        let fault = settings(&flags, None, &place.context).unwrap_err();
        assert_eq!(fault.what, "`--kill-timeout` cannot be `soon`");
        let flags = Flags { interpreter: Some("nosuch".to_owned()), ..Flags::default() };
        assert!(settings(&flags, None, &place.context).is_err());
    }
}
