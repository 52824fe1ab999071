//! What an app's files look like at a moment: for file systems that tell of no changes.

use super::sight::{Descend, Met, Sight, Step};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// All files that count, and by what a change of each is seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Glance(BTreeMap<PathBuf, Look>);

/// Time of the last change in ns, size in bytes, number.
type Look = (i128, u64, u64);

impl Glance {
    /// Looks.
    pub(super) fn at(sight: &Sight) -> Self {
        let mut files = BTreeMap::new();
        for (at, root) in sight.roots.iter().enumerate() {
            if !sight.is_folder(&root.path) {
                note(&mut files, &root.path);
                continue;
            }
            let mut walked = BTreeSet::new();
            let mut visit = |path: &Path, met: Met| match met {
                Met::Folder(_) => {
                    let place = path.metadata().map(|data| (data.dev(), data.ino()));
                    let is_new = place.is_ok_and(|place| walked.insert(place));
                    Step::Continue(if is_new { Descend::In } else { Descend::Past })
                }
                Met::File { .. } => {
                    if sight.counts(at, path) {
                        note(&mut files, path);
                    }
                    Step::Continue(Descend::In)
                }
            };
            // The visitor never ends it.
            let _ = sight.walk(&root.path, 0, &mut visit);
        }
        Self(files)
    }

    /// A file that differs in `later`.
    pub(super) fn difference(&self, later: &Self) -> Option<PathBuf> {
        let differs = |(path, look): (&PathBuf, &Look)| {
            (later.0.get(path) != Some(look)).then(|| path.clone())
        };
        let is_new = |path: &&PathBuf| !self.0.contains_key(*path);
        self.0.iter().find_map(differs).or_else(|| later.0.keys().find(is_new).cloned())
    }
}

fn note(files: &mut BTreeMap<PathBuf, Look>, path: &Path) {
    if let Ok(data) = path.metadata() {
        let changed_ns = i128::from(data.mtime()) * 1_000_000_000 + i128::from(data.mtime_nsec());
        files.insert(path.to_owned(), (changed_ns, data.len(), data.ino()));
    }
}
