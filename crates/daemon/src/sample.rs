//! CPU and memory of process trees, taken from one pass over `/proc` for all readers.
//!
//! Nothing is sampled while nobody looks and no app has a memory limit.

use rpm_core::{Generation, Mono};
use rpm_sys::tree::Snapshot;
use std::collections::BTreeMap;

/// A pass over `/proc` younger than this, in ms, serves the next reader too.
const FRESH_MS: u64 = 1000;
/// CPU is measured over at least this long, in ms.
const SPAN_MS: u64 = 900;

/// What is known of the trees' use of resources.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    taken_at: Option<Mono>,
    runs: BTreeMap<Generation, Sample>,
}

/// The use of one process tree.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sample {
    /// Resident bytes.
    pub(crate) memory: u64,
    /// Percent of one core.
    pub(crate) cpu: f32,
    ticks: u64,
    since: Mono,
}

/// A run to be sampled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    /// The run.
    pub(crate) generation: Generation,
    /// Its main process.
    pub(crate) pid: u32,
    /// When it was started; `None` when a predecessor did, so that there is nothing to measure from.
    pub(crate) started: Option<Mono>,
}

impl Samples {
    /// Samples all `subjects`, unless that has just been done.
    pub(crate) fn refresh(&mut self, now: Mono, subjects: &[Subject]) {
        let fresh = self.taken_at.is_some_and(|at| now.since(at) < FRESH_MS);
        if !fresh || subjects.iter().any(|subject| !self.runs.contains_key(&subject.generation)) {
            self.take(now, subjects);
        }
    }

    /// Samples all `subjects` now and forgets all others.
    pub(crate) fn take(&mut self, now: Mono, subjects: &[Subject]) {
        let snapshot = Snapshot::take();
        let hz = rpm_sys::tree::ticks_per_second();
        let page = rpm_sys::tree::page_size();
        let before = std::mem::take(&mut self.runs);
        for subject in subjects {
            let (ticks, pages) = usage(&snapshot, subject.pid);
            let memory = pages * page;
            let last = before.get(&subject.generation).copied();
            let base =
                last.or_else(|| subject.started.map(|since| Sample { since, ..Sample::default() }));
            let sample = match base {
                None => Sample { memory, ticks, since: now, cpu: 0.0 },
                Some(base) if last.is_some() && now.since(base.since) < SPAN_MS => {
                    Sample { memory, ..base }
                }
                Some(base) => {
                    let used = ticks.saturating_sub(base.ticks);
                    let cpu = percent(used, hz, now.since(base.since));
                    Sample { memory, cpu, ticks, since: now }
                }
            };
            self.runs.insert(subject.generation, sample);
        }
        self.taken_at = Some(now);
    }

    /// The last sample of a run.
    pub(crate) fn of(&self, generation: Generation) -> Sample {
        self.runs.get(&generation).copied().unwrap_or_default()
    }
}

fn usage(snapshot: &Snapshot, pid: u32) -> (u64, u64) {
    let tree = std::iter::once(pid).chain(snapshot.descendants(pid));
    tree.filter_map(|pid| snapshot.get(pid))
        .fold((0, 0), |(ticks, pages), stat| (ticks + stat.ticks, pages + stat.rss_pages))
}

#[expect(clippy::cast_precision_loss, reason = "a percentage needs no more than three digits")]
fn percent(ticks: u64, hz: u64, span_ms: u64) -> f32 {
    if span_ms == 0 {
        return 0.0;
    }
    let percent = ticks as f32 * 100_000.0 / (hz as f32 * span_ms as f32);
    (percent * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_is_a_hundredth_of_a_second() {
        assert!((percent(100, 100, 1000) - 100.0).abs() < f32::EPSILON);
        assert!((percent(1, 100, 2000) - 0.5).abs() < f32::EPSILON);
        assert!(percent(5, 100, 0).abs() < f32::EPSILON);
    }

    #[test]
    fn this_process_uses_memory() {
        let mut samples = Samples::default();
        let subject =
            Subject { generation: Generation(1), pid: std::process::id(), started: Some(Mono(0)) };
        samples.refresh(Mono(10_000), &[subject]);
        assert!(samples.of(Generation(1)).memory > 100_000);
        assert_eq!(samples.of(Generation(2)), Sample::default());
    }
}
