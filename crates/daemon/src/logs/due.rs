//! The times at which files are put aside, whatever their size.

use super::crew::wall_ms;
use super::outlet::{Letter, schedule};
use super::pump::Pump;
use rpm_core::spec::RotateOptions;
use rpm_sys::alarm::Ring;

impl Pump {
    /// Other rules hold for all files.
    pub(super) fn change_rules(&mut self, all: RotateOptions) {
        self.files.change_rules(all);
        self.files.all().for_each(|outlet| schedule(outlet, &self.crew));
        self.set_alarm();
    }

    /// The alarm has rung: each file sees for itself whether its time has come.
    pub(super) fn ring(&mut self) {
        match self.alarm.rung() {
            Ok(Ring::Time) => {
                for outlet in self.files.all() {
                    outlet.leave(Letter::Due);
                    schedule(outlet, &self.crew);
                }
            }
            Ok(Ring::ClockSet | Ring::Nothing) => {}
            Err(error) => tracing::error!(%error, "the alarm of the logs cannot be read"),
        }
        self.next_due = None;
        self.set_alarm();
    }

    /// Sets the alarm for the next file whose time comes.
    pub(super) fn set_alarm(&mut self) {
        let next = self.files.next_due(wall_ms());
        if next == self.next_due && next.is_some() {
            return;
        }
        self.next_due = next;
        if let Err(error) = self.alarm.set(next) {
            tracing::error!(%error, "the alarm cannot be set; no log is put aside by time");
        }
    }
}
