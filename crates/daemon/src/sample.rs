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
/// So often, in ms, processes are looked at that were found to belong to no app.
const ALL_MS: u64 = 60_000;

/// What is known of the trees' use of resources.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    taken_at: Option<Mono>,
    /// When all processes of the machine were last looked at.
    all_at: Option<Mono>,
    snapshot: Snapshot,
    runs: BTreeMap<Generation, Sample>,
}

/// The use of one process tree.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sample {
    /// Resident bytes.
    pub(crate) memory: u64,
    /// Percent of one core.
    pub(crate) cpu: f32,
    /// CPU time when that was measured.
    ticks: u64,
    since: Mono,
    meter: Meter,
}

/// CPU time of a tree, in ticks, which only grows: what members have used that leave the tree goes on
/// counting.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Meter {
    shown: u64,
    /// What members had used that have left.
    carried: u64,
    /// The tree had less than is shown when it was last looked at.
    fell: bool,
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
        let pids: Vec<u32> = subjects.iter().map(|subject| subject.pid).collect();
        let anew = self.all_at.is_none_or(|at| now.since(at) >= ALL_MS);
        if anew {
            self.all_at = Some(now);
        }
        self.snapshot.refresh_trees(&pids, anew);
        let hz = rpm_sys::tree::ticks_per_second();
        let page = rpm_sys::tree::page_size();
        let before = std::mem::take(&mut self.runs);
        for subject in subjects {
            let (ticks, pages) = usage(&self.snapshot, subject.pid);
            let memory = pages * page;
            let last = before.get(&subject.generation).copied();
            let base =
                last.or_else(|| subject.started.map(|since| Sample { since, ..Sample::default() }));
            let mut meter = base.map_or_else(Meter::default, |base| base.meter);
            let ticks = meter.read(ticks);
            let sample = match base {
                None => Sample { memory, ticks, meter, since: now, cpu: 0.0 },
                Some(base) if last.is_some() && now.since(base.since) < SPAN_MS => {
                    Sample { memory, meter, ..base }
                }
                Some(base) => {
                    let used = ticks.saturating_sub(base.ticks);
                    let cpu = percent(used, hz, now.since(base.since));
                    Sample { memory, cpu, ticks, meter, since: now }
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

impl Sample {
    /// CPU time of the tree in seconds, with that of members that have ended.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        rpm_sys::tree::seconds(self.meter.shown)
    }
}

impl Meter {
    /// What to show for a tree that has used so much.
    fn read(&mut self, ticks: u64) -> u64 {
        let now = ticks + self.carried;
        if now >= self.shown {
            (self.shown, self.fell) = (now, false);
        } else if std::mem::replace(&mut self.fell, true) {
            // A member that ends while its parent is looked at is missed once, and is part of what
            // its parent has waited for the next time. This one has not come back.
            self.carried += self.shown - now;
            self.fell = false;
        }
        self.shown
    }
}

/// CPU time in ticks, and memory in pages.
fn usage(snapshot: &Snapshot, pid: u32) -> (u64, u64) {
    let tree = std::iter::once(pid).chain(snapshot.descendants(pid));
    tree.filter_map(|pid| snapshot.get(pid)).fold((0, 0), |(ticks, pages), stat| {
        (ticks + stat.ticks + stat.waited_ticks, pages + stat.rss_pages)
    })
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
    fn cpu_time_of_a_tree_only_grows() {
        let mut meter = Meter::default();
        let mut read = |ticks| meter.read(ticks);
        assert_eq!([read(10), read(30)], [10, 30]);
        // One that ended is seen with its parent the next time.
        assert_eq!([read(5), read(32)], [30, 32]);
        // One that left is not.
        assert_eq!([read(12), read(12), read(13)], [32, 32, 33]);
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
