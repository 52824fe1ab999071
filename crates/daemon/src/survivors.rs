//! Services that outlived both their keeper and their supervisor.
//!
//! Whoever comes next takes up those that can be honestly supervised again, and ends the rest: a
//! process is ours when its number, its start time and the run it was started for all are as the
//! kept table says.

use crate::home::Home;
use crate::launch;
use crate::past::{self, End, Past, PastError};
use crate::recover::Estate;
use crate::sweep::gone;
use crate::table::Table;
use crate::world::{World, tag};
use rpm_core::Generation;
use rpm_core::spec::{AppSpec, ExecMode};
use rpm_sys::tree::{self, Marked};
use rpm_sys::{pidfd, pipe};
use std::collections::BTreeSet;
use std::os::fd::OwnedFd;

/// What became of the processes of a life that did not end well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Survivors {
    /// So many services go on.
    pub(crate) adopted: usize,
    /// So many processes were ended; services among them are started anew.
    pub(crate) ended: usize,
}

/// What a supervisor begins with, and what was found of a life that did not end well, where there
/// was one.
pub(crate) async fn past(
    home: &Home,
    mark: &str,
    estate: &mut Estate,
) -> Result<(Past, Option<Survivors>), PastError> {
    let past = past::read(home, estate.predecessors > 0)?;
    match past.end {
        End::Well | End::Succeeded => Ok((past, None)),
        // After a boot of the machine nothing of it runs, whatever the numbers of processes say.
        End::Machine => Ok((past.leave(home)?, None)),
        End::Killed => {
            let survivors = take_up(&past.table, mark, estate).await;
            Ok((past, Some(survivors)))
        }
    }
}

impl World {
    /// Lets a keeper that knew nothing watch over what was taken up.
    pub(crate) fn take_up(&mut self, found: Option<Survivors>) {
        let Some(survivors) = found else {
            return;
        };
        self.taken_up = survivors;
        self.restored = true;
        self.hand_all_over();
        let Survivors { adopted, ended } = survivors;
        tracing::warn!(adopted, ended, "keeper and supervisor were gone; took up what went on");
    }
}

/// Takes what runs on of the `kept` table into `estate`, and ends what else carries `mark`.
/// Comes back when that is gone.
async fn take_up(kept: &Table, mark: &str, estate: &mut Estate) -> Survivors {
    let prefix = launch::marker_start(mark);
    let marked = tree::find_marked(prefix.as_bytes());
    let mut adopted = BTreeSet::new();
    for (proc, generation, pid) in kept.supervisor.runs() {
        let spec = kept.supervisor.instance(proc).map(|instance| instance.spec);
        let (Some(spec), Some(pid)) = (spec, pid) else {
            continue;
        };
        let birth = kept.births.get(generation);
        let process = marked.iter().find(|found| {
            found.stat.pid == pid
                && found.rest == generation.to_string()
                && Some(found.stat.started) == birth
        });
        if let Some((pidfd, fds)) = process.and_then(|found| grasp(spec, found)) {
            estate.add(generation, pid, pidfd, fds);
            adopted.insert(generation);
        }
    }
    let ended = end_others(&marked, &adopted).await;
    Survivors { adopted: adopted.len(), ended }
}

/// All that is needed to supervise a process that was found; `None` when it cannot be had.
fn grasp(spec: &AppSpec, found: &Marked) -> Option<(OwnedFd, Vec<(OwnedFd, u32)>)> {
    // The channel of a worker closed with those who died, and with it all that it served through.
    if spec.mode == ExecMode::Cluster {
        return None;
    }
    let pid = found.stat.pid;
    let pidfd = pidfd::open(pid).ok()?;
    let mut fds = Vec::new();
    for (number, tag) in [(1, tag::OUT), (2, tag::ERR)] {
        if !spec.logs.disabled {
            fds.push((pipe::reopen_output(pid, number).ok()?, tag));
        }
    }
    // While the descriptor names the same process, so did the number.
    (pidfd::identity(pid) == Some(found.stat.started)).then_some((pidfd, fds))
}

async fn end_others(marked: &[Marked], adopted: &BTreeSet<Generation>) -> usize {
    let is_kept = |found: &&Marked| {
        found.rest.parse().is_ok_and(|number| adopted.contains(&Generation(number)))
    };
    let others: Vec<_> =
        marked.iter().filter(|found| !is_kept(found)).map(|found| found.stat).collect();
    let killed = tree::kill_seen(&others);
    let count = killed.len();
    for pidfd in killed {
        gone(pidfd).await;
    }
    count
}
