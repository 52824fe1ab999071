//! What a command changes of apps that exist, before it acts upon them.

use super::Supervisor;
use super::turn::Turn;
use crate::action::{Change, Refusal};
use crate::id::{CommandId, ProcId};
use crate::select::Target;
use crate::spec::{AppSpec, Env, ExecMode, Setting};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Variables to merge over the app's own, and settings to make.
#[derive(Clone, Copy, Default)]
pub(super) struct Edit<'a> {
    pub(super) env: Option<&'a Env>,
    pub(super) settings: &'a [Setting],
}

impl Supervisor {
    /// Takes instances out of the reloads that hold them, and changes their specs.
    pub(super) fn edit(
        &mut self,
        turn: &mut Turn<'_>,
        procs: &[ProcId],
        edit: Edit<'_>,
    ) -> Result<(), Refusal> {
        if let Some(name) = edit.new_name() {
            self.refuse_rename(procs, name)?;
        }
        // It is known by the name that it has.
        self.leave_rollouts(turn, procs);
        if let Some(name) = edit.new_name() {
            self.rename(procs, name);
        }
        let mut edited = Edited::default();
        for proc in procs {
            if let Some(instance) = self.instances.get_mut(proc) {
                instance.spec = edited.spec(&instance.spec, edit);
            }
        }
        Ok(())
    }

    /// Changes specs and leaves runs and reloads alone: what a reload brings has the change too.
    pub(super) fn adjust(
        &mut self,
        turn: &mut Turn<'_>,
        id: CommandId,
        targets: &[Target],
        edit: Edit<'_>,
    ) -> Result<(), Refusal> {
        let procs = self.select_any(targets)?;
        if let Some(to) = edit.new_name() {
            // A reload that goes on would look for it by the name that it had.
            let name = targets.first().map(|target| target.0.clone()).unwrap_or_default();
            return Err(Refusal::NotRenamed { name, to: to.to_owned(), taken: false });
        }
        let mut edited = Edited::default();
        for proc in procs {
            if let Some(instance) = self.instances.get_mut(&proc) {
                instance.spec = edited.spec(&instance.spec, edit);
                if let Some(offered) = &mut instance.offered {
                    *offered = edited.spec(offered, edit);
                }
                turn.touch();
                self.note(proc, id, Change::Adjusted);
            }
        }
        Ok(())
    }

    /// The sockets of a cluster are known by its app's name, and a name of others would make one app
    /// of two.
    fn refuse_rename(&self, procs: &[ProcId], to: &str) -> Result<(), Refusal> {
        let taken = self.members(to).iter().any(|member| !procs.contains(member));
        let cluster = procs
            .iter()
            .filter_map(|proc| self.instances.get(proc))
            .find(|instance| instance.spec.mode == ExecMode::Cluster && instance.spec.name != to);
        match cluster {
            Some(instance) => {
                let name = instance.spec.name.clone();
                Err(Refusal::NotRenamed { name, to: to.to_owned(), taken: false })
            }
            None if taken => {
                Err(Refusal::NotRenamed { name: to.to_owned(), to: to.to_owned(), taken: true })
            }
            None => Ok(()),
        }
    }

    fn rename(&mut self, procs: &[ProcId], to: &str) {
        for proc in procs {
            let Some(instance) = self.instances.get(proc) else {
                continue;
            };
            let old = instance.spec.name.clone();
            if let Some(members) = self.apps.get_mut(&old) {
                members.remove(proc);
                if members.is_empty() {
                    self.apps.remove(&old);
                }
            }
            self.apps.entry(to.to_owned()).or_default().insert(*proc);
        }
    }
}

impl Edit<'_> {
    /// The name that it gives.
    pub(super) fn new_name(&self) -> Option<&str> {
        self.settings.iter().find_map(|setting| match setting {
            Setting::Name(name) => Some(name.as_str()),
            _ => None,
        })
    }

    fn is_empty(&self) -> bool {
        self.env.is_none_or(Env::is_empty) && self.settings.is_empty()
    }
}

/// Specs that were changed, so that instances that shared one go on sharing.
#[derive(Default)]
pub(super) struct Edited {
    done: BTreeMap<usize, (Arc<AppSpec>, Arc<AppSpec>)>,
}

impl Edited {
    /// A spec with the change made.
    pub(super) fn spec(&mut self, old: &Arc<AppSpec>, edit: Edit<'_>) -> Arc<AppSpec> {
        if edit.is_empty() {
            return old.clone();
        }
        // The old spec is kept too, so that its address names it as long as this lives.
        let key = Arc::as_ptr(old).addr();
        let (_, new) = self.done.entry(key).or_insert_with(|| {
            let mut spec = AppSpec::clone(old);
            if let Some(env) = edit.env {
                spec.env.extend(env.clone());
            }
            for setting in edit.settings {
                setting.give(&mut spec);
            }
            (old.clone(), Arc::new(spec))
        });
        new.clone()
    }
}
