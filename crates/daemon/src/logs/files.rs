//! The open log files, each once, however many streams write to it.

use super::outlet::{FileId, Letter, Outlet};
use super::rotation::{Rulebook, Wish};
use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::spec::RotateOptions;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The table of open files.
#[derive(Debug, Default)]
pub(super) struct Files {
    by_id: BTreeMap<FileId, Open>,
    by_path: BTreeMap<Utf8PathBuf, FileId>,
    next: FileId,
    rulebook: Rulebook,
}

#[derive(Debug)]
struct Open {
    outlet: Arc<Outlet>,
    /// Streams that write to it, or whose loss it has to tell.
    streams: usize,
    /// When it is put aside; of several streams that differ, the last one says it.
    wish: Wish,
}

impl Files {
    /// The file at `path`, for one more stream, which says when it is put aside.
    pub(super) fn acquire(&mut self, path: Utf8PathBuf, wish: Wish) -> Arc<Outlet> {
        let next = self.next;
        let id = *self.by_path.entry(path.clone()).or_insert(next);
        if id == next {
            self.next += 1;
        }
        let mut is_new = false;
        let open = self.by_id.entry(id).or_insert_with(|| {
            is_new = true;
            Open { outlet: Arc::new(Outlet::new(id, path)), streams: 0, wish: Wish::default() }
        });
        open.streams += 1;
        if is_new || open.wish != wish {
            open.outlet.leave(Letter::Rules(self.rulebook.find(&wish)));
            open.wish = wish;
        }
        Arc::clone(&open.outlet)
    }

    /// What is asked for for all logs about their being put aside has changed. Every file is told.
    pub(super) fn change_rules(&mut self, all: RotateOptions) {
        self.rulebook.change(all);
        for open in self.by_id.values() {
            open.outlet.leave(Letter::Rules(self.rulebook.find(&open.wish)));
        }
    }

    /// The next time after `at` at which a file is to be put aside, in ms since 1970.
    pub(super) fn next_due(&self, at: i64) -> Option<i64> {
        self.rulebook.next_after(at)
    }

    /// One stream has nothing to do with it any more.
    pub(super) fn release(&mut self, id: FileId) {
        if let Some(open) = self.by_id.get_mut(&id) {
            open.streams -= 1;
            if open.streams == 0 {
                self.by_path.remove(open.outlet.path());
                self.by_id.remove(&id);
            }
        }
    }

    /// The file of that name, when it is open.
    pub(super) fn named(&self, path: &Utf8Path) -> Option<&Arc<Outlet>> {
        self.by_path.get(path).and_then(|id| self.by_id.get(id)).map(|open| &open.outlet)
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Outlet>> {
        self.by_id.values().map(|open| &open.outlet)
    }
}
