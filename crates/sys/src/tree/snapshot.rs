//! All processes at about one time.

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
        self.stats.clear();
        let proc = open(rustix::fs::CWD, format_args!("/proc"), OFlags::DIRECTORY);
        if let Ok(proc) = proc {
            let dir = proc.as_fd();
            for_each_number(dir, |pid| {
                self.stats.extend(stat_at(dir, format_args!("{pid}/stat")));
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
            rss_pages: 0,
            started: 0,
        };
        let mut snapshot = Snapshot { stats: parents.iter().map(stat).collect(), edges: vec![] };
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
    fn we_are_in_it() {
        let snapshot = Snapshot::take();
        let us = snapshot.get(std::process::id()).unwrap();
        assert!(us.rss_pages > 0);
        assert!(us.started > 0);
        assert!(snapshot.children(us.ppid).any(|pid| pid == us.pid));
    }
}
