//! Where our control groups are: `/proc/self/cgroup` says which, `/proc/self/mountinfo` where.

use super::MAIN;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// What bounds one kind of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Controller {
    /// Memory.
    Memory,
    /// CPU time.
    Cpu,
    /// Processes.
    Pids,
}

impl Controller {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Memory, Self::Cpu, Self::Pids];

    /// The kernel's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::Pids => "pids",
        }
    }
}

impl fmt::Display for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The folders of the groups that we are in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Roots {
    pub(crate) two: Option<PathBuf>,
    pub(crate) one: BTreeMap<Controller, PathBuf>,
}

impl Roots {
    pub(super) fn find() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        Self::parse(&read("/proc/self/cgroup"), &read("/proc/self/mountinfo"))
    }

    /// Reads `cgroups(7)` and `proc_pid_mountinfo(5)`.
    pub(crate) fn parse(groups: &str, mounts: &str) -> Self {
        let mut roots = Self::default();
        for line in groups.lines() {
            let mut fields = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
                continue;
            };
            if controllers.is_empty() {
                roots.two = folder(mounts, path, |kind, _| kind == "cgroup2");
                continue;
            }
            for controller in Controller::ALL {
                if controllers.split(',').any(|name| name == controller.name()) {
                    let found = folder(mounts, path, |kind, options| {
                        let named = options.split(',').any(|name| name == controller.name());
                        kind == "cgroup" && named
                    });
                    roots.one.extend(found.map(|folder| (controller, folder)));
                }
            }
        }
        roots
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.two.iter().chain(self.one.values())
    }
}

/// The folder of the group `path` in the hierarchy whose mount `is_it`; the one above when it is the
/// leaf that we moved to.
fn folder(mounts: &str, path: &str, is_it: impl Fn(&str, &str) -> bool) -> Option<PathBuf> {
    let path = path.strip_suffix(MAIN).map_or(path, |above| above.trim_end_matches('/'));
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(3);
        let (root, at) = (before.next()?, before.next()?);
        let mut after = after.split(' ');
        let (kind, options) = (after.next()?, after.nth(1)?);
        if !is_it(kind, options) {
            return None;
        }
        let below = Path::new(if path.is_empty() { "/" } else { path }).strip_prefix(root).ok()?;
        Some(Path::new(at).join(below))
    })
}
