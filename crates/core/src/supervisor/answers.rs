//! Commands that are not yet answered, and what they wait for.

use super::Supervisor;
use super::instance::Instance;
use super::turn::Turn;
use crate::action::{Affected, Change, Failure, FailureReason, Outcome, Refusal};
use crate::id::{CommandId, Generation, ProcId};

/// A command waits for an instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub(super) command: CommandId,
    pub(super) goal: Goal,
    /// What is said when the goal is reached.
    pub(super) change: Change,
}

/// Where an instance must get to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// Its run is up.
    Up,
    /// It has no run.
    Down,
    /// It is not in the table.
    Gone,
    /// A reload is through with it.
    Replaced,
}

/// What a command has come to so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    /// Claims that are open, and one more while the command is being taken apart.
    open: usize,
    affected: Vec<Affected>,
    failures: Vec<Failure>,
}

/// What came of a claim.
pub(super) type Settled = Result<(), (FailureReason, Option<Generation>)>;

impl Supervisor {
    /// Runs `begin` for a command, which is answered when all claims that `begin` makes are settled.
    pub(super) fn take_command(
        &mut self,
        turn: &mut Turn<'_>,
        command: CommandId,
        begin: impl FnOnce(&mut Self, &mut Turn<'_>) -> Result<(), Refusal>,
    ) {
        self.pending.insert(command, Pending { open: 1, ..Pending::default() });
        match begin(self, turn) {
            Ok(()) => self.close(turn, command),
            Err(refusal) => {
                self.pending.remove(&command);
                turn.answer(command, Outcome::Refused { refusal });
            }
        }
    }

    /// Lets a command wait for an instance.
    pub(super) fn claim(&mut self, proc: ProcId, command: CommandId, goal: Goal, change: Change) {
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        let Some(pending) = self.pending.get_mut(&command) else {
            return;
        };
        pending.open += 1;
        instance.claims.push(Claim { command, goal, change });
    }

    /// Notes what a command did at once.
    pub(super) fn note(&mut self, proc: ProcId, command: CommandId, change: Change) {
        let Some(instance) = self.instances.get(&proc) else {
            return;
        };
        let name = instance.spec.name.clone();
        if let Some(pending) = self.pending.get_mut(&command) {
            pending.affected.push(Affected { proc, name, change });
        }
    }

    /// Settles the claims on an instance that have one of these goals.
    pub(super) fn settle(
        &mut self,
        turn: &mut Turn<'_>,
        proc: ProcId,
        goals: &[Goal],
        settled: &Settled,
    ) {
        let Some(instance) = self.instances.get_mut(&proc) else {
            return;
        };
        let (name, claims) = take_claims(instance, goals);
        for Claim { command, change, .. } in claims {
            let Some(pending) = self.pending.get_mut(&command) else {
                continue;
            };
            let name = name.clone();
            match settled {
                Ok(()) => pending.affected.push(Affected { proc, name, change }),
                Err((reason, generation)) => pending.failures.push(Failure {
                    proc,
                    name,
                    generation: *generation,
                    reason: reason.clone(),
                }),
            }
            self.close(turn, command);
        }
    }

    /// Another command decides otherwise: whoever waits for one of these goals is told.
    pub(super) fn overtake(&mut self, turn: &mut Turn<'_>, proc: ProcId, goals: &[Goal]) {
        self.settle(turn, proc, goals, &Err((FailureReason::Overtaken, None)));
    }

    fn close(&mut self, turn: &mut Turn<'_>, command: CommandId) {
        let Some(pending) = self.pending.get_mut(&command) else {
            return;
        };
        pending.open -= 1;
        if pending.open > 0 {
            return;
        }
        if let Some(pending) = self.pending.remove(&command) {
            turn.answer(command, pending.outcome());
        }
    }
}

impl Pending {
    fn outcome(mut self) -> Outcome {
        self.affected.sort_by_key(|affected| affected.proc);
        self.failures.sort_by_key(|failure| failure.proc);
        if self.failures.is_empty() {
            Outcome::Done { affected: self.affected }
        } else {
            Outcome::Failed { affected: self.affected, failures: self.failures }
        }
    }
}

fn take_claims(instance: &mut Instance, goals: &[Goal]) -> (String, Vec<Claim>) {
    let (taken, kept) =
        instance.claims.drain(..).partition(|claim: &Claim| goals.contains(&claim.goal));
    instance.claims = kept;
    (instance.spec.name.clone(), taken)
}
