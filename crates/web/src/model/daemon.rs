//! The daemon about itself.

use rpm_proto::report::Usage;
use rpm_proto::{self as proto};
use serde::Serialize;
use utoipa::ToSchema;

/// The daemon.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Daemon {
    /// Its version.
    version: String,
    /// Since when this supervisor has been there, in ms.
    uptime_ms: u64,
    /// How often the supervisor was replaced since its keeper began.
    replaced: u64,
    /// CPU time of the supervisor since it began, in seconds.
    cpu_seconds: f64,
    /// The parent of all processes.
    keeper: Part,
    /// The one that decides.
    supervisor: Part,
}

/// What one of the daemon's two processes uses.
#[derive(Debug, Serialize, ToSchema)]
struct Part {
    /// The process.
    pid: u32,
    /// Bytes of memory; what is shared is divided by those who share it.
    memory: u64,
    /// Open descriptors.
    descriptors: u64,
    /// How many it may have.
    descriptors_max: u64,
}

impl Daemon {
    pub(super) fn of(daemon: &proto::observed::Daemon) -> Self {
        Self {
            version: daemon.version.clone(),
            uptime_ms: daemon.uptime_ms,
            replaced: daemon.replaced,
            cpu_seconds: daemon.cpu_seconds,
            keeper: Part::of(&daemon.keeper),
            supervisor: Part::of(&daemon.supervisor),
        }
    }
}

impl Part {
    fn of(usage: &Usage) -> Self {
        Self {
            pid: usage.pid,
            memory: usage.memory,
            descriptors: usage.descriptors,
            descriptors_max: usage.descriptors_max,
        }
    }
}
