//! Restarts because files have changed.

use super::Supervisor;
use super::instance::Wanted;
use super::turn::Turn;
use crate::action::News;
use crate::id::ProcId;

impl Supervisor {
    /// Files of an app have changed. All its instances that watch and are to run are restarted, also
    /// those that have ended or failed: the change may be what mends them. What was stopped stays so.
    pub(super) fn files_changed(&mut self, turn: &mut Turn<'_>, app: &str, path: &str) {
        let mut procs = self.members(app);
        procs.retain(|proc| self.watches(*proc));
        let Some(first) = procs.first().copied().filter(|_| !self.shutting_down) else {
            return;
        };
        turn.touch();
        for proc in &procs {
            self.publish(turn, *proc, None, News::FilesChanged { path: path.to_owned() });
        }
        let reloads = self.instances.get(&first).is_some_and(|instance| instance.spec.watch.reload);
        if reloads && !self.is_reloading(app) {
            for proc in &procs {
                if let Some(instance) = self.instances.get_mut(proc) {
                    instance.offered = Some(instance.spec.clone());
                }
            }
            self.begin_rollout(turn, app, &procs, None);
            return;
        }
        self.leave_rollouts(turn, &procs);
        for proc in procs {
            self.restart(turn, proc);
        }
    }

    /// Whether a reload of the app is under way. A change of files is better told when it is over.
    pub fn is_reloading(&self, app: &str) -> bool {
        self.rollouts.contains_key(app)
    }

    fn watches(&self, proc: ProcId) -> bool {
        self.instances
            .get(&proc)
            .is_some_and(|instance| instance.spec.watch.on && instance.wanted == Wanted::Up)
    }
}
