//! Apps as configured, brought together with those in the table.

use super::Supervisor;
use super::answers::Goal;
use super::instance::{Instance, Phase, Wanted};
use super::turn::Turn;
use crate::action::{Change, Refusal};
use crate::event::Existing;
use crate::id::{CommandId, ProcId};
use crate::spec::AppSpec;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One entry of a configuration and the instances that are its own.
struct Entry {
    spec: Arc<AppSpec>,
    own: Vec<ProcId>,
}

impl Supervisor {
    /// Makes apps run.
    pub(super) fn apply(
        &mut self,
        turn: &mut Turn<'_>,
        id: CommandId,
        apps: Vec<AppSpec>,
        existing: Existing,
        parallel: Option<u32>,
    ) -> Result<(), Refusal> {
        let mut order: Vec<String> = Vec::new();
        let mut entries: BTreeMap<String, Vec<Arc<AppSpec>>> = BTreeMap::new();
        for spec in apps {
            if !entries.contains_key(&spec.name) {
                order.push(spec.name.clone());
            }
            entries.entry(spec.name.clone()).or_default().push(Arc::new(spec));
        }
        match existing {
            Existing::Reload => self.refuse_reload_under_way(order.iter().map(String::as_str))?,
            Existing::Refuse => self.refuse_running(&entries)?,
            Existing::Restart | Existing::Duplicate => {}
        }
        for name in order {
            let Some(specs) = entries.remove(&name) else {
                continue;
            };
            let entries = match existing {
                Existing::Duplicate => strangers(specs),
                Existing::Refuse => self.divide(&name, specs, Leftover::Stays),
                Existing::Restart | Existing::Reload => self.divide(&name, specs, Leftover::IsUsed),
            };
            if existing == Existing::Reload {
                self.reload_entries(turn, id, &name, entries, parallel);
            } else {
                let surplus =
                    if existing == Existing::Refuse { Surplus::Stays } else { Surplus::Goes };
                self.restart_entries(turn, id, &name, entries, surplus);
            }
        }
        Ok(())
    }

    fn refuse_running(&self, apps: &BTreeMap<String, Vec<Arc<AppSpec>>>) -> Result<(), Refusal> {
        for (name, specs) in apps {
            let runs = |proc: &ProcId| {
                self.instances.get(proc).is_some_and(|instance| {
                    instance.is_alive()
                        && specs.iter().any(|spec| spec.script == instance.spec.script)
                })
            };
            if self.members(name).iter().any(runs) {
                return Err(Refusal::AlreadyRunning { name: name.clone() });
            }
        }
        Ok(())
    }

    /// Divides the instances of an app among the entries of its name: by script, in the order of
    /// their slots, so that the same configuration divides them the same way each time. What no
    /// entry claims goes to the entries that lack some, and the rest to the last.
    fn divide(&self, name: &str, specs: Vec<Arc<AppSpec>>, leftover: Leftover) -> Vec<Entry> {
        let mut entries = strangers(specs);
        let mut left = self.members(name);
        for entry in &mut entries {
            let wanted = entry.wanted();
            left.retain(|proc| {
                let fits = self.instances.get(proc).is_some_and(|it| it.runs_script(&entry.spec));
                let taken = fits && entry.own.len() < wanted;
                if taken {
                    entry.own.push(*proc);
                }
                !taken
            });
        }
        if leftover == Leftover::Stays {
            let ours = |proc: &ProcId| {
                self.instances
                    .get(proc)
                    .is_some_and(|it| entries.iter().any(|entry| it.runs_script(&entry.spec)))
            };
            left.retain(ours);
        }
        let mut left = left.into_iter();
        for entry in &mut entries {
            let lacks = entry.wanted() - entry.own.len();
            entry.own.extend(left.by_ref().take(lacks));
        }
        if let Some(last) = entries.last_mut() {
            last.own.extend(left);
        }
        entries
    }

