//! All at a glance.

use super::daemon::Daemon;
use super::host::Host;
use super::process::Process;
use rpm_proto::Observed;
use serde::Serialize;
use utoipa::ToSchema;

/// The machine, the daemon, and each process with its figures, taken at one time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Overview {
    /// When, in ms since 1970.
    at: i64,
    /// The machine.
    host: Host,
    /// The daemon.
    daemon: Daemon,
    /// The processes, by id.
    processes: Vec<Process>,
}

impl Overview {
    /// What the daemon said, as others may see it.
    pub(crate) fn of(observed: &Observed) -> Self {
        Self {
            at: observed.at,
            host: Host::of(&observed.host),
            daemon: Daemon::of(&observed.daemon),
            processes: observed.processes.iter().map(Process::of).collect(),
        }
    }
}

/// What the asker may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accessible {
    /// Whether reading needs the token.
    pub(crate) private: bool,
    /// Whether there is a token at all; without one there are no actions.
    pub(crate) has_token: bool,
    /// Whether the request showed the right one.
    pub(crate) granted: bool,
    /// The version of this server.
    pub(crate) version: &'static str,
    /// This server's own process, which cannot act upon itself.
    pub(crate) own_id: Option<u32>,
}
