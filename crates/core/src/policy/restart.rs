//! What follows when a run ends without having been asked to.

use crate::event::Ending;
use crate::policy::backoff;
use crate::spec::RestartPolicy;
use serde::{Deserialize, Serialize};

/// What earlier runs of an instance have taught.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct History {
    /// Unstable runs in a row.
    pub(crate) unstable: u32,
    /// The last wait of a growing back-off, in ms; 0 for none.
    pub(crate) backoff_ms: u64,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It stays stopped, as its policy says.
    Stop,
    /// Too many unstable runs in a row.
    GiveUp,
    /// It is started again, so many ms after it ended.
    Again {
        /// The wait.
        delay_ms: u64,
    },
}

/// Judges a run that lived `lived_ms` and ended with `how`.
///
/// Where PM2 counts unstable runs only within `min_uptime * max_restarts` of the last start by hand,
/// and so restarts for ever what begins to crash later, here they count while they follow each
/// other. A signal is no exit code: PM2 takes it for 0.
pub(crate) fn judge(
    policy: &RestartPolicy,
    history: History,
    lived_ms: u64,
    how: Ending,
) -> (Verdict, History) {
    if is_a_stop(policy, how) || !policy.autorestart {
        return (Verdict::Stop, history);
    }
    let unstable =
        if lived_ms < policy.min_uptime_ms { history.unstable.saturating_add(1) } else { 0 };
    if unstable >= policy.max_restarts {
        return (Verdict::GiveUp, History::default());
    }
    let (delay_ms, backoff_ms) = delay(policy, history.backoff_ms, lived_ms);
    (Verdict::Again { delay_ms }, History { unstable, backoff_ms })
}

/// Whether a run that ends so by itself has failed: not when that means success or a stop, nor when
/// nobody knows how it ended.
pub(crate) fn is_failure(policy: &RestartPolicy, how: Ending) -> bool {
    match how {
        Ending::Code(0) | Ending::Unknown => false,
        Ending::Code(_) | Ending::Signal(_) => !is_a_stop(policy, how),
    }
}

fn is_a_stop(policy: &RestartPolicy, how: Ending) -> bool {
    match how {
        Ending::Code(code) => policy.stop_exit_codes.contains(&code),
        Ending::Signal(_) | Ending::Unknown => false,
    }
}

fn delay(policy: &RestartPolicy, last_ms: u64, lived_ms: u64) -> (u64, u64) {
    match policy.backoff_ms {
        Some(base_ms) if base_ms > 0 => {
            let last_ms = if lived_ms >= backoff::CALM_MS { 0 } else { last_ms };
            let delay_ms = backoff::next(base_ms, last_ms);
            (delay_ms, delay_ms)
        }
        _ => (policy.delay_ms, 0),
    }
}

#[cfg(test)]
mod tests;
