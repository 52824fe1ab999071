//! What our control group may use, `cgroups(7)`: its own bounds and those of the groups above it, as
//! far as they can be seen.

use crate::cgroup::Controller;
use crate::cgroup::paths::Roots;
use std::fs;
use std::path::{Path, PathBuf};

/// The bounds of a group of processes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GroupBounds {
    /// Bytes that the group uses now, of which some could be given back.
    pub memory: u64,
    /// Bytes at most.
    pub memory_max: Option<u64>,
    /// Processors at most, such as 1.5.
    pub cpus_max: Option<f64>,
}

/// The group that we are in.
#[derive(Debug)]
pub(super) struct Group {
    root: PathBuf,
    roots: Roots,
}

impl Group {
    /// The one of the machine below `root`.
    pub(super) fn new(root: &Path) -> Self {
        let read = |name| fs::read_to_string(root.join(name)).unwrap_or_default();
        let roots = Roots::parse(&read("proc/self/cgroup"), &read("proc/self/mountinfo"));
        Self { root: root.to_owned(), roots }
    }

    /// Its bounds, where they are less than the machine has.
    pub(super) fn read(&self, machine_memory: u64, machine_cpus: u32) -> Option<GroupBounds> {
        let memory = self.memory().filter(|(max, _)| *max < machine_memory);
        let cpus_max = self.cpus().filter(|max| *max < f64::from(machine_cpus));
        if memory.is_none() && cpus_max.is_none() {
            return None;
        }
        let used = memory.map(|(_, used)| used).or_else(|| self.memory_used());
        let memory_max = memory.map(|(max, _)| max);
        Some(GroupBounds { memory: used.unwrap_or(0), memory_max, cpus_max })
    }

    /// The narrowest bound, and what is used of it.
    fn memory(&self) -> Option<(u64, u64)> {
        let bound = |folder: &Path, max: &str, used: &str| {
            Some((number(&folder.join(max))?, number(&folder.join(used))?))
        };
        let two = self.above(self.roots.two.as_deref());
        let two = two.filter_map(|folder| bound(&folder, "memory.max", "memory.current"));
        let one = self.above(self.roots.one.get(&Controller::Memory).map(PathBuf::as_path));
        let one = one
            .filter_map(|folder| bound(&folder, "memory.limit_in_bytes", "memory.usage_in_bytes"));
        two.chain(one).min()
    }

    fn memory_used(&self) -> Option<u64> {
        let two = self.roots.two.iter().map(|folder| folder.join("memory.current"));
        let one = self.roots.one.get(&Controller::Memory);
        let one = one.map(|folder| folder.join("memory.usage_in_bytes"));
        two.chain(one).find_map(|path| number(&self.place(&path)))
    }

    /// The narrowest bound.
    fn cpus(&self) -> Option<f64> {
        let two = self.above(self.roots.two.as_deref()).filter_map(|folder| {
            let text = fs::read_to_string(folder.join("cpu.max")).ok()?;
            let (quota, period) = text.trim().split_once(' ')?;
            ratio(quota.parse().ok()?, period.parse().ok()?)
        });
        let one = self.above(self.roots.one.get(&Controller::Cpu).map(PathBuf::as_path));
        let one = one.filter_map(|folder| {
            let quota = number(&folder.join("cpu.cfs_quota_us"))?;
            ratio(quota, number(&folder.join("cpu.cfs_period_us"))?)
        });
        two.chain(one).min_by(f64::total_cmp)
    }

    /// A group and those above it that have files to read.
    fn above(&self, group: Option<&Path>) -> impl Iterator<Item = PathBuf> {
        let folder = group.map(|group| self.place(group));
        std::iter::successors(folder, |folder| folder.parent().map(Path::to_owned))
            .take_while(|folder| folder.join("cgroup.procs").exists())
    }

    fn place(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a period")]
fn ratio(quota: u64, period: u64) -> Option<f64> {
    (period > 0).then(|| quota as f64 / period as f64)
}

/// The number that a file holds; `None` for `max`, for -1 and for what cannot be read.
fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}
