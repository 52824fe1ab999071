//! Restarts by time: when each schedule's next time is, in local time.
//!
//! The core remembers which time of an instance's schedule was acted upon last, so a time that came
//! while the supervisor was away is caught up with, and none counts twice.

use chrono::{DateTime, Local, TimeZone};
use croner::Cron;
use rpm_core::{InstanceView, ProcId, Wall};
use rpm_sys::alarm::{Alarm, Ring};
use rpm_sys::watch::Watch;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;
use std::str::FromStr;

/// A time that was missed by more, in ms, is skipped: the machine slept, or the clock was set.
const LATE_MAX_MS: i64 = 60_000;

/// All schedules.
pub(crate) struct Crontab {
    jobs: BTreeMap<ProcId, Job>,
    alarm: Alarm,
    watch: Watch,
}

/// One instance's schedule.
struct Job {
    pattern: String,
    cron: Cron,
    /// `None` when there is no next time.
    next: Option<Wall>,
}

impl Crontab {
    /// No schedules yet. Must be called in a runtime with I/O.
    pub(crate) fn new() -> io::Result<Self> {
        let alarm = Alarm::new()?;
        let watch = Watch::reading(alarm.as_fd().try_clone_to_owned()?)?;
        Ok(Self { jobs: BTreeMap::new(), alarm, watch })
    }

    /// Comes back when there may be something due.
    pub(crate) async fn rings(&self) {
        if let Err(error) = self.watch.ready(false).await {
            tracing::error!(%error, "the alarm cannot be watched; nothing is restarted by time");
            std::future::pending::<()>().await;
        }
    }

    /// Takes up new and changed schedules, and drops those that are no more.
    pub(crate) fn update<'a>(
        &mut self,
        now: Wall,
        instances: impl Iterator<Item = InstanceView<'a>>,
    ) {
        let mut old = std::mem::take(&mut self.jobs);
        for instance in instances {
            let Some(pattern) = &instance.spec.cron else {
                continue;
            };
            let kept = old.remove(&instance.proc).filter(|job| job.pattern == *pattern);
            let since = instance.scheduled_at.unwrap_or(instance.created_at);
            if let Some(job) = kept.or_else(|| Job::new(pattern, since, now)) {
                self.jobs.insert(instance.proc, job);
            }
        }
        self.set_alarm();
    }

    /// The times that have come, and whose.
    pub(crate) fn due(&mut self, now: Wall) -> Vec<(ProcId, Wall)> {
        let clock_set = match self.alarm.rung() {
            Ok(ring) => ring == Ring::ClockSet,
            Err(error) => {
                tracing::error!(%error, "the alarm cannot be read");
                false
            }
        };
        let mut due = Vec::new();
        for (proc, job) in &mut self.jobs {
            let come = job.next.filter(|at| *at <= now);
            due.extend(come.filter(|at| now.0 - at.0 <= LATE_MAX_MS).map(|at| (*proc, at)));
            if come.is_some() || clock_set {
                job.next = job.after(now);
            }
        }
        self.set_alarm();
        due
    }

    fn set_alarm(&self) {
        let next = self.jobs.values().filter_map(|job| job.next).min();
        if let Err(error) = self.alarm.set(next.map(|at| at.0)) {
            tracing::error!(%error, "the alarm cannot be set; nothing is restarted by time");
        }
    }
}

impl Job {
    /// `None` for a pattern that cannot be read, which no config lets through.
    fn new(pattern: &str, since: Wall, now: Wall) -> Option<Self> {
        let cron = match Cron::from_str(pattern) {
            Ok(cron) => cron,
            Err(error) => {
                tracing::error!(pattern, %error, "a schedule cannot be read; it is left out");
                return None;
            }
        };
        let mut job = Self { pattern: pattern.to_owned(), cron, next: None };
        // What came while nobody looked is caught up with; what came long ago is not.
        job.next = job.after(Wall(since.0.clamp(now.0 - LATE_MAX_MS, now.0)));
        Some(job)
    }

    fn after(&self, time: Wall) -> Option<Wall> {
        after(&self.cron, time)
    }
}

/// The next time of a pattern after this one, in local time; `None` when there is none.
pub(crate) fn after(cron: &Cron, time: Wall) -> Option<Wall> {
    let local: DateTime<Local> = Local.timestamp_millis_opt(time.0).single()?;
    let next = cron.find_next_occurrence(&local, false).ok()?;
    Some(Wall(next.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(since: i64, now: i64) -> Job {
        // Each minute.
        Job::new("* * * * *", Wall(since), Wall(now)).unwrap()
    }

    #[test]
    fn a_time_that_was_missed_a_moment_ago_is_next() {
        assert_eq!(job(59_000, 61_000).next, Some(Wall(60_000)));
        assert_eq!(job(60_000, 61_000).next, Some(Wall(120_000)));
    }

    #[test]
    fn a_time_that_was_missed_long_ago_is_not() {
        assert_eq!(job(59_000, 3_600_001).next, Some(Wall(3_600_000)));
        assert_eq!(job(3_700_000, 61_000).next, Some(Wall(120_000)), "the clock was set back");
    }

    #[test]
    fn seconds_may_be_there_and_nonsense_is_left_out() {
        let job = Job::new("*/2 * * * * *", Wall(1000), Wall(1000)).unwrap();
        assert_eq!(job.next, Some(Wall(2000)));
        assert!(Job::new("61 * * * *", Wall(0), Wall(0)).is_none());
        let never = Job::new("0 0 30 2 *", Wall(0), Wall(0)).unwrap();
        assert_eq!(never.next, None);
    }
}
