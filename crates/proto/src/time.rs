//! Times as requests and replies hold them.

use std::time::SystemTime;

/// The time, in ms since 1970; 0 before that.
pub fn now() -> i64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
