//! Signals to a process and all that it started.

use super::read::{children_of, stat};
use super::stat::Stat;
use crate::pidfd;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// A tree larger than this is signalled in part.
const TREE_MAX: usize = 65_536;

/// Signals all descendants of `pid`, the deepest first, then itself through its `pidfd`.
///
/// Fails with `ESRCH` when the process itself is gone: its number may be another's by now, so
/// nobody is signalled then. What it left behind is for [`sweep_once`](super::sweep_once).
pub fn kill_tree(pid: u32, pidfd: impl AsFd, signal: i32) -> io::Result<()> {
    let below = descendants(pid);
    // While it is there, the number was its own.
    pidfd::send_signal(&pidfd, 0)?;
    for stat in below.iter().rev() {
        if let Some(pidfd) = reopen(stat) {
            // Whoever ended meanwhile needs no signal.
            pidfd::send_signal(pidfd, signal).ok();
        }
    }
    pidfd::send_signal(pidfd, signal)
}

/// All that a process started and what those started; parents before their children.
pub(super) fn descendants(pid: u32) -> Vec<Stat> {
    let mut found = children(pid);
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        if found.len() > TREE_MAX {
            break;
        }
        let below = children(parent.pid);
        if is_same(&parent) {
            found.extend(below);
        }
        next += 1;
    }
    found
}

/// A descriptor for the very process that was seen.
pub(super) fn reopen(seen: &Stat) -> Option<OwnedFd> {
    if seen.pid <= 1 {
        return None;
    }
    let pidfd = pidfd::open(seen.pid).ok()?;
    is_same(seen).then_some(pidfd)
}

fn children(pid: u32) -> Vec<Stat> {
    let stats = children_of(pid).into_iter().filter_map(stat);
    stats.filter(|stat| stat.ppid == pid).collect()
}

fn is_same(seen: &Stat) -> bool {
    stat(seen.pid).is_some_and(|stat| stat.started == seen.started)
}
