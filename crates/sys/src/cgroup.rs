//! Control groups, `cgroups(7)`: bounds for a tree of processes as a whole.
//!
//! Groups are made below the one that we are in, which is ours to divide when the host has
//! delegated it (`Delegate=yes` of a systemd unit, a container of one's own). Version 2 is taken
//! where it has the controller, version 1 where only that has.

pub(crate) mod paths;

use paths::Roots;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use paths::Controller;

/// The leaf that the processes of the group itself move to: in version 2 a group that divides
/// what it has may hold none.
const MAIN: &str = "rpm.main";
/// What a CPU is divided by, in microseconds.
const PERIOD_US: u64 = 100_000;

/// What a tree may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Memory in bytes.
    pub memory: Option<u64>,
    /// CPU in thousandths of one CPU.
    pub cpu_milli: Option<u32>,
    /// Processes and threads.
    pub pids: Option<u64>,
}

/// Our part of the host's control groups.
#[derive(Clone, Debug)]
pub struct Groups {
    roots: Roots,
    /// Where each controller can be used, or why not.
    usable: BTreeMap<Controller, Result<Version, String>>,
}

/// Which of the two interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// The groups of one tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The files that a process writes itself into.
    pub procs: Vec<PathBuf>,
    /// What is not enforced, and why.
    pub refused: Vec<(Controller, String)>,
}

impl Groups {
    /// Finds out what can be used, and prepares it: in version 2 the processes of the group that we
    /// are in are moved to a leaf when all of them are `known`.
    pub fn prepare(is_known: impl Fn(u32) -> bool) -> Self {
        Self::at(Roots::find(), is_known)
    }

    fn at(roots: Roots, is_known: impl Fn(u32) -> bool) -> Self {
        let divided = roots.two.as_deref().map(|root| divide(root, is_known));
        let usable = Controller::ALL.into_iter().map(|controller| {
            let two = match &divided {
                None => Err("the host has no control groups of version 2".to_owned()),
                Some(Err(why)) => Err(why.clone()),
                Some(Ok(enabled)) if enabled.contains(&controller) => Ok(Version::Two),
                Some(Ok(_)) => Err(format!("the controller `{controller}` is not given to us")),
            };
            let usable = two.or_else(|why| match roots.one.get(&controller) {
                Some(root) if is_writable(root) => Ok(Version::One),
                Some(root) => Err(format!("{why}; {} is not ours to divide", root.display())),
                None => Err(why),
            });
            (controller, usable)
        });
        Self { usable: usable.collect(), roots }
    }

    /// Why bounds of this kind are not enforced here; `None` when they are.
    pub fn refusal(&self, controller: Controller) -> Option<&str> {
        self.usable.get(&controller)?.as_ref().err().map(String::as_str)
    }

    /// Makes the groups `name` with these bounds.
    pub fn make(&self, name: &str, bounds: Bounds) -> Made {
        let mut made = Made::default();
        for controller in Controller::ALL {
            let Some(amount) = bounds.of(controller) else {
                continue;
            };
            let group = match self.usable.get(&controller) {
                Some(Ok(version)) => self
                    .bound(name, controller, *version, amount)
                    .map_err(|error| error.to_string()),
                Some(Err(why)) => Err(why.clone()),
                None => Err("it is not known".to_owned()),
            };
            match group {
                Ok(folder) => made.procs.push(folder.join("cgroup.procs")),
                Err(why) => made.refused.push((controller, why)),
            }
        }
        made.procs.dedup();
        made
    }

    /// Kills all that is in the groups `name`, at once and however fast it forks; version 2 only.
    /// Returns whether there is such a group.
    pub fn kill(&self, name: &str) -> bool {
        let Some(root) = &self.roots.two else {
            return false;
        };
        fs::write(root.join(name).join("cgroup.kill"), "1").is_ok()
    }

    /// Removes the groups `name`. Returns whether none is left: one that is not empty stays.
    pub fn remove(&self, name: &str) -> bool {
        let mut is_gone = true;
        for root in self.roots.all() {
            match fs::remove_dir(root.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => is_gone = false,
                _ => {}
            }
        }
        is_gone
    }

