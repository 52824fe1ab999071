//! The watched folders of all apps, as the kernel tells of them.

use super::sight::{Descend, Met, Sight, Step};
use rpm_sys::inotify::{Happening, Inotify, What};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// `errno(3)`: a limit of watches is reached.
const ENOSPC: i32 = 28;

/// All of them.
#[derive(Debug)]
pub(super) struct Tree {
    inotify: Inotify,
    spots: BTreeMap<i32, Vec<Spot>>,
    /// Where each folder of each plan is watched.
    folders: BTreeMap<(String, PathBuf), i32>,
}

/// What a watched folder is watched for. A folder may be watched for several apps.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spot {
    /// The plan, by its key.
    plan: String,
    /// The watched path that it belongs to.
    root: usize,
    /// The folder, by the path that led to it.
    folder: PathBuf,
    /// How deep it lies below the root.
    depth: u32,
    /// Only this name in it matters.
    only: Option<OsString>,
}

impl Tree {
    /// Watches nothing yet.
    pub(super) fn new() -> io::Result<Self> {
        let inotify = Inotify::new()?;
        Ok(Self { inotify, spots: BTreeMap::new(), folders: BTreeMap::new() })
    }

    /// To be awaited.
    pub(super) fn inotify(&self) -> &Inotify {
        &self.inotify
    }

    /// Watches all that an app asks for. When that fails, some of it is watched.
    pub(super) fn plant(&mut self, sight: &Sight) -> io::Result<()> {
        let mut done = Ok(());
        for (at, root) in sight.roots.iter().enumerate() {
            // From outside it is seen when the path itself is replaced, or made.
            done = done.and(self.watch_name(sight, at, &root.path));
            if sight.is_folder(&root.path) {
                done = done.and(self.watch_below(sight, at, (&root.path, 0)).map(|_| ()));
            } else if root.path.exists() {
                done = done.and(self.watch_target(sight, at, &root.path));
            }
        }
        done
    }

    /// Watches nothing for this app any more.
    pub(super) fn uproot(&mut self, plan: &str) {
        self.folders.retain(|(of, _), _| of != plan);
        self.drop_spots(|spot| spot.plan == plan);
    }

    /// How many folders are watched for this app.
    pub(super) fn size(&self, plan: &str) -> usize {
        self.folders.keys().filter(|(of, _)| of == plan).count()
    }

