//! More or fewer instances of an app.

use super::Supervisor;
use super::answers::Goal;
use super::instance::{Instance, Phase, Then, Wanted};
use super::turn::Turn;
use crate::action::{Change, Refusal};
use crate::event::ScaleTo;
use crate::id::{CommandId, ProcId};
use crate::spec::AppSpec;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Supervisor {
    /// Brings an app to the wanted number of instances.
    ///
    /// The highest instance numbers go first, so that those that stay count from 0; PM2 takes the
    /// oldest.
    pub(super) fn scale(
        &mut self,
        turn: &mut Turn<'_>,
        id: CommandId,
        name: &str,
        to: ScaleTo,
    ) -> Result<(), Refusal> {
        let members = self.members(name);
        let Some(first) = members.first().and_then(|proc| self.instances.get(proc)) else {
            return Err(self.not_found(name));
        };
        let has = u32::try_from(members.len()).unwrap_or(u32::MAX);
        let wanted = wanted(name, has, to)?;
        let spec = Arc::new(AppSpec { instances: wanted.max(1), ..AppSpec::clone(&first.spec) });
        let surplus = members.get(wanted as usize..).unwrap_or_default();
        self.leave_rollouts(turn, surplus);
        for proc in surplus.iter().rev() {
            self.retire(turn, id, *proc);
        }
        self.count_anew(&members, wanted);
        for _ in has..wanted {
            let proc = self.create(turn, name, spec.clone());
            self.claim(proc, id, Goal::Up, Change::Started);
            self.restart(turn, proc);
        }
        Ok(())
    }

    /// Deletes one instance that no reload holds any more; a cluster worker that serves finishes its connections first.
    pub(super) fn retire(&mut self, turn: &mut Turn<'_>, id: CommandId, proc: ProcId) {
        let Some(instance) = self.instances.get(&proc) else {
            return;
        };
        let serving = instance.current.as_ref().map(|run| run.generation);
        match serving.filter(|_| instance.serves_as_worker() && instance.beside.is_none()) {
            None => self.delete_one(turn, id, proc),
            Some(generation) => {
                self.claim(proc, id, Goal::Gone, Change::Deleted);
                if let Some(instance) = self.instances.get_mut(&proc) {
                    instance.wanted = Wanted::Gone;
                }
                let phase = Phase::Ending { then: Then::Remove, asked: true };
                self.set_phase(turn, proc, phase);
                self.retire_run(turn, proc, generation);
            }
        }
    }

    /// Adds an instance of an app, stopped, in the lowest free slot.
    pub(super) fn create(&mut self, turn: &mut Turn<'_>, name: &str, spec: Arc<AppSpec>) -> ProcId {
        let proc = ProcId(self.next_proc);
        self.next_proc += 1;
        let members = self.apps.entry(name.to_owned()).or_default();
        let taken: BTreeSet<u32> = members
            .iter()
            .filter_map(|member| self.instances.get(member))
            .map(|instance| instance.slot)
            .collect();
        let slot = (0..).zip(&taken).find(|(slot, used)| slot != *used);
        let slot = slot.map_or_else(|| u32::try_from(taken.len()).unwrap_or(0), |(slot, _)| slot);
        members.insert(proc);
        self.instances.insert(proc, Instance::new(spec, slot, turn.now.wall));
        turn.touch();
        proc
    }

    /// Writes the number of instances into their specs.
    fn count_anew(&mut self, members: &[ProcId], instances: u32) {
        let mut counted: BTreeMap<usize, (Arc<AppSpec>, Arc<AppSpec>)> = BTreeMap::new();
        let mut count = |spec: &mut Arc<AppSpec>| {
            let entry = counted.entry(Arc::as_ptr(spec).addr()).or_insert_with(|| {
                let new = AppSpec { instances: instances.max(1), ..AppSpec::clone(spec) };
                (spec.clone(), Arc::new(new))
            });
            *spec = entry.1.clone();
        };
        for proc in members {
            if let Some(instance) = self.instances.get_mut(proc) {
                count(&mut instance.spec);
                instance.offered.as_mut().map(&mut count);
            }
        }
    }
}

fn wanted(name: &str, has: u32, to: ScaleTo) -> Result<u32, Refusal> {
    let name = name.to_owned();
    let wanted = match to {
        ScaleTo::Exactly(wanted) => wanted,
        ScaleTo::By(by) => match has.checked_add_signed(by) {
            Some(wanted) if wanted >= 1 => wanted,
            _ => {
                return Err(Refusal::ScaleTooLow { name, instances: has, by });
            }
        },
    };
    if wanted == has {
        return Err(Refusal::NothingToScale { name, instances: has });
    }
    Ok(wanted)
}