    /// The names of groups that begin so.
    pub fn names(&self, prefix: &str) -> Vec<String> {
        let mut names: Vec<String> = self
            .roots
            .all()
            .filter_map(|root| fs::read_dir(root).ok())
            .flat_map(|entries| entries.filter_map(Result::ok))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.starts_with(prefix))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    fn bound(
        &self,
        name: &str,
        controller: Controller,
        version: Version,
        amount: u64,
    ) -> io::Result<PathBuf> {
        let root = match version {
            Version::Two => self.roots.two.as_ref(),
            Version::One => self.roots.one.get(&controller),
        };
        let folder = root.ok_or(io::ErrorKind::NotFound)?.join(name);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        for (file, text) in settings(controller, version, amount) {
            fs::write(folder.join(file), text)?;
        }
        Ok(folder)
    }
}

impl Bounds {
    /// The amount, in the unit of its controller's file.
    fn of(self, controller: Controller) -> Option<u64> {
        match controller {
            Controller::Memory => self.memory,
            Controller::Cpu => self.cpu_milli.map(|milli| u64::from(milli) * PERIOD_US / 1000),
            Controller::Pids => self.pids,
        }
    }
}

fn settings(controller: Controller, version: Version, amount: u64) -> Vec<(&'static str, String)> {
    match (controller, version) {
        (Controller::Memory, Version::Two) => vec![("memory.max", amount.to_string())],
        (Controller::Memory, Version::One) => vec![("memory.limit_in_bytes", amount.to_string())],
        (Controller::Cpu, Version::Two) => vec![("cpu.max", format!("{amount} {PERIOD_US}"))],
        (Controller::Cpu, Version::One) => vec![
            ("cpu.cfs_period_us", PERIOD_US.to_string()),
            ("cpu.cfs_quota_us", amount.to_string()),
        ],
        (Controller::Pids, _) => vec![("pids.max", amount.to_string())],
    }
}

/// Lets groups below `root` have bounds. Returns the controllers that they can have.
fn divide(root: &Path, is_known: impl Fn(u32) -> bool) -> Result<Vec<Controller>, String> {
    let failed = |error: io::Error| format!("{} is not ours to divide: {error}", root.display());
    let offered = fs::read_to_string(root.join("cgroup.controllers")).map_err(failed)?;
    let offered: Vec<Controller> = Controller::ALL
        .into_iter()
        .filter(|controller| offered.split_whitespace().any(|name| name == controller.name()))
        .collect();
    let control = root.join("cgroup.subtree_control");
    let enabled = |controller: &Controller| {
        let text = fs::read_to_string(&control).unwrap_or_default();
        text.split_whitespace().any(|name| name == controller.name())
    };
    if !offered.iter().all(enabled) {
        move_to_leaf(root, is_known)?;
        for controller in &offered {
            // One that cannot be had is missed below.
            fs::write(&control, format!("+{controller}")).ok();
        }
    }
    Ok(offered.into_iter().filter(enabled).collect())
}

/// Moves all processes of a group to a leaf. They may fork meanwhile.
fn move_to_leaf(root: &Path, is_known: impl Fn(u32) -> bool) -> Result<(), String> {
    const ROUNDS: usize = 10;
    let failed = |error: io::Error| format!("{} is not ours to divide: {error}", root.display());
    let leaf = root.join(MAIN);
    for _ in 0..ROUNDS {
        let pids = fs::read_to_string(root.join("cgroup.procs")).map_err(failed)?;
        let pids: Vec<u32> = pids.lines().filter_map(|pid| pid.parse().ok()).collect();
        if pids.is_empty() {
            return Ok(());
        }
        if let Some(stranger) = pids.iter().find(|pid| !is_known(**pid)) {
            return Err(format!(
                "{} is shared with other programs (pid {stranger}); a systemd unit with \
                 `Delegate=yes` has a group of its own",
                root.display()
            ));
        }
        match fs::create_dir(&leaf) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(error));
            }
            _ => {}
        }
        for pid in pids {
            match fs::write(leaf.join("cgroup.procs"), pid.to_string()) {
                // It has ended.
                Err(error) if error.raw_os_error() != Some(crate::process::ESRCH) => {
                    return Err(failed(error));
                }
                _ => {}
            }
        }
    }
    Err(format!("{} does not become empty", root.display()))
}

fn is_writable(folder: &Path) -> bool {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(test)]
mod tests;
