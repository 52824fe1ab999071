//! Figures over the last 24 hours.

use serde::{Deserialize, Serialize};

/// Whose figures.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// The machine.
    Host,
    /// All instances of an app together, at each time: sums, but the mean of delays.
    App {
        /// Its name.
        name: String,
    },
    /// One instance.
    Process {
        /// PM2's `pm_id`.
        id: u32,
    },
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Percent of one core; of the whole machine for the host.
    Cpu,
    /// Bytes.
    Memory,
    /// Restarts within the step.
    Restarts,
    /// HTTP requests a second.
    Requests,
    /// Mean delay of the event loop, in ms.
    EventLoop,
}

/// One line of a plot. Points are evenly spaced; a gap is `None`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Whose.
    pub of: Subject,
    /// What.
    pub metric: Metric,
    /// When the first step begins, in ms since 1970.
    pub from: i64,
    /// How long a step is, in ms.
    pub step_ms: u64,
    /// The mean over each step; of restarts, how many there were.
    pub mean: Vec<Option<f32>>,
    /// The largest value in each step; of restarts, which add up, the same as the mean.
    pub max: Vec<Option<f32>>,
}
