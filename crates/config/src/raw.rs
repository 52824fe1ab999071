//! One app as the user wrote it: the spellings are gone and each value is of its kind, but nothing
//! is resolved. Config files and flags both become this.

use crate::units::Instances;
use indexmap::IndexMap;
use rpm_core::Signal;
use rpm_core::spec::{ClusterPolicy, Env, ExecMode, Limits, RotateOptions, WatchOptions};

/// What was written; `None` where nothing was.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Raw {
    pub(crate) script: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) cwd: Option<String>,
    pub(crate) args: Vec<String>,
    pub(crate) interpreter: Option<String>,
    pub(crate) interpreter_args: Vec<String>,
    pub(crate) mode: Option<ExecMode>,
    pub(crate) instances: Option<Instances>,
    pub(crate) env: Vars,
    pub(crate) port: Option<u16>,
    pub(crate) filter_env: Vec<String>,
    pub(crate) increment_var: Option<String>,
    pub(crate) instance_var: Option<String>,
    pub(crate) logs: RawLogs,
    pub(crate) pid_file: Option<String>,
    pub(crate) max_memory: Option<u64>,
    pub(crate) restart: RawRestart,
    pub(crate) stop: RawStop,
    pub(crate) wait_ready: Option<bool>,
    pub(crate) watchdog_ms: Option<u64>,
    pub(crate) listen_timeout_ms: Option<u64>,
    pub(crate) autostart: Option<bool>,
    pub(crate) uid: Option<String>,
    pub(crate) gid: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) cron: Option<String>,
    pub(crate) watch: WatchOptions,
    pub(crate) pmx: Option<bool>,
    pub(crate) cluster: RawCluster,
    /// Keys that are kept for PM2's outputs, as JSON text.
    pub(crate) extra: IndexMap<String, String>,
}

/// Variables, and those of them that were numbers or booleans.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Vars {
    pub(crate) text: Env,
    pub(crate) typed: serde_json::Map<String, serde_json::Value>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RawLogs {
    pub(crate) out: Option<String>,
    pub(crate) err: Option<String>,
    pub(crate) combined: Option<Combined>,
    pub(crate) json: bool,
    pub(crate) date_format: Option<String>,
    pub(crate) time: bool,
    pub(crate) merge: Option<bool>,
    pub(crate) disabled: bool,
    pub(crate) rotate: RotateOptions,
}

/// The log of both streams together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Combined {
    /// In the usual place.
    Usual,
    /// In this file.
    File(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RawRestart {
    pub(crate) autorestart: Option<bool>,
    pub(crate) max_restarts: Option<u32>,
    pub(crate) min_uptime_ms: Option<u64>,
    pub(crate) delay_ms: Option<u64>,
    pub(crate) backoff_ms: Option<u64>,
    pub(crate) stop_exit_codes: Vec<i32>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RawStop {
    pub(crate) signal: Option<Signal>,
    pub(crate) kill_timeout_ms: Option<u64>,
    pub(crate) treekill: Option<bool>,
    pub(crate) with_message: bool,
    pub(crate) drain_timeout_ms: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RawCluster {
    pub(crate) policy: Option<ClusterPolicy>,
    pub(crate) window: Option<u32>,
    pub(crate) sticky: Option<bool>,
    pub(crate) drain: Option<bool>,
}

impl Vars {
    /// Merges `other` over these.
    pub(crate) fn merge(&mut self, other: Self) {
        for name in other.text.keys() {
            self.typed.shift_remove(name);
        }
        self.text.extend(other.text);
        self.typed.extend(other.typed);
    }

    /// Sets a variable that is a number.
    pub(crate) fn set_number(&mut self, name: &str, number: u64) {
        self.text.insert(name.to_owned(), number.to_string());
        self.typed.insert(name.to_owned(), number.into());
    }
}
