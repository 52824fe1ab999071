//! The one place that asks the time.

use rpm_core::{Mono, Now, Wall};
use std::time::Duration;

/// The two clocks at this moment.
pub(crate) fn now() -> Now {
    Now {
        mono: Mono(rpm_sys::clock::monotonic_ms()),
        wall: Wall(rpm_sys::clock::wall_ms().cast_signed()),
    }
}

/// Sleeps until `deadline`; for ever when there is none.
pub(crate) async fn sleep_until(deadline: Option<Mono>) {
    match deadline {
        Some(at) => tokio::time::sleep(Duration::from_millis(at.since(now().mono))).await,
        None => std::future::pending().await,
    }
}
