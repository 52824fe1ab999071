//! Figures over time.

use rpm_proto::{Metric, Series, Subject};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Quantity {
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

impl Quantity {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Cpu, Self::Memory, Self::Restarts, Self::Requests, Self::EventLoop];

    /// In the daemon's words.
    pub(crate) fn metric(self) -> Metric {
        match self {
            Self::Cpu => Metric::Cpu,
            Self::Memory => Metric::Memory,
            Self::Restarts => Metric::Restarts,
            Self::Requests => Metric::Requests,
            Self::EventLoop => Metric::EventLoop,
        }
    }

    fn of(metric: Metric) -> Self {
        match metric {
            Metric::Cpu => Self::Cpu,
            Metric::Memory => Self::Memory,
            Metric::Restarts => Self::Restarts,
            Metric::Requests => Self::Requests,
            Metric::EventLoop => Self::EventLoop,
        }
    }
}

/// Whose figures.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Of {
    /// The machine's.
    Host,
    /// Of all instances of an app together: sums, but the mean of delays.
    App {
        /// Its name.
        name: String,
    },
    /// Of one process.
    Process {
        /// PM2's `pm_id`.
        id: u32,
    },
}

/// One line of a plot. Points are evenly spaced; where nothing is known there is `null`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Plot {
    /// Whose.
    of: Of,
    /// What.
    metric: Quantity,
    /// When the first step begins, in ms since 1970.
    from: i64,
    /// How long a step is, in ms.
    step_ms: u64,
    /// The mean over each step.
    mean: Vec<Option<f32>>,
    /// The largest value in each step.
    max: Vec<Option<f32>>,
}

impl Plot {
    /// A series of the daemon's.
    pub(crate) fn of(series: Series) -> Self {
        Self {
            of: match series.of {
                Subject::Host => Of::Host,
                Subject::App { name } => Of::App { name },
                Subject::Process { id } => Of::Process { id },
            },
            metric: Quantity::of(series.metric),
            from: series.from,
            step_ms: series.step_ms,
            mean: series.mean,
            max: series.max,
        }
    }
}
