//! The end of a keeper: nothing that it started outlives it.

use crate::keeper::Keeper;
use crate::say::say;
use rpm_sys::{clock, poll, process, tree};

/// Processes that cannot be ended at once, as they wait for a disk, are not waited for longer.
const WAIT_MS: u64 = 2000;
const SIGKILL: i32 = 9;

impl Keeper {
    /// Kills whatever is left, and waits for it.
    pub(crate) fn end_all(&mut self) {
        for (pid, pidfd) in self.bag.alive() {
            say(format_args!("ending process {pid}, which was left running"));
            // It may have ended just now.
            tree::kill_tree(pid, pidfd, SIGKILL).ok();
        }
        let until_ms = clock::monotonic_ms() + WAIT_MS;
        while self.bag.alive().next().is_some() {
            let now_ms = clock::monotonic_ms();
            if now_ms >= until_ms {
                say(format_args!("a process cannot be ended"));
                return;
            }
            if let Ok(Some((pid, status))) = process::reap_any() {
                self.bag.ended((pid, status), now_ms, |_| {});
            } else if let Err(error) = poll::wait_for(&self.signals, false, Some(until_ms - now_ms))
            {
                return say(format_args!("cannot wait: {error}"));
            }
            // Whatever signal it is, children are looked at.
            while let Ok(Some(_)) = self.signals.next() {}
        }
    }
}
