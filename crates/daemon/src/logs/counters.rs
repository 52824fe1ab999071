//! What the logs have done, in figures.

use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Reasons that are told apart; more are counted as one.
const REASONS_MAX: usize = 16;
/// Files in trouble that are named.
const FILES_MAX: usize = 256;

/// What was captured, written and dropped by this supervisor, and what is in trouble now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Bytes taken from pipes.
    pub captured: u64,
    /// Bytes written to files, stamps and all.
    pub written: u64,
    /// Bytes that reached no file, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// Bytes taken from pipes that are not in their files yet.
    pub spooled: u64,
    /// The most there ever were of them.
    pub spooled_max: u64,
    /// The bound of [`Self::spooled`].
    pub spooled_bound: u64,
    /// Files that take no bytes, and why.
    pub troubled: BTreeMap<Utf8PathBuf, String>,
    /// Threads that write files now.
    pub writers: u64,
    /// Files that were put aside.
    pub rotated: u64,
}

/// The figures as they grow.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) captured: AtomicU64,
    pub(super) written: AtomicU64,
    pub(super) writers: AtomicU64,
    pub(super) rotated: AtomicU64,
    spooled: AtomicU64,
    spooled_max: AtomicU64,
    rare: Mutex<Rare>,
}

#[derive(Debug, Default)]
struct Rare {
    dropped: BTreeMap<String, u64>,
    troubled: BTreeMap<Utf8PathBuf, String>,
}

impl Counters {
    /// A snapshot.
    pub(super) fn figures(&self, spooled_bound: u64) -> Figures {
        let (dropped, troubled) =
            self.with_rare(|rare| (rare.dropped.clone(), rare.troubled.clone()));
        Figures {
            captured: self.captured.load(Relaxed),
            written: self.written.load(Relaxed),
            dropped,
            spooled: self.spooled.load(Relaxed),
            spooled_max: self.spooled_max.load(Relaxed),
            spooled_bound,
            troubled,
            writers: self.writers.load(Relaxed),
            rotated: self.rotated.load(Relaxed),
        }
    }

    /// Bytes that wait in all spools.
    pub(super) fn spooled(&self) -> u64 {
        self.spooled.load(Relaxed)
    }

    /// Bytes have come into a spool.
    pub(super) fn spool(&self, bytes: u64) {
        let now = self.spooled.fetch_add(bytes, Relaxed) + bytes;
        self.spooled_max.fetch_max(now, Relaxed);
    }

    /// Bytes of a spool need not be kept any more.
    pub(super) fn unspool(&self, bytes: u64) {
        self.spooled.fetch_sub(bytes, Relaxed);
    }

    /// Bytes reach no file.
    pub(super) fn drop_bytes(&self, why: String, bytes: u64) {
        self.with_rare(|rare| {
            let full = rare.dropped.len() >= REASONS_MAX && !rare.dropped.contains_key(&why);
            let why = if full { "other".to_owned() } else { why };
            *rare.dropped.entry(why).or_default() += bytes;
        });
    }

    /// A file takes no bytes.
    pub(super) fn trouble(&self, path: &Utf8Path, why: &str) {
        self.with_rare(|rare| {
            if rare.troubled.len() < FILES_MAX {
                rare.troubled.insert(path.to_owned(), why.to_owned());
            }
        });
    }

    /// A file takes bytes again, or is of no more interest.
    pub(super) fn calm(&self, path: &Utf8Path) {
        self.with_rare(|rare| rare.troubled.remove(path));
    }

    fn with_rare<T>(&self, work: impl FnOnce(&mut Rare) -> T) -> T {
        work(&mut self.rare.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
