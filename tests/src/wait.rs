//! Waiting for something to come about.

use std::time::{Duration, Instant};

/// How often the condition is looked at.
const STEP: Duration = Duration::from_millis(5);
/// Long enough for a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `condition` gives something, and panics with `what` when it does not in time.
pub fn eventually<T>(what: &str, condition: impl FnMut() -> Option<T>) -> T {
    eventually_within(PATIENCE, what, condition)
}

/// As [`eventually`], with a patience of its own.
pub fn eventually_within<T>(
    patience: Duration,
    what: &str,
    mut condition: impl FnMut() -> Option<T>,
) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(begun.elapsed() < patience, "it did not come about in {patience:?}: {what}");
        std::thread::sleep(STEP);
    }
}
