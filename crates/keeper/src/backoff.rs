//! How long a supervisor that died is not started again.

/// The first delay.
const FIRST_MS: u64 = 10;
/// The longest delay of a supervisor that does not become ready.
const UNREADY_MAX_MS: u64 = 1000;
/// The longest delay of one that becomes ready and dies early: services run, but nobody watches.
/// With the 30 ms that a start takes, supervision is back well within 100 ms.
const EARLY_MAX_MS: u64 = 50;
/// A supervisor that dies this soon after it was started dies early.
const EARLY_MS: u64 = 1000;
/// So many may die early in a row before there is a delay.
const EARLY_FREE: u32 = 10;

/// How the last supervisors fared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    pub(crate) unready: u32,
    pub(crate) early: u32,
}

impl Backoff {
    /// A supervisor is ready: those before it are forgotten.
    pub(crate) fn ready(&mut self) {
        self.unready = 0;
    }

    /// One died after `lived_ms`. Returns how long to wait.
    pub(crate) fn died(&mut self, was_ready: bool, lived_ms: u64) -> u64 {
        if !was_ready {
            let delay = doubled(self.unready, UNREADY_MAX_MS);
            self.unready = self.unready.saturating_add(1);
            return delay;
        }
        if lived_ms >= EARLY_MS {
            self.early = 0;
            return 0;
        }
        self.early = self.early.saturating_add(1);
        match self.early.checked_sub(EARLY_FREE + 1) {
            None => 0,
            Some(times) => doubled(times, EARLY_MAX_MS),
        }
    }

    /// So many in a row died before they were ready.
    pub(crate) fn unready(self) -> u32 {
        self.unready
    }
}

fn doubled(times: u32, max_ms: u64) -> u64 {
    FIRST_MS.saturating_mul(1 << times.min(20)).min(max_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_does_not_become_ready_waits_longer_each_time() {
        let mut backoff = Backoff::default();
        let delays: Vec<u64> = (0..9).map(|_| backoff.died(false, 5)).collect();
        assert_eq!(delays, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        backoff.ready();
        assert_eq!(backoff.died(false, 5), 10);
    }

    #[test]
    fn one_that_was_ready_is_started_at_once_unless_it_keeps_dying() {
        let mut backoff = Backoff::default();
        let delays: Vec<u64> = (0..16).map(|_| backoff.died(true, 70)).collect();
        assert_eq!(delays[..10], [0; 10]);
        assert_eq!(delays[10..], [10, 20, 40, 50, 50, 50]);
        assert_eq!(backoff.died(true, 1000), 0);
        assert_eq!(backoff.died(true, 70), 0);
    }
}
