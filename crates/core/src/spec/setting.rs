//! Single settings of an app that exists: what `restart NAME --flag` changes.

use super::{AppSpec, ClusterPolicy, LogTarget};
use crate::signal::Signal;
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident($type:ty) => $($field:ident).+;)*) => {
        /// One setting and its new value.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Setting {
            $($(#[$doc])* $name($type),)*
            /// The arguments after the script, or after the line that a shell runs.
            Args(Vec<String>),
            /// Files are watched when they were not, and not watched when they were.
            ToggleWatch,
            /// What PM2's outputs show of a key, as JSON text; `None` for nothing.
            Shown(String, Option<String>),
        }

        impl Setting {
            /// Makes it part of a spec.
            pub fn give(&self, spec: &mut AppSpec) {
                match self {
                    $(Self::$name(value) => spec.$($field).+ = value.clone(),)*
                    Self::Args(args) => give_args(spec, args),
                    Self::ToggleWatch => spec.watch.on = !spec.watch.on,
                    Self::Shown(key, Some(json)) => {
                        spec.extra.insert(key.clone(), json.clone());
                    }
                    Self::Shown(key, None) => drop(spec.extra.shift_remove(key)),
                }
            }
        }
    };
}

settings! {
    /// The app's name.
    Name(String) => name;
    /// Its namespace.
    Namespace(String) => namespace;
    /// Its interpreter.
    Interpreter(Option<Utf8PathBuf>) => interpreter;
    /// The arguments before the script.
    InterpreterArgs(Vec<String>) => interpreter_args;
    /// The working directory.
    Cwd(Utf8PathBuf) => cwd;
    /// Variables of the shell to drop.
    FilterEnv(Vec<String>) => filter_env;
    /// Start again at all.
    Autorestart(bool) => restart.autorestart;
    /// Unstable runs until it is errored.
    MaxRestarts(u32) => restart.max_restarts;
    /// A shorter run is unstable, in ms.
    MinUptimeMs(u64) => restart.min_uptime_ms;
    /// The wait before a restart, in ms.
    RestartDelayMs(u64) => restart.delay_ms;
    /// The first wait of a growing back-off, in ms.
    BackoffMs(Option<u64>) => restart.backoff_ms;
    /// Exit codes after which it stays stopped.
    StopExitCodes(Vec<i32>) => restart.stop_exit_codes;
    /// The first signal of a stop.
    KillSignal(Signal) => stop.signal;
    /// How long a stop may take, in ms.
    KillTimeoutMs(u64) => stop.kill_timeout_ms;
    /// Signal the whole tree.
    Treekill(bool) => stop.treekill;
    /// Stop by message.
    ShutdownWithMessage(bool) => stop.with_message;
    /// How long a replaced worker may finish its connections, in ms.
    DrainTimeoutMs(u64) => stop.drain_timeout_ms;
    /// Wait for `ready`.
    WaitReady(bool) => ready.wait;
    /// How long to wait for it, in ms.
    ListenTimeoutMs(u64) => ready.timeout_ms;
    /// The memory above which it is restarted, in bytes.
    MaxMemory(Option<u64>) => max_memory;
    /// Who accepts connections.
    ClusterPolicy(ClusterPolicy) => cluster.policy;
    /// Connections that a worker may have unacknowledged.
    ClusterWindow(u32) => cluster.window;
    /// One source address, one instance.
    Sticky(bool) => cluster.sticky;
    /// End keep-alive connections cleanly.
    Drain(bool) => cluster.drain;
    /// The log of standard output.
    OutLog(LogTarget) => logs.out;
    /// The log of standard error.
    ErrLog(LogTarget) => logs.err;
    /// The log of both.
    CombinedLog(LogTarget) => logs.combined;
    /// One log file for all instances.
    MergeLogs(bool) => logs.merge;
    /// The time before each line.
    LogDateFormat(Option<String>) => logs.date_format;
    /// One JSON object a line.
    JsonLogs(bool) => logs.json;
    /// Keep no logs.
    DisableLogs(bool) => logs.disabled;
    /// The pid file.
    PidFile(Option<Utf8PathBuf>) => pid_file;
    /// Start when registered.
    Autostart(bool) => autostart;
    /// When it is restarted by time.
    Cron(Option<String>) => cron;
    /// PM2's `pmx`.
    Pmx(bool) => pmx;
    /// Whether Node loads what tells figures of the app.
    PmxMetrics(bool) => pmx_metrics;
    /// Whether files are watched.
    Watch(bool) => watch.on;
    /// Which.
    WatchPaths(Vec<String>) => watch.paths;
    /// Which of them do not count.
    IgnoreWatch(Option<Vec<String>>) => watch.ignore;
    /// The extensions that count.
    WatchExtensions(Vec<String>) => watch.extensions;
    /// The wait after a change, in ms.
    WatchDelayMs(u64) => watch.delay_ms;
}

/// A line that a shell runs (`bash -c LINE`) keeps its place before the arguments.
fn give_args(spec: &mut AppSpec, args: &[String]) {
    let is_line = spec.interpreter.is_none()
        && spec.args.first().is_some_and(|first| first == "-c")
        && matches!(spec.script.file_name(), Some("bash" | "sh"));
    let Some(line) = spec.args.get(1).filter(|_| is_line) else {
        spec.args = args.to_vec();
        return;
    };
    let line = line.strip_suffix(" \"$@\"").unwrap_or(line).to_owned();
    spec.args = if args.is_empty() {
        vec!["-c".to_owned(), line]
    } else {
        let head = ["-c".to_owned(), format!("{line} \"$@\""), spec.script.to_string()];
        head.into_iter().chain(args.iter().cloned()).collect()
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn a_line_for_the_shell_gets_its_arguments_behind_it() {
        let mut spec = AppSpec {
            script: "/bin/bash".into(),
            args: words(&["-c", "npm run x"]),
            ..AppSpec::default()
        };
        Setting::Args(words(&["a"])).give(&mut spec);
        assert_eq!(spec.args, ["-c", "npm run x \"$@\"", "/bin/bash", "a"]);
        Setting::Args(words(&["b", "c"])).give(&mut spec);
        assert_eq!(spec.args, ["-c", "npm run x \"$@\"", "/bin/bash", "b", "c"]);
        Setting::Args(Vec::new()).give(&mut spec);
        assert_eq!(spec.args, ["-c", "npm run x"]);
        spec.interpreter = Some("/bin/node".into());
        Setting::Args(words(&["a"])).give(&mut spec);
        assert_eq!(spec.args, ["a"]);
    }

    #[test]
    fn settings_survive_the_wire() {
        for setting in [
            Setting::Interpreter(None),
            Setting::Cron(None),
            Setting::ToggleWatch,
            Setting::Shown("watch".to_owned(), None),
            Setting::KillTimeoutMs(5),
        ] {
            let text = serde_json::to_string(&setting).unwrap();
            assert_eq!(serde_json::from_str::<Setting>(&text).unwrap(), setting, "{text}");
        }
    }
}
