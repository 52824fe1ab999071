//! When log files are put aside, and what becomes of them.
//!
//! Whoever works on a file (`outlet`) puts it aside by a new name, between two lines, and begins a
//! new one (`aside`). It knows the file's size from what it writes, so no size is ever polled. The
//! `due` times of cron patterns wake the files that have one. What is to be compressed or removed
//! then is left to the `archivist`, a thread of its own that gives way to all others; what it was
//! amid when it was killed it finds by the names in the folder.

mod archive;
mod archivist;
mod names;
mod retention;

pub(super) use archivist::Archivist;
pub(super) use names::{Names, compressed_names};

use crate::cron;
use croner::Cron;
use rpm_core::Wall;
use rpm_core::spec::{RotateOptions, Rotation};
use std::str::FromStr;
use std::sync::Arc;

/// A time that was missed by more, in ms, is skipped: nobody wrote the file then.
const LATE_MAX_MS: i64 = 60_000;
/// The kernel's stamps of files may be so much behind the clock, in ms.
const STAMP_LAG_MS: i64 = 20;

/// What holds for one log file, ready for use.
#[derive(Debug)]
pub(super) struct Rules {
    /// As it was asked for.
    pub(super) rotation: Rotation,
    cron: Option<Cron>,
}

impl Rules {
    fn new(rotation: Rotation) -> Self {
        let read = |pattern: &String| match Cron::from_str(pattern) {
            Ok(cron) => Some(cron),
            // No config lets one through.
            Err(error) => {
                tracing::error!(pattern, %error, "when logs are put aside cannot be read");
                None
            }
        };
        let cron = rotation.interval.as_ref().and_then(read);
        Self { rotation, cron }
    }

    /// The next time after `at` at which the file is to be put aside, both in ms since 1970.
    fn next_after(&self, at: i64) -> Option<i64> {
        Some(cron::after(self.cron.as_ref()?, Wall(at))?.0)
    }

    /// Whether a file that was begun at `born` should be put aside because of a time that has come a
    /// moment ago. One that was begun after that time was put aside for it already.
    pub(super) fn is_due(&self, born: i64, now: i64) -> bool {
        let since = born.saturating_add(STAMP_LAG_MS).max(now - LATE_MAX_MS);
        self.next_after(since).is_some_and(|at| at <= now)
    }
}

/// The rules of all logs: what was asked for for all, and what follows for those of each app.
#[derive(Debug, Default)]
pub(super) struct Rulebook {
    all: RotateOptions,
    /// Many files share a few.
    known: Vec<(Wish, Option<Arc<Rules>>)>,
}

/// What one app asks for, and whether it is a module.
pub(super) type Wish = (RotateOptions, bool);

impl Rulebook {
    /// What is asked for for all logs has changed; rules have to be found anew.
    pub(super) fn change(&mut self, all: RotateOptions) {
        self.all = all;
        self.known.clear();
    }

    /// The rules for a file; none when it is not put aside.
    pub(super) fn find(&mut self, wish: &Wish) -> Option<Arc<Rules>> {
        if let Some((_, rules)) = self.known.iter().find(|(known, _)| known == wish) {
            return rules.clone();
        }
        // Those that nobody uses any more.
        self.known.retain(|(_, rules)| rules.as_ref().is_some_and(|it| Arc::strong_count(it) > 1));
        let (options, is_module) = wish;
        let rules = options.over(&self.all).resolve(*is_module).map(Rules::new).map(Arc::new);
        self.known.push((wish.clone(), rules.clone()));
        rules
    }

    /// The next time at which any file is to be put aside.
    pub(super) fn next_after(&self, at: i64) -> Option<i64> {
        self.known.iter().filter_map(|(_, rules)| rules.as_ref()?.next_after(at)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn each_minute() -> RotateOptions {
        RotateOptions { interval: Some("* * * * *".to_owned()), ..RotateOptions::default() }
    }

    #[test]
    fn a_file_is_due_once_for_each_time() {
        let mut book = Rulebook::default();
        let rules = book.find(&(each_minute(), false)).unwrap();
        assert!(rules.is_due(30_000, MINUTE));
        assert!(!rules.is_due(30_000, MINUTE - 1), "not yet");
        assert!(!rules.is_due(MINUTE - 5, MINUTE + 3), "begun for this very time");
        assert!(rules.is_due(0, 100 * MINUTE));
        let daily = book.find(&(RotateOptions::default(), false)).unwrap();
        assert!(daily.next_after(0).is_some());
        let never = RotateOptions { interval: Some(String::new()), ..RotateOptions::default() };
        let never = book.find(&(never, false)).unwrap();
        assert!(!never.is_due(0, i64::from(u32::MAX)));
    }

    #[test]
    fn a_time_long_ago_is_not_caught_up_with() {
        let hourly = RotateOptions { interval: Some("0 * * * *".to_owned()), ..each_minute() };
        let rules = Rulebook::default().find(&(hourly, false)).unwrap();
        assert!(rules.is_due(0, 60 * MINUTE + 59_000));
        assert!(!rules.is_due(0, 61 * MINUTE + 1));
    }

    #[test]
    fn files_of_the_same_wish_share_their_rules() {
        let mut book = Rulebook::default();
        let one = book.find(&(each_minute(), false)).unwrap();
        assert!(Arc::ptr_eq(&one, &book.find(&(each_minute(), false)).unwrap()));
        assert_eq!(book.next_after(1), Some(MINUTE));
        book.change(RotateOptions { enabled: Some(false), ..RotateOptions::default() });
        assert!(book.find(&(each_minute(), false)).is_none());
        assert_eq!(book.next_after(1), None);
    }
}
