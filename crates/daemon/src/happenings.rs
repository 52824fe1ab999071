//! What happens to apps, in the daemon's log: a line for a start, a line for an end. When hundreds
//! crash at once the lines are thinned out and the rest is counted.

use crate::allowance::Allowance;
use crate::news::Words;
use rpm_core::action::News;
use rpm_core::{Mono, Notice};
use tracing::Level;

/// So many lines may come at once.
const BURST: u64 = 200;
/// And one more after each of so many ms.
const EACH_MS: u64 = 50;

/// Says what happens.
#[derive(Debug)]
pub(crate) struct Happenings {
    allowance: Allowance,
    missing: u64,
    left_out: u64,
}

impl Default for Happenings {
    fn default() -> Self {
        Self { allowance: Allowance::new(BURST, EACH_MS), missing: 0, left_out: 0 }
    }
}

impl Happenings {
    /// Says it, or counts it.
    pub(crate) fn say(&mut self, now: Mono, notice: &Notice) {
        let level = level(&notice.news);
        if level != Level::DEBUG && !self.allowance.take(now) {
            self.missing += 1;
            self.left_out += 1;
            return;
        }
        let more = std::mem::take(&mut self.missing);
        if more > 0 {
            tracing::warn!("and {more} more happenings of apps that are not written");
        }
        let (app, id) = (&notice.name, notice.proc.0);
        let generation = notice.generation.map(|generation| generation.0);
        let news = Words(&notice.news);
        match level {
            Level::WARN => tracing::warn!(%app, id, generation, %news),
            Level::INFO => tracing::info!(%app, id, generation, %news),
            _ => tracing::debug!(%app, id, generation, %news),
        }
    }

    /// How many were counted and not said.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }
}

/// What an operator wants to see: a start with its pid, an end with its status, and trouble.
fn level(news: &News) -> Level {
    match news {
        News::Spawned { .. }
        | News::Exited { .. }
        | News::Scheduled
        | News::FilesChanged { .. }
        | News::Reloaded
        | News::Deleted => Level::INFO,
        News::Launching
        | News::Online
        | News::Stopping
        | News::Draining
        | News::Waiting { .. }
        | News::Stopped => Level::DEBUG,
        News::ReadyTimeout
        | News::Killed
        | News::Errored { .. }
        | News::SpawnFailed { .. }
        | News::WatchdogMissed { .. }
        | News::MemoryExceeded { .. }
        | News::ReloadFailed { .. } => Level::WARN,
    }
}
