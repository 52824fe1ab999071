//! What the processors did, `proc_stat(5)`.

use super::table;

/// Time of all processors together, in clock ticks since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTime {
    /// They worked.
    pub busy: u64,
    /// All of it.
    pub total: u64,
}

impl CpuTime {
    /// The share of the time since `before` that they worked, 0 to 100; `None` when no time has
    /// passed.
    pub fn percent_since(self, before: Self) -> Option<f32> {
        let total = self.total.checked_sub(before.total).filter(|total| *total > 0)?;
        // Idle time may go back a little.
        let busy = self.busy.saturating_sub(before.busy).min(total);
        #[expect(clippy::cast_precision_loss, reason = "a percentage needs no more digits")]
        Some(busy as f32 * 100.0 / total as f32)
    }
}

/// Their time, and how many are online.
pub(super) fn times(text: &str) -> (CpuTime, u32) {
    let mut time = CpuTime::default();
    let mut online = 0;
    for line in text.lines().take_while(|line| line.starts_with("cpu")) {
        let Some(counters) = line.strip_prefix("cpu ") else {
            online += 1;
            continue;
        };
        // user nice system idle iowait irq softirq steal; what guests had is in the first two.
        let ticks: Vec<u64> = table::numbers(counters).take(8).collect();
        let idle: u64 = ticks.iter().skip(3).take(2).sum();
        time.total = ticks.iter().sum();
        time.busy = time.total - idle;
    }
    (time, online)
}

/// How many we may run on, `sched_getaffinity(2)`.
pub(super) fn usable() -> Option<u32> {
    let set = rustix::thread::sched_getaffinity(None).ok()?;
    Some(set.count()).filter(|count| *count > 0)
}
