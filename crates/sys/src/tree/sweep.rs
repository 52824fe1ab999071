//! Ends what a run left behind.
//!
//! The subreaper of a run becomes the parent of whoever lost its own, so leftovers are looked for
//! among its children only. They are known by a variable that they were started with, or by the
//! session or group of the run's main process.

use super::kill::{descendants, reopen};
use super::read::{children_of, environ_after, environ_has, stat};
use super::snapshot::Snapshot;
use super::stat::Stat;
use crate::pidfd;
use std::os::fd::OwnedFd;

/// Whoever forks faster than we stop it is left for the next sweep after this many rounds.
const ROUNDS_MAX: usize = 16;
const SIGKILL: i32 = nix::libc::SIGKILL;
const SIGSTOP: i32 = nix::libc::SIGSTOP;

/// The processes that a run left behind, and all that they started.
///
/// Looks at the children of `parent` that are not `known` to belong elsewhere; the calling process
/// never counts. They are the run's when they were started with the variable `marker`
/// (`NAME=value`) or are in the session or group of its `main` process, which has ended.
pub fn leftovers(
    parent: u32,
    known: &dyn Fn(u32) -> bool,
    marker: &[u8],
    main: Option<u32>,
) -> Vec<u32> {
    let run = Run { parent, known, marker, main };
    run.leftovers().into_iter().map(|stat| stat.pid).collect()
}

/// Stops and then kills what a run left behind; arguments as of [`leftovers`].
///
/// Returns a descriptor of each, to wait for their end. None when nothing was left: then it costs
/// the reading of one file.
pub fn sweep_once(
    parent: u32,
    known: &dyn Fn(u32) -> bool,
    marker: &[u8],
    main: Option<u32>,
) -> Vec<OwnedFd> {
    let run = Run { parent, known, marker, main };
    let mut held: Vec<(Stat, OwnedFd)> = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let before = held.len();
        for stat in run.leftovers() {
            let is_new = held.iter().all(|(seen, _)| seen.pid != stat.pid);
            if let Some(pidfd) = is_new.then(|| reopen(&stat)).flatten()
                // A stopped process starts no other.
                && pidfd::send_signal(&pidfd, SIGSTOP).is_ok()
            {
                held.push((stat, pidfd));
            }
        }
        if held.len() == before {
            break;
        }
    }
    let kill =
        |(_, pidfd): (Stat, OwnedFd)| pidfd::send_signal(&pidfd, SIGKILL).is_ok().then_some(pidfd);
    held.into_iter().filter_map(kill).collect()
}

/// A process that was started with a certain variable.
#[derive(Clone, Debug)]
pub struct Marked {
    /// The process.
    pub stat: Stat,
    /// The rest of the variable.
    pub rest: String,
}

/// Every process that was started with a variable that begins with `prefix` (`NAME=va`), but for the
/// calling one.
///
/// Looks at all processes, so it is for a start after a bad end, not for every day.
pub fn find_marked(prefix: &[u8]) -> Vec<Marked> {
    let us = std::process::id();
    let all = Snapshot::take();
    let others = all.iter().filter(|stat| stat.pid != us && !stat.is_zombie() && !stat.is_kernel());
    let marked =
        |stat: &Stat| environ_after(stat.pid, prefix).map(|rest| Marked { stat: *stat, rest });
    others.filter_map(marked).collect()
}

/// Kills the very processes that were seen. Returns a descriptor of each that was still there, to
/// wait for their end.
pub fn kill_seen(seen: &[Stat]) -> Vec<OwnedFd> {
    let there = seen.iter().filter_map(reopen);
    there.filter(|pidfd| pidfd::send_signal(pidfd, SIGKILL).is_ok()).collect()
}

/// A run whose leftovers are looked for.
struct Run<'a> {
    parent: u32,
    known: &'a dyn Fn(u32) -> bool,
    marker: &'a [u8],
    main: Option<u32>,
}

impl Run<'_> {
    fn leftovers(&self) -> Vec<Stat> {
        let us = std::process::id();
        let mut found = Vec::new();
        for pid in children_of(self.parent) {
            if pid == us || (self.known)(pid) {
                continue;
            }
            if let Some(stat) = stat(pid)
                && stat.ppid == self.parent
                && !stat.is_zombie()
                && self.owns(&stat)
            {
                found.push(stat);
                found.extend(descendants(pid).into_iter().filter(|stat| !stat.is_zombie()));
            }
        }
        found
    }

    fn owns(&self, stat: &Stat) -> bool {
        let main = |main: u32| stat.session == main || stat.pgrp == main;
        self.main.is_some_and(main) || environ_has(stat.pid, self.marker)
    }
}
