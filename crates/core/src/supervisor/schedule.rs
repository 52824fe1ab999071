//! Restarts by time.

use super::Supervisor;
use super::instance::Wanted;
use super::turn::Turn;
use super::view::Status;
use crate::action::News;
use crate::id::ProcId;
use crate::time::Wall;

impl Supervisor {
    /// A time of an instance's schedule has come. It is restarted; one that is stopped is started,
    /// as in PM2, where jobs that end by themselves live on that. What is being replaced or stopped
    /// already is left alone.
    pub(super) fn scheduled(&mut self, turn: &mut Turn<'_>, proc: ProcId, at: Wall) {
        let replaced = self.is_replaced(proc);
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        let is_due = instance.spec.cron.is_some()
            && instance.wanted != Wanted::Gone
            && instance.scheduled_at != Some(at);
        if !is_due || self.shutting_down {
            return;
        }
        instance.scheduled_at = Some(at);
        turn.touch();
        let stops = instance.status() == Status::Stopping;
        if replaced || stops || instance.beside.is_some() {
            return;
        }
        self.publish(turn, proc, None, News::Scheduled);
        self.restart(turn, proc);
    }
}
