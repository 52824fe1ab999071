//! What can be done to what is selected, each after a question.

use rpm_core::{ProcId, ScaleTo, Target};
use rpm_proto::{Request, Verb};

/// An act that waits for a yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    /// What is to be done.
    pub(crate) act: Act,
    /// The app.
    pub(crate) name: String,
    /// Its instances that are meant.
    pub(crate) ids: Vec<u32>,
    /// Whether that is all of the app.
    pub(crate) is_app: bool,
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Start what is down.
    Start,
    /// Stop.
    Stop,
    /// Stop and start.
    Restart,
    /// Replace without a gap.
    Reload,
    /// Stop and forget.
    Delete,
    /// So many instances more, or fewer.
    Scale(i32),
}

impl Act {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
            Self::Delete => "delete",
            Self::Scale(_) => "scale",
        }
    }
}

impl Action {
    /// The question before it.
    pub(crate) fn question(&self) -> String {
        let count = self.ids.len();
        match self.act {
            Act::Scale(by) => {
                let to = i64::try_from(count).unwrap_or(i64::MAX) + i64::from(by);
                format!("Scale {} from {count} to {to}?", self.name)
            }
            act => {
                let word = act.word();
                let word = word[..1].to_uppercase() + &word[1..];
                match (&*self.ids, self.is_app) {
                    ([id], false) => format!("{word} instance {id} of {}?", self.name),
                    ([_], true) => format!("{word} {}?", self.name),
                    _ => format!("{word} all {count} instances of {}?", self.name),
                }
            }
        }
    }

    /// What it does to what has it, where that is not plain.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        match self.act {
            Act::Delete => Some("It is stopped and taken off the list."),
            Act::Restart if self.is_app => Some("All instances go down; reload (e) leaves no gap."),
            Act::Start | Act::Stop | Act::Restart | Act::Reload | Act::Scale(_) => None,
        }
    }

    /// What the daemon is asked.
    pub(crate) fn request(&self) -> Request {
        let verb = match self.act {
            Act::Scale(by) => {
                return Request::Scale { name: self.name.clone(), to: ScaleTo::By(by) };
            }
            Act::Start => Verb::Start,
            Act::Stop => Verb::Stop,
            Act::Restart => Verb::Restart,
            Act::Reload => Verb::Reload,
            Act::Delete => Verb::Delete,
        };
        Request::Act {
            verb,
            // By their ids: a name could be that of a namespace, too.
            targets: self.ids.iter().map(|id| Target::id(ProcId(*id))).collect(),
            env: None,
            settings: Vec::new(),
            parallel: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_say_what_is_meant() {
        let of = |act, ids: &[u32], is_app| {
            Action { act, name: "api".to_owned(), ids: ids.to_vec(), is_app }.question()
        };
        assert_eq!(of(Act::Restart, &[0, 1], true), "Restart all 2 instances of api?");
        assert_eq!(of(Act::Stop, &[1], false), "Stop instance 1 of api?");
        assert_eq!(of(Act::Delete, &[1], true), "Delete api?");
        assert_eq!(of(Act::Scale(-1), &[0, 1], true), "Scale api from 2 to 1?");
    }
}
