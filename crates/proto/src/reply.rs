//! What the daemon answers.

use crate::fault::Fault;
use crate::happening::Happening;
use crate::history::Series;
use crate::observed::{Host, Observed};
use crate::report::Report;
use crate::view::{Detail, ProcessView};
use rpm_core::{Affected, Notice};
use serde::{Deserialize, Serialize};

/// One frame from the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reply {
    /// The daemon is there.
    Pong,
    /// All processes, by id.
    Processes {
        /// The processes.
        processes: Vec<ProcessView>,
    },
    /// Processes with everything known, by id.
    Details {
        /// The processes.
        details: Vec<Detail>,
    },
    /// What the daemon found of a life that did not end well.
    TakenUp {
        /// Services that went on without anybody, and are supervised again.
        adopted: usize,
        /// Processes that were ended; services among them are started anew.
        ended: usize,
    },
    /// The command has had its effect.
    Done {
        /// What was touched.
        affected: Vec<Affected>,
    },
    /// The command failed, wholly or in part.
    Failed {
        /// What went wrong and how to mend it.
        fault: Fault,
        /// What was touched all the same.
        #[serde(default)]
        affected: Vec<Affected>,
    },
    /// Processes have been sent something.
    Sent {
        /// Which.
        to: Vec<Recipient>,
    },
    /// Not final: a process has done what it was asked to.
    Returned {
        /// Which.
        from: Recipient,
        /// What it gives back.
        value: serde_json::Value,
    },
    /// Log files were emptied or opened anew.
    Flushed {
        /// Their paths.
        files: Vec<String>,
    },
    /// Who is to be told of what happens is known.
    Alerts {
        /// How many hooks there are.
        hooks: usize,
    },
    /// The dump is written.
    Saved {
        /// Where.
        path: String,
        /// How many processes it holds.
        processes: usize,
    },
    /// The daemon about itself.
    Report {
        /// All of it, without secrets.
        report: Box<Report>,
    },
    /// The machine.
    Host {
        /// How it is.
        host: Box<Host>,
    },
    /// What is to be seen at a glance.
    Observed {
        /// All of it, taken at one time.
        observed: Box<Observed>,
    },
    /// Figures over time.
    History {
        /// The lines, by subject and metric.
        series: Vec<Series>,
    },
    /// Not final: something happened.
    Notice {
        /// What.
        notice: Notice,
    },
    /// Not final: something noteworthy happened.
    Happening {
        /// What.
        happening: Happening,
    },
    /// Not final: a log line; sent as a binary frame, see [`crate::frame`].
    #[serde(skip)]
    Log(LogLine),
    /// Not final: the client was too slow, and so many log lines were left out.
    Missed {
        /// How many.
        lines: u64,
    },
}

/// A process that is sent something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// PM2's `pm_id`.
    pub id: u32,
    /// The app.
    pub name: String,
}

/// One line of output, as bytes: what an app writes need not be text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The instance.
    pub proc: u32,
    /// Its app's name.
    pub name: String,
    /// Which stream.
    pub stream: Stream,
    /// When it was read, in ms since 1970.
    pub at: i64,
    /// The line without its newline, without any time stamp of ours.
    pub bytes: Vec<u8>,
}

/// Which output of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Reply {
    /// Whether it ends the exchange.
    pub fn is_final(&self) -> bool {
        !matches!(
            self,
            Self::Notice { .. }
                | Self::Happening { .. }
                | Self::Log(_)
                | Self::Missed { .. }
                | Self::Returned { .. }
        )
    }
}
