//! The thread that writes.
//!
//! All changes that wait are one record, and all who wait share one sync. When the disk fails, each
//! command tries again, and so does the thread itself, ever more rarely; the next attempt that
//! succeeds writes the whole table.

use super::inbox::{Inbox, Replace, Waiting};
use super::{Kept, pid_file, remove, replace};
use crate::clock;
use rpm_core::Mono;
use rpm_journal::{CommitError, Disk, Figures, Journal};
use std::error::Error;
use std::time::Duration;

/// Waits between two attempts while the disk fails, in ms: from the first to the longest.
const RETRY_FIRST_MS: u64 = 100;
const RETRY_MAX_MS: u64 = 10_000;

/// Writes until nothing more comes.
pub(super) fn run<D: Disk>(inbox: &Inbox, journal: Journal<D>) {
    let _close = CloseAtEnd(inbox);
    let mut writer = Writer { journal, retry_ms: RETRY_FIRST_MS, retry_at: None };
    loop {
        inbox.set_figures(writer.journal.figures());
        let patience = writer.retry_at.map(|at| Duration::from_millis(at.since(clock::now().mono)));
        let Some(Waiting { delta, done, pids, files }) = inbox.take(patience) else {
            return;
        };
        if done.is_empty() && writer.retry_at.is_some_and(|at| clock::now().mono < at) {
            writer.journal.put_off(delta);
        } else {
            writer.commit(delta, done, inbox);
        }
        for (path, pid) in pids {
            pid_file(&path, pid);
        }
        for Replace { path, bytes, done } in files {
            let written = match bytes {
                Some(bytes) => replace(&path, &bytes),
                None => remove(&path),
            };
            // The asker may have hung up; the file is written all the same.
            drop(done.send(written));
        }
    }
}

struct Writer<D: Disk> {
    journal: Journal<D>,
    retry_ms: u64,
    /// When to try again; `None` while all goes well.
    retry_at: Option<Mono>,
}

impl<D: Disk> Writer<D> {
    fn commit(&mut self, delta: rpm_journal::Delta, done: Vec<Kept>, inbox: &Inbox) {
        let result = self.journal.commit(delta);
        inbox.set_figures(self.journal.figures());
        match &result {
            Ok(()) => self.mended(),
            Err(error) => self.failed(error),
        }
        let result = result.map_err(|error| words(&error));
        for waiter in done {
            // Whoever waited may have hung up.
            drop(waiter.send(result.clone()));
        }
        if let Err(error) = self.journal.compact() {
            tracing::warn!(error = words(&error), "the journal could not be begun anew");
        }
    }

    fn failed(&mut self, error: &CommitError) {
        if self.retry_at.is_some() {
            self.retry_ms = (2 * self.retry_ms).min(RETRY_MAX_MS);
        } else {
            self.retry_ms = RETRY_FIRST_MS;
            tracing::error!(
                error = words(error),
                "changes cannot be recorded; they would be forgotten if the daemon died now"
            );
        }
        self.retry_at = Some(clock::now().mono.after(self.retry_ms));
    }

    fn mended(&mut self) {
        if self.retry_at.take().is_some() {
            let Figures { failures, .. } = self.journal.figures();
            tracing::info!(failures, "all changes are recorded again");
        }
    }
}

fn words(error: &CommitError) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

/// Whoever waits for a thread that is gone must hear of it.
struct CloseAtEnd<'a>(&'a Inbox);

impl Drop for CloseAtEnd<'_> {
    fn drop(&mut self) {
        self.0.close(true);
    }
}
