//! What is kept of an app's crash.

use crate::reply::Stream;
use serde::{Deserialize, Serialize};

/// A report of one crash: a file of JSON in the home's `crashes/`, for its owner only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Crash {
    /// Names it; its file's name without `.json`.
    pub id: String,
    /// When, in ms since 1970.
    pub at: i64,
    /// The app.
    pub app: String,
    /// PM2's `pm_id`.
    pub proc: u32,
    /// Its process.
    pub pid: u32,
    /// How it ended, such as `exit code 1` or `SIGSEGV`.
    pub ending: String,
    /// The exit code.
    pub code: Option<i32>,
    /// The signal's name.
    pub signal: Option<String>,
    /// How long it had run, in ms.
    pub uptime_ms: u64,
    /// How often it had been restarted.
    pub restarts: u32,
    /// What became of it: `restart`, `errored`…
    pub then: String,
    /// Percent of one core when last sampled.
    pub cpu: f32,
    /// Resident bytes when last sampled.
    pub memory: u64,
    /// What was run.
    pub command: Vec<String>,
    /// Where.
    pub cwd: String,
    /// The names of its variables, without their values.
    pub env: Vec<String>,
    /// The last lines of output. Those of a run that was never up are in the order in which they were
    /// read; else they are in the order of their times where both streams tell some, and where not,
    /// those of standard output come first, then those of standard error.
    pub lines: Vec<CrashLine>,
}

/// One line before a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrashLine {
    /// Which stream.
    pub stream: Stream,
    /// When it was read or says that it was written, in ms since 1970, where that is known.
    pub at: Option<i64>,
    /// The line.
    pub text: String,
}
