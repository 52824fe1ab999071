//! The open log files, each once, however many streams write to it.

use super::file::LogFile;
use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{CWD, Mode, OFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Files that nobody writes to any more and that owe an explanation, at most.
const OWING_MAX: usize = 64;

/// Names an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileId(u64);

/// The table of open files.
#[derive(Debug, Default)]
pub(super) struct Files {
    by_id: BTreeMap<FileId, LogFile>,
    by_path: BTreeMap<Utf8PathBuf, FileId>,
    /// Those that did not take bytes when last seen.
    troubled: BTreeSet<FileId>,
    next: u64,
}

impl Files {
    /// Opens the file at `path` for one more stream.
    pub(super) fn acquire(&mut self, path: Utf8PathBuf) -> FileId {
        let known = self.by_path.get(&path).copied();
        let id = known.unwrap_or_else(|| self.open(path));
        if let Some(file) = self.by_id.get_mut(&id) {
            file.writers += 1;
        }
        self.watch(id);
        id
    }

    /// One stream writes to it no more. A file that owes an explanation stays until it has given
    /// it.
    pub(super) fn release(&mut self, id: FileId) {
        if let Some(file) = self.by_id.get_mut(&id) {
            file.writers -= 1;
            if file.writers == 0 && (file.recover() || self.troubled.len() > OWING_MAX) {
                self.forget(id);
            }
        }
    }

    /// A file that was acquired and not released.
    pub(super) fn get(&mut self, id: FileId) -> Option<&mut LogFile> {
        self.by_id.get_mut(&id)
    }

    /// A file may have failed: it is tried again from time to time.
    pub(super) fn watch(&mut self, id: FileId) {
        if self.by_id.get(&id).is_some_and(LogFile::is_troubled) {
            self.troubled.insert(id);
        }
    }

    /// Whether a file is to be tried again.
    pub(super) fn any_troubled(&self) -> bool {
        !self.troubled.is_empty()
    }

    /// Tries again what failed.
    pub(super) fn recover(&mut self) {
        for id in std::mem::take(&mut self.troubled) {
            let Some(file) = self.by_id.get_mut(&id) else {
                continue;
            };
            if !file.recover() {
                self.troubled.insert(id);
            } else if file.writers == 0 {
                self.forget(id);
            }
        }
    }

    /// Troubles that have not been told: the files and why.
    pub(super) fn news(&mut self) -> Vec<(Utf8PathBuf, String)> {
        let files = &mut self.by_id;
        self.troubled.iter().filter_map(|id| files.get_mut(id)?.news()).collect()
    }

    /// Opens all files anew.
    pub(super) fn reopen(&mut self) {
        for (id, file) in &mut self.by_id {
            file.reopen();
            if file.is_troubled() {
                self.troubled.insert(*id);
            }
        }
    }

    /// Empties the file of that name, open here or not.
    pub(super) fn empty(&mut self, path: &Utf8Path) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::TRUNC | OFlags::CLOEXEC | OFlags::NONBLOCK;
        rustix::fs::openat(CWD, path.as_str(), flags | OFlags::NOCTTY, Mode::empty())?;
        if let Some(file) = self.by_path.get(path).and_then(|id| self.by_id.get_mut(id)) {
            file.emptied();
        }
        Ok(())
    }

    fn open(&mut self, path: Utf8PathBuf) -> FileId {
        let id = FileId(self.next);
        self.next += 1;
        self.by_id.insert(id, LogFile::open(path.clone()));
        self.by_path.insert(path, id);
        id
    }

    fn forget(&mut self, id: FileId) {
        self.by_id.remove(&id);
        self.by_path.retain(|_, other| *other != id);
        self.troubled.remove(&id);
    }
}
