//! A supervisor that hangs is replaced like one that has crashed.

use super::{Life, Now, SIGKILL, Up};
use crate::say::say;
use rpm_sys::{pidfd, tree};

impl Life {
    /// The supervisor has said something.
    pub(crate) fn heard(&mut self, now_ms: u64) {
        if let Now::Up(up) = &mut self.now {
            up.watchdog.heard(now_ms);
        }
    }

    /// The supervisor has asked for an answer, which it is expected to do from now on.
    pub(crate) fn asked(&mut self) {
        if let Now::Up(up) = &mut self.now {
            up.watchdog.arm();
        }
    }

    /// Ends a supervisor that has been silent for too long, unless it cannot speak: one that is
    /// stopped or debugged has time, and one that waits for a disk would not end either.
    pub(super) fn check_silence(&mut self, now_ms: u64) {
        let Now::Up(up) = &mut self.now else {
            return;
        };
        if up.watched_until().is_none() || !up.watchdog.is_silent(now_ms) {
            return;
        }
        match tree::stat(up.pid).map(|stat| stat.state) {
            Some(b'T' | b't') => up.watchdog.forgive(),
            Some(b'D') => {}
            _ => {
                say(format_args!("the supervisor has been silent for too long; replacing it"));
                up.is_deaf = true;
                // It may have ended just now.
                pidfd::send_signal(&up.pidfd, SIGKILL).ok();
            }
        }
    }
}

impl Up {
    /// When its silence is to be looked at; `None` when nothing is expected of it.
    pub(super) fn watched_until(&self) -> Option<u64> {
        if self.is_ready && !self.is_deaf { self.watchdog.deadline() } else { None }
    }
}
