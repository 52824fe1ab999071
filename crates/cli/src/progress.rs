//! How far a command is, in one line, while it runs.

use crate::render::table::cut;
use indexmap::IndexMap;
use rpm_core::action::News;
use rpm_core::{Notice, ProcId};
use std::collections::BTreeMap;

/// What has been heard of each instance.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    apps: IndexMap<String, BTreeMap<ProcId, Step>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Up,
    Starting,
    Stopping,
    Waiting,
    Down,
    Failed,
}

impl Progress {
    /// Whether nothing has been heard.
    pub(crate) fn is_empty(&self) -> bool {
        self.apps.is_empty()
    }

    /// Takes note.
    pub(crate) fn update(&mut self, notice: &Notice) {
        let step = match notice.news {
            News::Launching | News::Spawned { .. } => Step::Starting,
            News::Online | News::ReadyTimeout | News::Reloaded => Step::Up,
            News::Stopping
            | News::Draining
            | News::Killed
            | News::WatchdogMissed { .. }
            | News::MemoryExceeded { .. }
            | News::Scheduled
            | News::FilesChanged { .. } => Step::Stopping,
            News::Waiting { .. } => Step::Waiting,
            News::Exited { .. } | News::Stopped | News::Deleted => Step::Down,
            News::Errored { .. } | News::SpawnFailed { .. } | News::ReloadFailed { .. } => {
                Step::Failed
            }
        };
        self.apps.entry(notice.name.clone()).or_default().insert(notice.proc, step);
    }

    /// The line, at most so wide.
    pub(crate) fn line(&self, width: usize) -> String {
        let apps = self.apps.iter().map(|(name, steps)| format!("{name}: {}", counts(steps)));
        cut(&apps.collect::<Vec<_>>().join(" · "), width)
    }
}

fn counts(steps: &BTreeMap<ProcId, Step>) -> String {
    let mut counts: BTreeMap<Step, usize> = BTreeMap::new();
    for step in steps.values() {
        *counts.entry(*step).or_default() += 1;
    }
    let words = counts.into_iter().map(|(step, count)| format!("{count} {}", word(step)));
    words.collect::<Vec<_>>().join(", ")
}

fn word(step: Step) -> &'static str {
    match step {
        Step::Up => "up",
        Step::Starting => "starting",
        Step::Stopping => "stopping",
        Step::Waiting => "waiting",
        Step::Down => "down",
        Step::Failed => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_are_counted_by_app() {
        let mut progress = Progress::default();
        for (id, name, news) in [
            (0, "api", News::Launching),
            (1, "api", News::Launching),
            (2, "mail", News::Online),
            (0, "api", News::Online),
        ] {
            let name = name.to_owned();
            progress.update(&Notice { proc: ProcId(id), name, generation: None, news });
        }
        assert_eq!(progress.line(80), "api: 1 up, 1 starting · mail: 1 up");
        assert_eq!(progress.line(10), "api: 1 up…");
    }
}
