//! The laws, over random worlds.

use crate::world::World;
use crate::world::plan::{Deed, Plan, crash_plan, plan, reload_plan};
use proptest::prelude::*;
use rpm_core::Command;

proptest! {
    #![proptest_config(config(1))]

    /// Whatever comes: what [`crate::world`]'s witness knows is kept.
    #[test]
    fn the_laws_are_kept(plan in plan()) {
        World::new(&plan, false).run(&plan);
    }

    /// The same, for worlds that are mostly about reloads.
    #[test]
    fn reloads_keep_serving(plan in reload_plan()) {
        World::new(&plan, false).run(&plan);
    }

    /// Supervisors die between any two things they do, and their successors go on from what is
    /// left: what was acknowledged is kept, each instance runs once, and nothing runs unowned.
    #[test]
    fn a_crash_at_any_point_is_taken_up(plan in crash_plan()) {
        World::with_crashes(&plan).run(&plan);
    }

    /// The same events at the same times give the same actions.
    #[test]
    fn nothing_is_left_to_chance(plan in plan()) {
        prop_assert_eq!(World::new(&plan, false).run(&plan), World::new(&plan, false).run(&plan));
    }
}

proptest! {
    #![proptest_config(config(2))]

    /// A wall clock that is set changes nothing.
    #[test]
    fn time_of_day_decides_nothing(plan in plan()) {
        let mut still = plan.clone();
        for (_, deed) in &mut still.deeds {
            if let Deed::Jump(ms) = deed {
                *ms = 0;
            }
        }
        prop_assert_eq!(World::new(&plan, false).run(&plan), World::new(&still, false).run(&still));
    }
}

proptest! {
    // Reading and writing is slow.
    #![proptest_config(config(4))]

    /// A table that is written and read between steps does the same, but for the answers: whoever
    /// waits for them is gone with the supervisor.
    #[test]
    fn a_table_that_is_read_goes_on(plan in plan()) {
        let plan = Plan { shutdown: true, ..without_watchdogs(plan) };
        let kept = World::new(&plan, false).run(&plan);
        let read = World::new(&plan, true).run(&plan);
        prop_assert_eq!(without_answers(kept), without_answers(read));
    }
}

/// For whoever reads a table the time of a watchdog begins anew.
fn without_watchdogs(mut plan: Plan) -> Plan {
    let asked = plan.deeds.iter_mut().filter_map(|(_, deed)| match deed {
        Deed::Ask(Command::Apply { apps, .. }) => Some(apps),
        _ => None,
    });
    let specs = plan.apps.iter_mut().map(|app| &mut app.spec);
    for spec in specs.chain(asked.flatten()) {
        spec.ready.watchdog_ms = None;
    }
    plan
}

fn without_answers(written: Vec<String>) -> Vec<String> {
    written.into_iter().filter(|line| !line.contains(" answer ")).collect()
}

/// The usual number of cases (`PROPTEST_CASES`), or a part of it.
fn config(part: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.div_ceil(part), failure_persistence: None, ..config }
}
