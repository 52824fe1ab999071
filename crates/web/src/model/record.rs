//! What has happened: events of the timeline, and reports of crashes.

use super::clean;
use rpm_proto::{Crash, Happening, Level, Stream, redact};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// How grave an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Gravity {
    /// As it should be.
    Info,
    /// An operator should look.
    Warn,
    /// Something is down.
    Error,
}

impl Gravity {
    fn of(level: Level) -> Self {
        match level {
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }

    /// In the daemon's words.
    pub(crate) fn level(self) -> Level {
        match self {
            Self::Info => Level::Info,
            Self::Warn => Level::Warn,
            Self::Error => Level::Error,
        }
    }
}

/// One noteworthy happening.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Event {
    /// Counts up; a gap means that something was left out.
    seq: u64,
    /// When, in ms since 1970.
    at: i64,
    /// What, such as `exit`, `online`, `errored`, `reload`.
    kind: String,
    /// How grave it is.
    level: Gravity,
    /// The app, where it is about one.
    app: Option<String>,
    /// The process, where it is about one.
    process: Option<u32>,
    /// What happened, as a sentence.
    text: String,
    /// Who asked for it, where somebody did.
    by: Option<String>,
    /// Details by name.
    #[schema(value_type = Object)]
    data: Value,
}

impl Event {
    /// A happening, as others may see it.
    pub(crate) fn of(happening: Happening) -> Self {
        Self {
            seq: happening.seq,
            at: happening.at,
            kind: happening.kind,
            level: Gravity::of(happening.level),
            app: happening.app,
            process: happening.id,
            text: redact::text(&happening.text),
            by: happening.by.as_deref().map(redact::text),
            data: clean("", &Value::Object(happening.data)),
        }
    }
}

/// A crash, in a line.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CrashSummary {
    /// Names it.
    id: String,
    /// When, in ms since 1970.
    at: i64,
    /// The app.
    app: String,
    /// PM2's `pm_id`.
    process: u32,
    /// Its pid.
    pid: u32,
    /// How it ended, such as `exit code 1` or `SIGSEGV`.
    ending: String,
    /// How long it had run, in ms.
    uptime_ms: u64,
    /// How often it had been restarted.
    restarts: u32,
    /// What became of it: `restart`, `errored`…
    then: String,
}

impl CrashSummary {
    /// A crash, in a line.
    pub(crate) fn of(crash: &Crash) -> Self {
        Self {
            id: crash.id.clone(),
            at: crash.at,
            app: crash.app.clone(),
            process: crash.proc,
            pid: crash.pid,
            ending: crash.ending.clone(),
            uptime_ms: crash.uptime_ms,
            restarts: crash.restarts,
            then: crash.then.clone(),
        }
    }
}

/// All that was kept of a crash.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CrashReport {
    /// In a line.
    crash: CrashSummary,
    /// The exit code.
    code: Option<i32>,
    /// The signal's name.
    signal: Option<String>,
    /// Percent of one core when last sampled.
    cpu: f32,
    /// Resident bytes when last sampled.
    memory: u64,
    /// What was run, without secrets.
    command: Vec<String>,
    /// Where.
    cwd: String,
    /// The names of its variables.
    env: Vec<String>,
    /// The last lines of output, as they were.
    lines: Vec<CrashedLine>,
}

/// One line before a crash.
#[derive(Debug, Serialize, ToSchema)]
struct CrashedLine {
    /// Which stream.
    stream: Output,
    /// When it was read or says that it was written, in ms since 1970, where that is known.
    at: Option<i64>,
    /// The line.
    text: String,
}

impl CrashReport {
    /// What was kept, as others may see it.
    pub(crate) fn of(crash: Crash) -> Self {
        Self {
            crash: CrashSummary::of(&crash),
            code: crash.code,
            signal: crash.signal,
            cpu: crash.cpu,
            memory: crash.memory,
            command: redact::args(crash.command.iter().map(String::as_str)),
            cwd: crash.cwd,
            env: crash.env,
            lines: crash
                .lines
                .into_iter()
                .map(|line| CrashedLine {
                    stream: Output::of(line.stream),
                    at: line.at,
                    text: line.text,
                })
                .collect(),
        }
    }
}

/// Which output of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Output {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Output {
    /// In the daemon's words.
    pub(crate) fn of(stream: Stream) -> Self {
        match stream {
            Stream::Out => Self::Out,
            Stream::Err => Self::Err,
        }
    }
}
