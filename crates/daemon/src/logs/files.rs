//! The open log files, each once, however many streams write to it.

use super::outlet::{FileId, Outlet};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The table of open files.
#[derive(Debug, Default)]
pub(super) struct Files {
    by_id: BTreeMap<FileId, Open>,
    by_path: BTreeMap<Utf8PathBuf, FileId>,
    next: FileId,
}

#[derive(Debug)]
struct Open {
    outlet: Arc<Outlet>,
    /// Streams that write to it, or whose loss it has to tell.
    streams: usize,
}

impl Files {
    /// The file at `path`, for one more stream.
    pub(super) fn acquire(&mut self, path: Utf8PathBuf) -> Arc<Outlet> {
        let next = self.next;
        let id = *self.by_path.entry(path.clone()).or_insert(next);
        if id == next {
            self.next += 1;
        }
        let open = self
            .by_id
            .entry(id)
            .or_insert_with(|| Open { outlet: Arc::new(Outlet::new(id, path)), streams: 0 });
        open.streams += 1;
        Arc::clone(&open.outlet)
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
