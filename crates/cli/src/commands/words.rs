//! What was touched, in words.

use crate::render::style::Paint;
use crate::render::units::ranges;
use rpm_core::{Affected, Change};

/// A line for each instance, as scripts know it from PM2; for people one line for those that have
/// an app and a change in common.
pub(super) fn lines(affected: &[Affected], for_people: bool, paint: Paint) -> Vec<String> {
    if !for_people {
        return affected
            .iter()
            .map(|it| format!("[{}]({}) ✓{}", it.name, it.proc, aside(it.change)))
            .collect();
    }
    let alike = affected.chunk_by(|a, b| a.name == b.name && a.change == b.change);
    alike.filter_map(|group| line(group, paint)).collect()
}

fn line(group: &[Affected], paint: Paint) -> Option<String> {
    let first = group.first()?;
    let mut ids: Vec<u32> = group.iter().map(|it| it.proc.0).collect();
    ids.sort_unstable();
    let mark = match first.change {
        Change::StartedUnready => paint.yellow("!"),
        Change::Started
        | Change::Registered
        | Change::Restarted
        | Change::Reloaded
        | Change::RestartedNotReloaded
        | Change::Stopped
        | Change::AlreadyStopped
        | Change::Deleted
        | Change::Adjusted
        | Change::Reset
        | Change::Signalled => paint.green("✓"),
    };
    let (ids, done, remark) = (ranges(&ids), done(first.change), remark(first.change));
    Some(format!("{mark} {} {} {done}{remark}", first.name, paint.dim(&format!("({ids})"))))
}

fn done(change: Change) -> &'static str {
    match change {
        Change::Started | Change::StartedUnready => "started",
        Change::Registered => "registered",
        Change::Restarted | Change::RestartedNotReloaded => "restarted",
        Change::Reloaded => "reloaded",
        Change::Stopped | Change::AlreadyStopped => "stopped",
        Change::Deleted => "deleted",
        Change::Adjusted => "adjusted",
        Change::Reset => "reset",
        Change::Signalled => "signalled",
    }
}

/// What stands behind PM2's sign, where the sign does not say it all.
fn aside(change: Change) -> String {
    let verb = if change == Change::RestartedNotReloaded { " restarted" } else { "" };
    format!("{verb}{}", remark(change))
}

/// What is to be known besides.
fn remark(change: Change) -> &'static str {
    match change {
        Change::StartedUnready => " but `ready` did not come in time; counted as up",
        Change::Registered => " and left stopped (`autostart` is off)",
        Change::RestartedNotReloaded => ": only running cluster workers are reloaded",
        Change::AlreadyStopped => " (it was stopped already)",
        Change::Started
        | Change::Restarted
        | Change::Reloaded
        | Change::Stopped
        | Change::Deleted
        | Change::Adjusted
        | Change::Reset
        | Change::Signalled => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpm_core::ProcId;

    #[test]
    fn scripts_get_a_line_an_instance_and_people_one_an_app() {
        let of = |id, name: &str, change| Affected { proc: ProcId(id), name: name.into(), change };
        let affected = [
            of(0, "api", Change::Reloaded),
            of(1, "api", Change::Reloaded),
            of(2, "billing", Change::RestartedNotReloaded),
            of(3, "mail", Change::StartedUnready),
        ];
        let lines = |people| lines(&affected, people, Paint { on: false }).join("\n");
        insta::assert_snapshot!(lines(false), @r"
        [api](0) ✓
        [api](1) ✓
        [billing](2) ✓ restarted: only running cluster workers are reloaded
        [mail](3) ✓ but `ready` did not come in time; counted as up
        ");
        insta::assert_snapshot!(lines(true), @r"
        ✓ api (0-1) reloaded
        ✓ billing (2) restarted: only running cluster workers are reloaded
        ! mail (3) started but `ready` did not come in time; counted as up
        ");
    }
}