    fn restart_entries(
        &mut self,
        turn: &mut Turn<'_>,
        id: CommandId,
        name: &str,
        entries: Vec<Entry>,
        surplus: Surplus,
    ) {
        for entry in &entries {
            self.leave_rollouts(turn, &entry.own);
        }
        for mut entry in entries {
            if surplus == Surplus::Goes {
                self.drop_surplus(turn, id, &mut entry);
            }
            for proc in &entry.own {
                self.give(turn, *proc, &entry.spec);
                if self.stays_down(*proc) {
                    self.note(*proc, id, Change::Registered);
                } else {
                    let alive = self.instances.get(proc).is_some_and(Instance::is_alive);
                    let change = if alive { Change::Restarted } else { Change::Started };
                    self.start_again(turn, id, *proc, change);
                }
            }
            self.add_missing(turn, id, name, &entry);
        }
    }

    fn reload_entries(
        &mut self,
        turn: &mut Turn<'_>,
        id: CommandId,
        name: &str,
        entries: Vec<Entry>,
        parallel: Option<u32>,
    ) {
        let mut offers = Vec::new();
        for mut entry in entries {
            self.drop_surplus(turn, id, &mut entry);
            for proc in &entry.own {
                if !entry.spec.autostart && self.stays_down_with(*proc) {
                    self.give(turn, *proc, &entry.spec);
                    self.note(*proc, id, Change::Registered);
                } else {
                    offers.push((*proc, entry.spec.clone()));
                }
            }
            self.add_missing(turn, id, name, &entry);
        }
        if !offers.is_empty() {
            self.reload_app(turn, id, name, offers.into_iter(), parallel);
        }
    }

    /// Deletes what an entry has too many of, the highest slots first.
    fn drop_surplus(&mut self, turn: &mut Turn<'_>, id: CommandId, entry: &mut Entry) {
        let slot = |proc: &ProcId| self.instances.get(proc).map(|instance| instance.slot);
        entry.own.sort_by_key(slot);
        while entry.own.len() > entry.wanted() {
            if let Some(proc) = entry.own.pop() {
                self.retire(turn, id, proc);
            }
        }
    }

    fn add_missing(&mut self, turn: &mut Turn<'_>, id: CommandId, name: &str, entry: &Entry) {
        for _ in entry.own.len()..entry.wanted() {
            let proc = self.create(turn, name, entry.spec.clone());
            if entry.spec.autostart {
                self.claim(proc, id, Goal::Up, Change::Started);
                self.restart(turn, proc);
            } else {
                self.note(proc, id, Change::Registered);
            }
        }
    }

    fn give(&mut self, turn: &mut Turn<'_>, proc: ProcId, spec: &Arc<AppSpec>) {
        if let Some(instance) = self.instances.get_mut(&proc) {
            instance.spec = spec.clone();
            turn.touch();
        }
    }

    /// Whether it is down and its spec says that a start by file leaves it so.
    fn stays_down(&self, proc: ProcId) -> bool {
        self.instances.get(&proc).is_some_and(|instance| !instance.spec.autostart)
            && self.stays_down_with(proc)
    }

    fn stays_down_with(&self, proc: ProcId) -> bool {
        self.instances.get(&proc).is_some_and(|instance| {
            instance.phase == Phase::Stopped && instance.wanted == Wanted::Down
        })
    }
}

/// What becomes of instances that are more than the spec says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Surplus {
    /// They are deleted.
    Goes,
    /// They are started like the others.
    Stays,
}

/// What becomes of instances whose script is that of no entry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leftover {
    /// They become instances of an entry, or go.
    IsUsed,
    /// They are another app of the same name.
    Stays,
}

impl Entry {
    fn wanted(&self) -> usize {
        self.spec.instances.max(1) as usize
    }
}

impl Instance {
    fn runs_script(&self, spec: &AppSpec) -> bool {
        self.spec.script == spec.script
    }
}

/// Entries that own nothing yet.
fn strangers(specs: Vec<Arc<AppSpec>>) -> Vec<Entry> {
    specs.into_iter().map(|spec| Entry { spec, own: Vec::new() }).collect()
}
