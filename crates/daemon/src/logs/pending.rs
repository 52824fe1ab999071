//! Requests about all that the pipes held when they came.

use super::file::Writer;
use super::outlet::{Letter, schedule};
use super::pump::Pump;
use super::ticket::Ticket;
use camino::Utf8PathBuf;

/// A request that waits until enough has been captured.
pub(super) struct Pending {
    /// How much is to be captured of each stream.
    goals: Vec<(Writer, u64)>,
    then: Then,
    ticket: Ticket,
}

/// What to do with the files then. All of it is written first.
pub(super) enum Then {
    /// No more than that.
    Sync,
    /// Open all anew.
    Reopen,
    /// Empty these.
    Empty(Vec<Utf8PathBuf>),
}

impl Pump {
    /// Takes in a request.
    pub(super) fn expect(&mut self, then: Then, ticket: Ticket) {
        let writers: Vec<Writer> = self.streams.keys().copied().collect();
        for writer in writers {
            self.drain(writer, false);
        }
        let goal = |stream: &super::stream::Stream| stream.taken() + stream.waiting() as u64;
        let goals = self.streams.iter().map(|(writer, stream)| (*writer, goal(stream)));
        self.pending.push_back(Pending { goals: goals.collect(), then, ticket });
    }

    /// Hands requests on to the files whose time has come.
    pub(super) fn settle(&mut self) {
        while let Some(first) = self.pending.front() {
            let is_reached = |(writer, goal): &(Writer, u64)| {
                self.streams.get(writer).is_none_or(|stream| stream.taken() >= *goal)
            };
            if !first.goals.iter().all(is_reached) {
                return;
            }
            let Some(Pending { then, ticket, .. }) = self.pending.pop_front() else {
                return;
            };
            self.hand_on(then, &ticket);
        }
    }

    fn hand_on(&self, then: Then, ticket: &Ticket) {
        let letter: fn(Ticket) -> Letter = match then {
            Then::Sync => Letter::Sync,
            Then::Reopen => Letter::Reopen,
            Then::Empty(paths) => return self.empty(paths, ticket),
        };
        for outlet in self.files.all() {
            outlet.leave(letter(ticket.clone()));
            schedule(outlet, &self.crew);
        }
    }

    fn empty(&self, paths: Vec<Utf8PathBuf>, ticket: &Ticket) {
        for path in paths {
            match self.files.named(&path) {
                Some(outlet) => {
                    outlet.leave(Letter::Empty(ticket.clone()));
                    schedule(outlet, &self.crew);
                }
                None => self.crew.queue(super::crew::Job::Empty(path, ticket.clone())),
            }
        }
    }
}
