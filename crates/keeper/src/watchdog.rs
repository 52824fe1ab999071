//! A supervisor that is ready and says nothing for too long hangs.
//!
//! Only time counts in which this process could have heard it: when we were stopped ourselves, or
//! the machine was suspended, the count starts anew.

/// The silence is looked at this often. A supervisor says something as often.
const LOOK_MS: u64 = 2000;
/// A supervisor that is silent for so long hangs.
const SILENT_MAX_MS: u64 = 10_000;
/// Whoever looks so much later than it meant to was stopped.
const LATE_MS: u64 = 1000;

/// How long a supervisor has been silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Watchdog {
    /// It is one that says something regularly.
    pub(crate) is_armed: bool,
    pub(crate) silent_ms: u64,
    pub(crate) looked_at_ms: u64,
}

impl Watchdog {
    /// It has asked for an answer. From now on it is expected to do so.
    pub(crate) fn arm(&mut self) {
        self.is_armed = true;
    }

    /// It has said something.
    pub(crate) fn heard(&mut self, now_ms: u64) {
        (self.silent_ms, self.looked_at_ms) = (0, now_ms);
    }

    /// It could not say anything.
    pub(crate) fn forgive(&mut self) {
        self.silent_ms = 0;
    }

    /// When to look next.
    pub(crate) fn deadline(&self) -> Option<u64> {
        self.is_armed.then_some(self.looked_at_ms + LOOK_MS)
    }

    /// Whether it has been silent for too long. To be asked after all that came was heard.
    pub(crate) fn is_silent(&mut self, now_ms: u64) -> bool {
        let elapsed_ms = now_ms.saturating_sub(self.looked_at_ms);
        if !self.is_armed || elapsed_ms < LOOK_MS {
            return false;
        }
        self.looked_at_ms = now_ms;
        if elapsed_ms > LOOK_MS + LATE_MS {
            self.silent_ms = 0;
            return false;
        }
        self.silent_ms += elapsed_ms;
        self.silent_ms >= SILENT_MAX_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that was armed at 0.
    fn armed() -> Watchdog {
        let mut watchdog = Watchdog::default();
        watchdog.arm();
        watchdog.heard(0);
        watchdog
    }

    #[test]
    fn silence_is_noticed_in_time() {
        let mut watchdog = armed();
        let mut now_ms = 0;
        while !watchdog.is_silent(now_ms) {
            now_ms = watchdog.deadline().unwrap();
        }
        assert_eq!(now_ms, SILENT_MAX_MS);
    }

    #[test]
    fn a_word_now_and_then_is_enough() {
        let mut watchdog = armed();
        for second in 1..100 {
            let now_ms = second * 1000;
            assert!(!watchdog.is_silent(now_ms));
            if second % 9 == 0 {
                watchdog.heard(now_ms);
            }
        }
    }

    #[test]
    fn time_in_which_we_did_not_run_does_not_count() {
        let mut watchdog = armed();
        for look in 1..=4 {
            assert!(!watchdog.is_silent(look * LOOK_MS));
        }
        // Stopped for a minute, then for a bit more than is usual, again and again.
        let mut now_ms = 4 * LOOK_MS + 60_000;
        assert!(!watchdog.is_silent(now_ms));
        for _ in 0..100 {
            now_ms += LOOK_MS + LATE_MS + 1;
            assert!(!watchdog.is_silent(now_ms));
        }
        for _ in 0..4 {
            now_ms += LOOK_MS;
            assert!(!watchdog.is_silent(now_ms));
        }
        assert!(watchdog.is_silent(now_ms + LOOK_MS));
    }

    #[test]
    fn one_that_never_asked_is_not_watched() {
        let mut watchdog = Watchdog::default();
        assert_eq!(watchdog.deadline(), None);
        assert!((0..100).all(|second| !watchdog.is_silent(second * 1000)));
    }
}
