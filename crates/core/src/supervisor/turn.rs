//! One step while it is taken.

use crate::action::{Action, Outcome};
use crate::id::CommandId;
use crate::time::Now;

/// The time, and what the world must do. Answers come last, so that what they promise is kept
/// before.
pub(super) struct Turn<'a> {
    pub(super) now: Now,
    out: &'a mut Vec<Action>,
    changed: bool,
    answers: Vec<(CommandId, Outcome)>,
    quit: bool,
}

impl<'a> Turn<'a> {
    /// Begins a step.
    pub(super) fn new(now: Now, out: &'a mut Vec<Action>) -> Self {
        Self {
            now,
            out,
            changed: false,
            answers: Vec::new(),
            quit: false,
        }
    }

    /// Asks the world for something.
    pub(super) fn act(&mut self, action: Action) {
        self.out.push(action);
    }

    /// The table is not what it was.
    pub(super) fn touch(&mut self) {
        self.changed = true;
    }

    /// A command has had its effect.
    pub(super) fn answer(&mut self, command: CommandId, outcome: Outcome) {
        self.answers.push((command, outcome));
    }

    /// Everything is stopped.
    pub(super) fn quit(&mut self) {
        self.quit = true;
    }

    /// Ends the step.
    pub(super) fn finish(self) {
        if self.changed {
            self.out.push(Action::Persist);
        }
        for (command, outcome) in self.answers {
            self.out.push(Action::Answer { command, outcome });
        }
        if self.quit {
            self.out.push(Action::Quit);
        }
    }
}
