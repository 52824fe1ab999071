//! All processes at about one time, or those of a few trees.

use super::read::{for_each_number, open, stat_at};
use super::stat::Stat;
use rustix::fd::AsFd;
use rustix::fs::OFlags;

/// One pass over all processes of the machine.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// By pid.
    stats: Vec<Stat>,
    /// Parent and child, by parent.
    edges: Vec<(u32, u32)>,
    /// Processes that belong to none of the trees looked at, by pid.
    strangers: Vec<u32>,
    /// The trees' roots, by pid.
    roots: Vec<u32>,
}

impl Snapshot {
    /// Looks at all processes now. Those that start or end meanwhile may be missing.
    pub fn take() -> Self {
        let mut snapshot = Self::default();
        snapshot.refresh();
        snapshot
    }

    /// Looks again, in the memory that is there.
    pub fn refresh(&mut self) {
        self.strangers.clear();
        self.roots.clear();
        self.look(&[], &mut Vec::new());
    }

    /// Looks again at the trees below `roots`, and at little else; what is asked of other processes may
    /// have no answer. A process that was in none of them stays so, as a process gets no other parent
    /// but one that is above it already.
    ///
    /// Only a number that has come from a stranger to one of the trees within one pass is overlooked:
    /// with `anew` nothing is taken for known.
    pub fn refresh_trees(&mut self, roots: &[u32], anew: bool) {
        let mut wanted = roots.to_vec();
        wanted.sort_unstable();
        let is_known = |root| self.roots.binary_search(root).is_ok();
        // What a new root has started may have been taken for strangers.
        if anew || !wanted.iter().all(is_known) {
            self.strangers.clear();
        }
        let strangers = std::mem::take(&mut self.strangers);
        let mut still = Vec::with_capacity(strangers.len());
        self.look(&strangers, &mut still);
        let mut members = wanted.clone();
        for root in &wanted {
            members.extend(self.descendants(*root));
        }
        members.sort_unstable();
        let found = self.stats.iter().map(|stat| stat.pid);
        still.extend(found.filter(|pid| members.binary_search(pid).is_err()));
        still.sort_unstable();
        (self.strangers, self.roots) = (still, wanted);
    }

    /// Looks at all processes but `those`, which are noted in `seen` when they are there.
    fn look(&mut self, those: &[u32], seen: &mut Vec<u32>) {
        self.stats.clear();
        let proc = open(rustix::fs::CWD, format_args!("/proc"), OFlags::DIRECTORY);
        if let Ok(proc) = proc {
            let dir = proc.as_fd();
            for_each_number(dir, |pid| {
                if those.binary_search(&pid).is_ok() {
                    seen.push(pid);
                } else {
                    self.stats.extend(stat_at(dir, format_args!("{pid}/stat")));
                }
            });
        }
        self.index();
    }

    /// One process.
    pub fn get(&self, pid: u32) -> Option<&Stat> {
        let at = self.stats.binary_search_by_key(&pid, |stat| stat.pid).ok()?;
        self.stats.get(at)
    }

    /// All processes, by pid.
    pub fn iter(&self) -> impl Iterator<Item = &Stat> {
        self.stats.iter()
    }

    /// The processes whose parent is `pid`.
    pub fn children(&self, pid: u32) -> impl Iterator<Item = u32> + '_ {
        let begin = self.edges.partition_point(|(parent, _)| *parent < pid);
        let found = self.edges[begin..].iter().take_while(move |(parent, _)| *parent == pid);
        found.map(|(_, child)| *child)
    }

    /// All that `pid` started and what those started; parents before their children.
    pub fn descendants(&self, pid: u32) -> Vec<u32> {
        let mut found: Vec<u32> = self.children(pid).collect();
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            // The parts of a snapshot are not of one instant, so a loop is possible.
            if found.len() > self.stats.len() {
                break;
            }
            found.extend(self.children(parent));
            next += 1;
        }
        found
    }

    fn index(&mut self) {
        self.stats.sort_unstable_by_key(|stat| stat.pid);
        self.edges.clear();
        self.edges.extend(self.stats.iter().map(|stat| (stat.ppid, stat.pid)));
        self.edges.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parents: &[(u32, u32)]) -> Snapshot {
        let stat = |(pid, ppid): &(u32, u32)| Stat {
            pid: *pid,
            ppid: *ppid,
            pgrp: 0,
            session: 0,
            state: b'S',
            ticks: 0,
            waited_ticks: 0,
            rss_pages: 0,
            started: 0,
        };
        let stats = parents.iter().map(stat).collect();
        let mut snapshot = Snapshot { stats, ..Snapshot::default() };
        snapshot.index();
        snapshot
    }

    #[test]
    fn descendants_come_after_their_parents() {
        let snapshot = of(&[(9, 4), (4, 2), (3, 2), (2, 1), (8, 1), (5, 4), (1, 0)]);
        assert_eq!(snapshot.descendants(2), [3, 4, 5, 9]);
        assert_eq!(snapshot.descendants(9), [0; 0]);
        assert_eq!(snapshot.children(1).collect::<Vec<_>>(), [2, 8]);
        assert_eq!(snapshot.get(8).unwrap().ppid, 1);
        assert_eq!(snapshot.get(7), None);
    }

    #[test]
    fn a_loop_ends() {
        let snapshot = of(&[(2, 3), (3, 2)]);
        assert!(snapshot.descendants(2).len() <= 4);
    }

    #[test]
    fn strangers_are_looked_at_once() {
        let child = |seconds| std::process::Command::new("sleep").arg(seconds).spawn().unwrap();
        let (mut first, us) = (child("61"), std::process::id());
        let mut snapshot = Snapshot::default();
        snapshot.refresh_trees(&[first.id()], false);
        assert!(snapshot.get(us).is_some(), "the first pass sees all");
        snapshot.refresh_trees(&[first.id()], false);
        assert!(snapshot.get(first.id()).is_some());
        assert!(snapshot.get(us).is_none(), "we are in no tree that is looked at");
        let mut second = child("62");
        snapshot.refresh_trees(&[first.id()], false);
        assert!(snapshot.get(second.id()).is_some(), "who is new is looked at");
        snapshot.refresh_trees(&[us], false);
        assert_eq!(snapshot.get(us).map(|stat| stat.pid), Some(us), "a new root is looked for");
        let found = snapshot.descendants(us);
        assert!(found.contains(&first.id()) && found.contains(&second.id()));
        for child in [&mut first, &mut second] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    #[test]
    fn we_are_in_it() {
        let snapshot = Snapshot::take();
        let us = snapshot.get(std::process::id()).unwrap();
        assert!(us.rss_pages > 0);
        assert!(us.started > 0);
        assert!(snapshot.children(us.ppid).any(|pid| pid == us.pid));
    }
}
