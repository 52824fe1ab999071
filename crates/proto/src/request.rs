//! What a client asks.

use crate::history::{Metric, Subject};
use rpm_core::spec::{AppSpec, Env, RotateOptions, Setting};
use rpm_core::{Existing, ScaleTo, Signal, Target};
use serde::{Deserialize, Serialize};

/// One request. A kind that the daemon does not know is answered with a fault that says which side
/// is older.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Request {
    /// Is anyone there. Answered by [`crate::Reply::Pong`].
    Ping,
    /// All processes. Answered by [`crate::Reply::Processes`].
    List,
    /// Processes with everything known of them. Answered by [`crate::Reply::Details`].
    Inspect {
        /// Which; all when absent. A target that matches nothing is a fault.
        target: Option<Target>,
    },
    /// Makes apps run. Answered by [`crate::Reply::Done`].
    Apply {
        /// The environment of the caller's shell: the base of each app's own.
        base_env: Env,
        /// The apps, with an empty `base_env` each.
        apps: Vec<AppSpec>,
        /// What becomes of those that exist.
        existing: Existing,
        /// How many instances a reload replaces at a time.
        parallel: Option<u32>,
        /// Whether apps that exist are given `base_env` too (`--update-env`).
        #[serde(default)]
        update_env: bool,
    },
    /// Does something to processes that exist. Answered by [`crate::Reply::Done`].
    Act {
        /// What.
        verb: Verb,
        /// To which.
        targets: Vec<Target>,
        /// Variables to merge over the apps' own (`--update-env`); for the verbs that start.
        env: Option<Env>,
        /// Settings to change first; for the verbs that start and that stop.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        settings: Vec<Setting>,
        /// How many instances a reload replaces at a time.
        parallel: Option<u32>,
    },
    /// Changes the number of instances. Answered by [`crate::Reply::Done`].
    Scale {
        /// The app.
        name: String,
        /// The wanted number.
        to: ScaleTo,
    },
    /// Changes settings, and leaves what runs as it is. Answered by [`crate::Reply::Done`].
    Adjust {
        /// Whose.
        targets: Vec<Target>,
        /// The settings.
        settings: Vec<Setting>,
    },
    /// Sends a signal. Answered by [`crate::Reply::Done`].
    Signal {
        /// To which.
        targets: Vec<Target>,
        /// The signal.
        signal: Signal,
    },
    /// Sends processes a message. Answered by [`crate::Reply::Sent`].
    Tell {
        /// To which.
        target: Target,
        /// The message, any JSON.
        message: serde_json::Value,
    },
    /// Writes a line to the standard input of processes in fork mode. Answered by
    /// [`crate::Reply::Sent`].
    Write {
        /// To which.
        target: Target,
        /// The line without its end.
        line: String,
    },
    /// Asks processes to do what they offer. Each answer is a [`crate::Reply::Returned`]; after the
    /// last one comes [`crate::Reply::Sent`].
    Trigger {
        /// Which; those that do not offer the action are passed over.
        target: Target,
        /// The name of the action.
        action: String,
        /// What it is given.
        param: Option<String>,
    },
    /// Empties log files. Answered by [`crate::Reply::Flushed`].
    Flush {
        /// Which; all and the daemon's own when absent.
        target: Option<Target>,
    },
    /// Opens all log files anew (after an outside rotation). Answered by [`crate::Reply::Flushed`].
    ReopenLogs,
    /// Says when log files of all apps are put aside, from now on and for the daemon's successors.
    /// Answered by [`crate::Reply::Done`].
    Rotate {
        /// What differs from the defaults.
        options: RotateOptions,
    },
    /// What there is to say for a bug report. Answered by [`crate::Reply::Report`].
    Report,
    /// The host alone. Answered by [`crate::Reply::Host`].
    Host,
    /// The host, the daemon and all processes with their figures. Answered by
    /// [`crate::Reply::Observed`].
    Observe,
    /// Whether figures are kept from now on (`rpm:history`). Answered by [`crate::Reply::Done`].
    KeepHistory {
        /// They are.
        on: bool,
    },
    /// Figures over the last 24 hours. Answered by [`crate::Reply::History`].
    History {
        /// Whose; of the host and of all apps when absent, as far as anything is known of them.
        of: Option<Subject>,
        /// Which; all when empty.
        #[serde(default)]
        metrics: Vec<Metric>,
        /// From when, in ms since 1970.
        from: i64,
        /// Until when.
        until: i64,
        /// In how many steps, or one more: steps begin at multiples of their length. They are no
        /// shorter than 10 s in the last ten minutes and than a minute before.
        points: u32,
    },
    /// Streams new log lines as [`crate::Reply::Log`] until the client hangs up.
    Follow {
        /// Which; all when absent. What matches is decided line by line, so that apps started later
        /// are followed too.
        target: Option<Target>,
        /// Standard output.
        out: bool,
        /// Standard error.
        err: bool,
    },
    /// What this daemon found of one that did not end well. Answered by [`crate::Reply::TakenUp`].
    TakenUp,
    /// Streams notices as [`crate::Reply::Notice`] until the client hangs up.
    Watch,
    /// Streams noteworthy happenings as [`crate::Reply::Happening`] until the client hangs up.
    Happenings,
    /// Reads anew who is to be told of what happens. Answered by [`crate::Reply::Alerts`].
    ReadAlerts,
    /// Writes the dump. Answered by [`crate::Reply::Saved`].
    Save {
        /// Also when there is nothing to save.
        force: bool,
    },
    /// Starts what the dump holds. Answered by [`crate::Reply::Done`].
    Resurrect,
    /// Starts what another dump holds, but for apps whose name is known. Answered by
    /// [`crate::Reply::Done`].
    Import {
        /// The dump file, absolute.
        path: String,
    },
    /// Stops everything, then the daemon. Answered by [`crate::Reply::Done`].
    Kill,
    /// The daemon is to go on as this program. Answered only when that is refused: else the daemon
    /// hands over and hangs up, and whoever answers next on the socket is its successor. Its form
    /// never changes, as it mends what else two versions may not understand of each other.
    Update {
        /// The program's path, absolute.
        binary: String,
    },
}

impl Request {
    /// Whether asking it twice may do more than asking it once.
    pub fn changes(&self) -> bool {
        match self {
            Self::Ping
            | Self::List
            | Self::Inspect { .. }
            | Self::Flush { .. }
            | Self::ReopenLogs
            | Self::Rotate { .. }
            | Self::Follow { .. }
            | Self::Watch
            | Self::Happenings
            | Self::ReadAlerts
            | Self::Report
            | Self::Host
            | Self::Observe
            | Self::History { .. }
            | Self::Save { .. }
            | Self::TakenUp => false,
            Self::Apply { .. }
            | Self::Act { .. }
            | Self::Scale { .. }
            | Self::Adjust { .. }
            | Self::Signal { .. }
            | Self::Tell { .. }
            | Self::Write { .. }
            | Self::Trigger { .. }
            | Self::Resurrect
            | Self::Import { .. }
            | Self::Kill
            | Self::KeepHistory { .. }
            | Self::Update { .. } => true,
        }
    }
}

/// What to do to processes that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Start what is down, restart what is up.
    Start,
    /// Stop.
    Stop,
    /// Stop and start.
    Restart,
    /// Replace without a gap where that can be.
    Reload,
    /// Stop and forget.
    Delete,
    /// Set counters to 0.
    Reset,
}

impl Verb {
    /// The verb as the user types it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
            Self::Delete => "delete",
            Self::Reset => "reset",
        }
    }
}
