//! Processes and what they started, from `/proc`.
//!
//! A number alone never decides who is signalled: a process is its number and its start time, and
//! it is signalled through a descriptor.

mod kill;
mod read;
mod snapshot;
mod stat;
mod sweep;

pub use kill::kill_tree;
pub use read::{children_of, environ_after, stat};
pub use snapshot::Snapshot;
pub use stat::Stat;
pub use sweep::{Marked, find_marked, kill_seen, leftovers, sweep_once};

/// Bytes in a page of memory.
pub fn page_size() -> u64 {
    u64::try_from(rustix::param::page_size()).unwrap_or(4096)
}

/// The unit of a process' CPU and start time, `sysconf(3)`.
pub fn ticks_per_second() -> u64 {
    rustix::param::clock_ticks_per_second()
}

/// CPU time in seconds.
#[expect(clippy::cast_precision_loss, reason = "no process runs for so long")]
pub fn seconds(ticks: u64) -> f64 {
    ticks as f64 / ticks_per_second().max(1) as f64
}
