//! The end of a keeper: nothing that it started outlives it.

use crate::keeper::Keeper;
use crate::say::say;
use rpm_sys::poll::{self, Interest};
use rpm_sys::{clock, process, tree};
use std::os::fd::AsFd;
use std::time::Duration;

/// Processes that cannot be ended at once, as they wait for a disk, are not waited for longer.
const WAIT_MS: u64 = 2000;
/// How often it is looked whether an adopted process was reaped.
const LOOK_MS: u64 = 10;
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
                continue;
            }
            self.await_an_end(until_ms - now_ms);
            // Whatever signal it is, children are looked at.
            while let Ok(Some(_)) = self.signals.next() {}
            for key in self.bag.adopted().map(|(key, ..)| key).collect::<Vec<_>>() {
                // Nobody asks how it ended.
                self.bag.look_at_adopted(key, clock::monotonic_ms());
            }
        }
    }

    fn await_an_end(&self, timeout_ms: u64) {
        let mut fds = vec![(self.signals.as_fd(), Interest::Read)];
        fds.extend(self.bag.adopted().map(|(_, pidfd, interest)| (pidfd.as_fd(), interest)));
        let timeout_ms = self.bag.deadline().map_or(timeout_ms, |_| timeout_ms.min(LOOK_MS));
        if let Err(error) = poll::wait(&fds, &mut Vec::new(), Some(timeout_ms)) {
            say(format_args!("cannot wait: {error}"));
            std::thread::sleep(Duration::from_millis(LOOK_MS));
        }
    }
}
