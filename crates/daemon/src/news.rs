//! What happened, in words for the daemon's log.

use rpm_core::Event;
use rpm_core::action::{FailureReason, News};
use std::fmt;

/// What kind of event it is. No more of it is for a log: commands carry environments.
pub(crate) fn kind(event: &Event) -> &'static str {
    match event {
        Event::Command { .. } => "command",
        Event::Spawned { .. } => "spawned",
        Event::SpawnFailed { .. } => "spawn failed",
        Event::Exited { .. } => "exited",
        Event::Swept { .. } => "swept",
        Event::Up { .. } => "up",
        Event::Listening { .. } => "listening",
        Event::Ready { .. } => "ready",
        Event::Disconnected { .. } => "disconnected",
        Event::Pulse { .. } => "lives",
        Event::Sampled { .. } => "sampled",
        Event::Scheduled { .. } => "scheduled",
        Event::FilesChanged { .. } => "files changed",
        Event::Woke => "woke",
    }
}

/// One happening, as the rest of a sentence about an instance.
pub(crate) struct Words<'a>(pub(crate) &'a News);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            News::Launching => f.write_str("launching"),
            News::Spawned { pid } => write!(f, "has pid {pid}"),
            News::Online => f.write_str("online"),
            News::ReadyTimeout => f.write_str("did not say ready in time; counted as up"),
            News::Stopping => f.write_str("stopping"),
            News::Draining => f.write_str("finishing its connections"),
            News::Killed => f.write_str("did not stop in time; killed"),
            News::Exited { how, .. } => write!(f, "exited ({how})"),
            News::Waiting { delay_ms } => write!(f, "restarts in {delay_ms} ms"),
            News::Stopped => f.write_str("stopped"),
            News::Errored { reason } => write!(f, "errored: {reason}"),
            News::SpawnFailed { error } => write!(f, "{} failed: {}", error.what, error.why),
            News::WatchdogMissed { watchdog_ms } => {
                write!(f, "has not said for {watchdog_ms} ms that it lives; restarting")
            }
            News::MemoryExceeded { memory, limit } => {
                write!(f, "uses {memory} bytes, more than {limit}; restarting")
            }
            News::Scheduled => f.write_str("its time has come; restarting"),
            News::FilesChanged { path } => write!(f, "{path} has changed; restarting"),
            News::ReloadFailed { reason } => {
                write!(f, "reload failed, the old one goes on: ")?;
                match reason {
                    FailureReason::Spawn { error } => write!(f, "{}: {}", error.what, error.why),
                    FailureReason::ExitedEarly { how, after_ms } => {
                        write!(f, "ended after {after_ms} ms ({how})")
                    }
                    FailureReason::NotReady { waited_ms } => {
                        write!(f, "not ready within {waited_ms} ms")
                    }
                    FailureReason::NotAttempted => f.write_str("not attempted"),
                    FailureReason::Overtaken => f.write_str("overtaken by another command"),
                    FailureReason::Unkillable => f.write_str("outlived SIGKILL"),
                }
            }
            News::Reloaded => f.write_str("reloaded"),
            News::Deleted => f.write_str("deleted"),
        }
    }
}
