//! The experiments; each sets up, disturbs, and says what is not as promised.

mod clock;
mod commands;
mod crowd;
mod disk;
mod inject;
mod keeper_kill;
mod log_torture;
mod output;
mod starve;
mod supervisor_kill;
mod update;

pub(crate) use disk::fill;

use crate::chance::Chance;
use crate::report::Report;

/// What supervisor and keeper may use together, whatever happens: 64 MiB of output that waits for
/// a disk, and the rest.
const MEMORY_KIB: u64 = 96 << 10;

/// One experiment.
#[derive(Debug)]
pub(crate) struct Experiment {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does, in a line.
    pub(crate) about: &'static str,
    /// How many faults there usually are.
    pub(crate) times: u64,
    /// How many there are in the short part; with 0 it is left out there.
    pub(crate) short_times: u64,
    /// Does it.
    pub(crate) run: fn(&mut Order) -> Report,
}

/// How it is to be done.
#[derive(Debug)]
pub(crate) struct Order {
    /// How many faults.
    pub(crate) times: u64,
    /// In seconds rather than minutes.
    pub(crate) short: bool,
    /// What is left to chance.
    pub(crate) chance: Chance,
}

/// All of them.
pub(crate) const ALL: &[Experiment] = &[
    supervisor_kill::AT_ANY_MOMENT,
    supervisor_kill::WHILE_IDLE,
    supervisor_kill::WHILE_APPS_DIE,
    supervisor_kill::IN_A_RELOAD,
    commands::IN_FLIGHT,
    log_torture::TORTURE,
    log_torture::ROTATION,
    keeper_kill::ALONE,
    keeper_kill::BOTH,
    keeper_kill::POWER_CUT,
    update::GOOD,
    update::BROKEN,
    disk::FULL,
    disk::FROZEN,
    disk::FROZEN_HISTORY,
    starve::NO_FDS,
    starve::NO_PIDS,
    starve::NO_MEMORY,
    inject::KEEPER,
    inject::SUPERVISOR,
    output::SLOW_READER,
    output::GIGABYTE_LINE,
    output::WRITERS,
    output::NOT_UTF8,
    crowd::CRASH_LOOP,
    crowd::DEAF_STOP,
    crowd::HERD,
    clock::CLOCK,
    clock::STOPPED,
];

/// The experiment of this name.
pub(crate) fn find(name: &str) -> Option<&'static Experiment> {
    ALL.iter().find(|one| one.name == name)
}

/// What an experiment gives that cannot be done here.
fn skipped(why: impl Into<String>) -> Report {
    Report { skipped: Some(why.into()), ..Report::default() }
}

/// Supervision is back in 100 ms at the median and 500 ms at the worst. The short part is run beside
/// much else, and says nothing about times.
fn promise_regain(order: &Order, report: &mut Report) {
    if !order.short {
        report.promise_regain(100.0, 500.0);
    }
}
