//! What a run may use and do: from an app's limits to the kernel's.

use rpm_core::Generation;
use rpm_core::spec::{AppSpec, Limits};
use rpm_keeper::launch::{LaunchSpec, Rlimit};
use rpm_sys::cgroup::{Bounds, Controller, Groups};
use rpm_sys::tree::Snapshot;
use std::collections::BTreeSet;

/// The control groups of runs. They are looked for when the first app asks for one.
#[derive(Debug)]
pub(crate) struct Confinement {
    groups: Option<Groups>,
    prefix: String,
    /// Groups that may be there.
    made: BTreeSet<Generation>,
    /// Groups of runs that have ended and that were not yet empty.
    leaving: BTreeSet<Generation>,
}

impl Confinement {
    /// For the runs of the home with this mark.
    pub(crate) fn new(mark: &str) -> Self {
        Self {
            groups: None,
            prefix: format!("rpm.{mark}."),
            made: BTreeSet::new(),
            leaving: BTreeSet::new(),
        }
    }

    /// Takes over the group of a predecessor's run.
    pub(crate) fn adopt(&mut self, generation: Generation, limits: &Limits) {
        if limits.wants_group() {
            self.prepare();
            self.made.insert(generation);
        }
    }

    /// Removes groups of predecessors' runs that are no more.
    pub(crate) fn clear(&mut self) {
        let Some(groups) = &self.groups else { return };
        for name in groups.names(&self.prefix) {
            let generation = name.strip_prefix(&self.prefix).and_then(|text| text.parse().ok());
            if generation.is_none_or(|number| !self.made.contains(&Generation(number))) {
                groups.remove(&name);
            }
        }
    }

    /// Makes the groups of a run. Returns the files in which it enters them. What the host does
    /// not let us bound is said in the log; the run starts all the same.
    pub(crate) fn enter(&mut self, generation: Generation, spec: &AppSpec) -> Vec<String> {
        if !spec.limits.wants_group() {
            return Vec::new();
        }
        self.retry();
        let name = self.name(generation);
        let made = self.prepare().make(&name, bounds(&spec.limits));
        for (controller, why) in &made.refused {
            tracing::warn!(app = %spec.name, limit = %controller, why, "a limit is not enforced");
        }
        self.made.insert(generation);
        made.procs.into_iter().filter_map(|path| path.into_os_string().into_string().ok()).collect()
    }

    /// Ends what is left in the group of a run, where it has one that can do so at once.
    pub(crate) fn kill(&self, generation: Generation) {
        if let Some(groups) = self.groups.as_ref().filter(|_| self.made.contains(&generation)) {
            groups.kill(&self.name(generation));
        }
    }

    /// A run is no more.
    pub(crate) fn leave(&mut self, generation: Generation) {
        if self.made.remove(&generation) {
            self.leaving.insert(generation);
            self.retry();
        }
    }

    /// Which of an app's limits are not enforced on this host, and why; none before its first run.
    pub(crate) fn refusals(&self, limits: &Limits) -> Vec<String> {
        let Some(groups) = &self.groups else {
            return Vec::new();
        };
        let asked = [
            limits.memory.map(|_| Controller::Memory),
            limits.cpu_milli.map(|_| Controller::Cpu),
            limits.pids.map(|_| Controller::Pids),
        ];
        let refused = asked.into_iter().flatten().filter_map(|controller| {
            Some(format!("{controller}: {}", groups.refusal(controller)?))
        });
        refused.collect()
    }

    fn prepare(&mut self) -> &Groups {
        self.groups.get_or_insert_with(|| {
            // Ours are the keeper, which is our parent, and what it has started.
            let keeper = rpm_sys::process::parent();
            let snapshot = Snapshot::take();
            let mut ours: BTreeSet<u32> = snapshot.descendants(keeper).into_iter().collect();
            ours.insert(keeper);
            Groups::prepare(|pid| ours.contains(&pid))
        })
    }

    fn retry(&mut self) {
        let Some(groups) = &self.groups else { return };
        let prefix = &self.prefix;
        self.leaving.retain(|generation| !groups.remove(&format!("{prefix}{generation}")));
    }

    fn name(&self, generation: Generation) -> String {
        format!("{}{generation}", self.prefix)
    }
}

/// Puts an app's limits into what its runs are started with.
pub(crate) fn confine(launch: LaunchSpec, spec: &AppSpec, cgroups: Vec<String>) -> LaunchSpec {
    let limits = &spec.limits;
    let rlimits = limits.rlimits.iter().filter_map(|limit| {
        Some(Rlimit {
            resource: rpm_sys::limits::resource(limit.resource.name())?,
            soft: limit.soft.unwrap_or(u64::MAX),
            hard: limit.hard.unwrap_or(u64::MAX),
        })
    });
    LaunchSpec {
        uid: spec.uid,
        gid: spec.gid,
        groups: spec.groups.clone(),
        rlimits: rlimits.collect(),
        no_new_privs: limits.no_new_privs,
        umask: limits.umask,
        nice: limits.nice,
        cgroups,
        ..launch
    }
}

fn bounds(limits: &Limits) -> Bounds {
    Bounds { memory: limits.memory, cpu_milli: limits.cpu_milli, pids: limits.pids }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpm_core::spec::{Resource, Rlimit};

    #[test]
    fn every_limit_has_a_number() {
        for resource in Resource::ALL {
            assert!(rpm_sys::limits::resource(resource.name()).is_some(), "{resource:?}");
        }
    }

    #[test]
    fn limits_reach_the_launch() {
        let mut spec = AppSpec { uid: Some(5), groups: Some(vec![7]), ..AppSpec::default() };
        spec.limits.rlimits.push(Rlimit { resource: Resource::Core, soft: Some(0), hard: None });
        spec.limits.umask = Some(0o27);
        let launch = confine(LaunchSpec::default(), &spec, vec!["/x".to_owned()]);
        assert_eq!((launch.uid, launch.groups, launch.umask), (Some(5), Some(vec![7]), Some(0o27)));
        assert_eq!((launch.rlimits[0].soft, launch.rlimits[0].hard), (0, u64::MAX));
        assert_eq!(launch.cgroups, ["/x"]);
    }

    #[test]
    fn who_asks_for_no_group_gets_none_and_nothing_is_looked_for() {
        let mut confinement = Confinement::new("test");
        assert!(confinement.enter(Generation(1), &AppSpec::default()).is_empty());
        assert!(confinement.refusals(&Limits::default()).is_empty());
        assert!(confinement.groups.is_none());
    }
}