    /// What has changed, for which apps. `Err` when what happened cannot be known.
    pub(super) fn changes<'a>(
        &mut self,
        sight_of: impl Fn(&str) -> Option<&'a Sight>,
        changed: &mut dyn FnMut(&str, &Path),
        failed: &mut dyn FnMut(&str, io::Error),
    ) -> Result<(), Overflow> {
        let mut overflow = Ok(());
        for happening in self.inotify.read().map_err(|_| Overflow)? {
            match happening.what {
                What::Overflow => overflow = Err(Overflow),
                What::Unwatched => {
                    for spot in self.spots.remove(&happening.folder).unwrap_or_default() {
                        self.folders.remove(&(spot.plan, spot.folder));
                    }
                }
                What::Came | What::Went | What::Changed => {
                    let spots = self.spots.get(&happening.folder).cloned().unwrap_or_default();
                    for spot in spots {
                        let Some(sight) = sight_of(&spot.plan) else {
                            continue;
                        };
                        match self.follow(sight, &spot, &happening) {
                            Ok(Some(path)) => changed(&spot.plan, &path),
                            Ok(None) => {}
                            Err(error) => failed(&spot.plan, error),
                        }
                    }
                }
            }
        }
        overflow
    }

    /// Keeps the tree as the file system is, and says what of it counts.
    fn follow(
        &mut self,
        sight: &Sight,
        spot: &Spot,
        happening: &Happening,
    ) -> io::Result<Option<PathBuf>> {
        let path = spot.folder.join(&happening.name);
        let is_ours = match &spot.only {
            Some(name) => *name == happening.name,
            None => !sight.ignores(&path),
        };
        if !is_ours {
            return Ok(None);
        }
        if happening.what == What::Went {
            self.drop_below(&spot.plan, &path);
        }
        let depth = if spot.only.is_some() { 0 } else { spot.depth + 1 };
        if happening.what == What::Came && sight.is_folder(&path) {
            let is_too_deep = sight.plan.options.depth.is_some_and(|deepest| depth > deepest);
            let found = if is_too_deep {
                None
            } else {
                self.watch_below(sight, spot.root, (&path, depth))?
            };
            return Ok(if sight.counts_folders(spot.root) { Some(path) } else { found });
        }
        if happening.what == What::Came && sight.plan.options.follow_links && path.is_symlink() {
            self.watch_target(sight, spot.root, &path)?;
        }
        let counts = if happening.is_folder {
            sight.counts_folders(spot.root)
        } else {
            sight.counts(spot.root, &path)
        };
        Ok(counts.then_some(path))
    }

    /// Watches a folder and those in it; gives the first file that counts.
    fn watch_below(
        &mut self,
        sight: &Sight,
        root: usize,
        (folder, depth): (&Path, u32),
    ) -> io::Result<Option<PathBuf>> {
        let (mut first, mut failure) = (None, None);
        let plan = sight.plan.key();
        let mut visit = |path: &Path, met: Met| match met {
            Met::Folder(depth) => {
                let folder = path.to_owned();
                match self.watch(Spot { plan: plan.clone(), root, folder, depth, only: None }) {
                    Ok(descend) => Step::Continue(descend),
                    Err(error) if error.raw_os_error() == Some(ENOSPC) => {
                        failure = Some(error);
                        Step::Break(())
                    }
                    Err(error) => {
                        tracing::debug!(folder = %path.display(), %error, "cannot be watched");
                        Step::Continue(Descend::Past)
                    }
                }
            }
            Met::File { link } => {
                if first.is_none() && sight.counts(root, path) {
                    first = Some(path.to_owned());
                }
                if link && sight.plan.options.follow_links {
                    failure = self.watch_target(sight, root, path).err();
                }
                if failure.is_some() { ControlFlow::Break(()) } else { Step::Continue(Descend::In) }
            }
        };
        // It ends early for the failure alone.
        let _ = sight.walk(folder, depth, &mut visit);
        failure.map_or(Ok(first), Err)
    }

    /// Watches a folder; one that is watched by another path is not walked again.
    fn watch(&mut self, spot: Spot) -> io::Result<Descend> {
        let number = self.inotify.add(&spot.folder)?;
        let spots = self.spots.entry(number).or_default();
        let is_walked = spots.iter().any(|known| {
            known.plan == spot.plan && known.only.is_none() && known.folder != spot.folder
        });
        if !is_walked && !spots.contains(&spot) {
            self.folders.insert((spot.plan.clone(), spot.folder.clone()), number);
            spots.push(spot);
        }
        Ok(if is_walked { Descend::Past } else { Descend::In })
    }

    /// Watches one name in its folder. Without a folder there is nothing to watch yet.
    fn watch_name(&mut self, sight: &Sight, root: usize, path: &Path) -> io::Result<()> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(());
        };
        match self.inotify.add(folder) {
            Ok(number) => {
                let (plan, folder) = (sight.plan.key(), folder.to_owned());
                let spot = Spot { plan, root, folder, depth: 0, only: Some(name.to_owned()) };
                let spots = self.spots.entry(number).or_default();
                if !spots.contains(&spot) {
                    spots.push(spot);
                }
                Ok(())
            }
            Err(error) if error.raw_os_error() == Some(ENOSPC) => Err(error),
            Err(error) => {
                tracing::debug!(folder = %folder.display(), %error, "cannot be watched");
                Ok(())
            }
        }
    }

    /// Watches the file that a link leads to.
    fn watch_target(&mut self, sight: &Sight, root: usize, link: &Path) -> io::Result<()> {
        match link.canonicalize() {
            Ok(target) if target != link => self.watch_name(sight, root, &target),
            _ => Ok(()),
        }
    }

    /// A folder has gone from its place, with all in it.
    fn drop_below(&mut self, plan: &str, folder: &Path) {
        let from = (plan.to_owned(), folder.to_owned());
        let below = self.folders.range(from..);
        let gone: Vec<_> = below
            .take_while(|((of, path), _)| of == plan && path.starts_with(folder))
            .map(|(key, number)| (key.clone(), *number))
            .collect();
        for (key, number) in gone {
            self.folders.remove(&key);
            let Some(spots) = self.spots.get_mut(&number) else {
                continue;
            };
            spots.retain(|spot| spot.plan != key.0 || spot.folder != key.1 || spot.only.is_some());
            if spots.is_empty() {
                self.spots.remove(&number);
                self.inotify.remove(number);
            }
        }
    }

    fn drop_spots(&mut self, is_gone: impl Fn(&Spot) -> bool) {
        let inotify = &self.inotify;
        self.spots.retain(|number, spots| {
            spots.retain(|spot| !is_gone(spot));
            if spots.is_empty() {
                inotify.remove(*number);
            }
            !spots.is_empty()
        });
    }
}

/// More has happened than was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overflow;

#[cfg(test)]
mod tests;
