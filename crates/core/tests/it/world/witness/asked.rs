//! What commands are about.

use rpm_core::{Action, Command, CommandId, Outcome, ProcId, Supervisor};
use std::collections::BTreeSet;

/// A stop is through after so many ms, whatever the process does: start, kill timeout, death,
/// leftovers, and late news.
const STOP_MS: u64 = 20 + 300 + 2000 + 2000 + 300 + 100;

/// Whether nothing was begun.
pub(in crate::world) fn is_refused(id: CommandId, actions: &[Action]) -> bool {
    actions.iter().any(|action| match action {
        Action::Answer { command, outcome: Outcome::Refused { .. } } => *command == id,
        _ => false,
    })
}

/// The instances that a command is about.
pub(in crate::world) fn touched(
    before: &Supervisor,
    command: &Command,
    after: &Supervisor,
) -> BTreeSet<ProcId> {
    let (table, targets) = match command {
        Command::Apply { apps, .. } => {
            (after, apps.iter().map(|app| app.name.as_str().into()).collect())
        }
        Command::Start { targets, .. }
        | Command::Restart { targets, .. }
        | Command::Reload { targets, .. }
        | Command::Stop { targets, .. }
        | Command::Delete { targets }
        | Command::Adjust { targets, .. }
        | Command::Reset { targets }
        | Command::Signal { targets, .. } => (before, targets.clone()),
        Command::Scale { name, .. } => (before, vec![name.as_str().into()]),
        Command::Shutdown => return before.instances().map(|instance| instance.proc).collect(),
    };
    targets.iter().flat_map(|target| table.resolve(target).unwrap()).collect()
}

/// Until when a command may wait; others wait for apps.
pub(super) fn deadline(now: u64, command: &Command) -> Option<u64> {
    let stops =
        matches!(command, Command::Stop { .. } | Command::Delete { .. } | Command::Shutdown);
    stops.then_some(now + STOP_MS)
}
