//! Ends what a run left behind: children of a process that is gone, those in sessions of their own
//! included.
//!
//! The keeper is the subreaper of everything we start, so whoever lost its parent is its child; a
//! variable in its environment tells which run it came from.

use rpm_sys::watch::Watch;
use std::os::fd::OwnedFd;

/// A sweep that found something.
#[derive(Debug)]
pub(crate) struct Sweep {
    marker: String,
    main: Option<u32>,
    known: Vec<u32>,
    reapers: Vec<u32>,
    killed: Vec<OwnedFd>,
}

impl Sweep {
    /// Kills what is left of the run with that `marker`, whose main process was `main`; `known` are
    /// the main processes of other runs, `reapers` whoever becomes the parent of orphans. `None` when
    /// nothing is left.
    pub(crate) fn begin(
        marker: String,
        main: Option<u32>,
        mut known: Vec<u32>,
        reapers: Vec<u32>,
    ) -> Option<Self> {
        known.sort_unstable();
        let mut sweep = Self { marker, main, known, reapers, killed: Vec::new() };
        sweep.kill();
        if sweep.killed.is_empty() { None } else { Some(sweep) }
    }

    /// Waits until all of it is gone, and what it started meanwhile.
    pub(crate) async fn finish(mut self) {
        while !self.killed.is_empty() {
            for pidfd in std::mem::take(&mut self.killed) {
                gone(pidfd).await;
            }
            self.kill();
        }
    }

    fn kill(&mut self) {
        let known = |pid: u32| self.known.binary_search(&pid).is_ok();
        let marker = self.marker.as_bytes();
        for reaper in &self.reapers {
            self.killed.extend(rpm_sys::tree::sweep_once(*reaper, &known, marker, self.main));
        }
    }
}

/// Comes back when the process is gone: a pidfd is readable then, `pidfd_open(2)`.
pub(crate) async fn gone(pidfd: OwnedFd) {
    match Watch::reading(pidfd) {
        Ok(pidfd) => drop(pidfd.ready(false).await),
        Err(error) => tracing::warn!(%error, "could not wait for a leftover process"),
    }
}
