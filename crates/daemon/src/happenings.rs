//! What happens to apps, in the daemon's log: a line for a start, a line for an end. When hundreds
//! crash at once the lines are thinned out and the rest is counted.

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
    room: u64,
    filled_at: Mono,
    missing: u64,
    left_out: u64,
}

impl Default for Happenings {
    fn default() -> Self {
        Self { room: BURST, filled_at: Mono(0), missing: 0, left_out: 0 }
    }
}

impl Happenings {
    /// Says it, or counts it.
    pub(crate) fn say(&mut self, now: Mono, notice: &Notice) {
        let level = level(&notice.news);
        if level != Level::DEBUG && !self.take(now) {
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

    fn take(&mut self, now: Mono) -> bool {
        let earned = now.since(self.filled_at) / EACH_MS;
        if earned > 0 {
            self.room = (self.room + earned).min(BURST);
            self.filled_at = now;
        }
        let Some(room) = self.room.checked_sub(1) else {
            self.missing += 1;
            self.left_out += 1;
            return false;
        };
        self.room = room;
        true
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_thinned_out_and_counted() {
        let mut happenings = Happenings::default();
        let mut now = Mono(1_000_000);
        let taken = (0..10_000).filter(|_| happenings.take(now)).count() as u64;
        assert_eq!(taken, BURST);
        assert_eq!(happenings.left_out(), 10_000 - BURST);
        let mut taken = 0;
        for _ in 0..1000 {
            now = now.after(10);
            taken += u64::from(happenings.take(now));
        }
        assert_eq!(taken, 10_000 / EACH_MS);
        now = now.after(3_600_000);
        assert_eq!((0..10_000).filter(|_| happenings.take(now)).count() as u64, BURST);
    }
}
