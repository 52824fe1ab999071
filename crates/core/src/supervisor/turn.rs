//! One step while it is taken.

use crate::action::{Action, Outcome};
use crate::id::CommandId;
use crate::time::Now;
use std::collections::BTreeSet;

/// The time, and what the world must do. Answers come last, so that what they promise is kept
/// before.
pub(super) struct Turn<'a> {
    pub(super) now: Now,
    out: &'a mut Vec<Action>,
    changed: bool,
    answers: Vec<(CommandId, Outcome)>,
    quit: bool,
    resting: BTreeSet<String>,
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
            resting: BTreeSet::new(),
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

    /// An instance of this app has come to rest; whether the app has is seen at the end.
    pub(super) fn rests(&mut self, app: &str) {
        self.resting.insert(app.to_owned());
    }

    /// The apps of which an instance has come to rest.
    pub(super) fn take_resting(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.resting)
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
