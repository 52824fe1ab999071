//! The thread that compresses and removes files that were put aside. It is started when there is
//! something to do and ends after it, and gives way to whatever else wants the processor.

use super::Rules;
use super::archive::{Archived, archive, settle};
use super::names::{Form, Names, compressed};
use super::retention::{Kept, surplus};
use crate::logs::crew::wall_ms;
use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::spec::{Compression, Rotation};
use rustix::process::setpriority_process;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The least priority there is; disks take it from there, `ioprio_set(2)`.
const NICE: i32 = 19;
/// What it needs of a stack, with room for the compressors' tables.
const STACK: usize = 512 << 10;

/// Where work for the thread is left.
#[derive(Debug, Default)]
pub(in super::super) struct Archivist {
    desk: Mutex<Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    /// Logs whose files are to be looked at. Each log is one file, so this is as bounded as those.
    logs: BTreeMap<Utf8PathBuf, Arc<Rules>>,
    works: bool,
    /// Logs of which it has been told that something failed.
    failing: BTreeSet<Utf8PathBuf>,
}

/// A log by its name in its folder, and what holds for it.
type Work = (String, Arc<Rules>);

impl Archivist {
    /// The files of a log that were put aside are to be looked at; `log` has no links in it.
    pub(in super::super) fn tend(self: &Arc<Self>, log: Utf8PathBuf, rules: Arc<Rules>) {
        let mut desk = self.desk();
        desk.logs.insert(log, rules);
        if desk.works {
            return;
        }
        let me = Arc::clone(self);
        let thread = std::thread::Builder::new().name("logs-archive".to_owned()).stack_size(STACK);
        match thread.spawn(move || me.work()) {
            Ok(_) => desk.works = true,
            // With the next file there is another attempt.
            Err(error) => tracing::error!(%error, "could not start a thread that archives logs"),
        }
    }

    fn work(&self) {
        if let Err(error) = setpriority_process(None, NICE) {
            tracing::debug!(%error, "archiving logs with the usual priority");
        }
        while let Some((folder, logs)) = self.next() {
            let entries = match list(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    tracing::warn!(path = %folder, %error, "old logs cannot be looked at");
                    continue;
                }
            };
            for (log, rules) in logs {
                let done = tend(&folder, &log, &rules, &entries);
                self.tell(folder.join(log), done);
            }
        }
    }

    /// The logs of one folder, by their names, so that it is read once for all of them.
    fn next(&self) -> Option<(Utf8PathBuf, Vec<Work>)> {
        let mut desk = self.desk();
        let folder = desk.logs.keys().next().and_then(|log| log.parent()).map(Utf8Path::to_owned);
        let Some(folder) = folder else {
            desk.works = false;
            return None;
        };
        let here = |log: &Utf8PathBuf| log.parent() == Some(&folder);
        let found: Vec<_> = desk.logs.extract_if(.., |log, _| here(log)).collect();
        drop(desk);
        let name = |log: Utf8PathBuf| log.file_name().map(str::to_owned);
        let logs = found.into_iter().filter_map(|(log, rules)| Some((name(log)?, rules)));
        Some((folder, logs.collect()))
    }

    /// Says it once that something failed, until it does no more.
    fn tell(&self, log: Utf8PathBuf, done: io::Result<()>) {
        let mut desk = self.desk();
        match done {
            Ok(()) => {
                if desk.failing.remove(&log) {
                    tracing::info!(%log, "old files of it are archived again");
                }
            }
            Err(error) => {
                if !desk.failing.contains(&log) {
                    tracing::warn!(%log, %error, "old files of it could not be archived; nothing is lost, and it is tried again");
                    desk.failing.insert(log);
                }
            }
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn list(folder: &Utf8Path) -> io::Result<BTreeSet<String>> {
    let name = |entry: std::fs::DirEntry| entry.file_name().into_string().ok();
    Ok(std::fs::read_dir(folder)?.filter_map(Result::ok).filter_map(name).collect())
}

/// Brings the files of one log in order: those left behind by a process that was killed, those to be
/// compressed, and those to be removed. The first error is told after all has been tried.
fn tend(folder: &Utf8Path, log: &str, rules: &Rules, entries: &BTreeSet<String>) -> io::Result<()> {
    let names = Names::new(log, &rules.rotation);
    let mut first_error = None;
    let mut tried = |done: io::Result<()>| match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            first_error.get_or_insert(error);
        }
        _ => {}
    };
    let (mut left_behind, mut files) = (Vec::new(), BTreeSet::new());
    for name in entries {
        match names.form(name) {
            // Nobody else compresses, so nobody is amid it.
            Some(Form::Unfinished) => left_behind.push(name),
            Some(Form::Plain | Form::Compressed(_)) => drop(files.insert(name.clone())),
            None => {}
        }
    }
    for name in left_behind {
        tried(std::fs::remove_file(folder.join(name)));
    }
    for (name, way) in twice(&files) {
        tried(settle(folder, &name, way));
    }
    // What goes by its age or number is not compressed first; the total is that of what is.
    let before = Rotation { total_size: None, ..rules.rotation.clone() };
    tried(remove_surplus(folder, &files, &before));
    if let Some(way) = rules.rotation.compression {
        for name in files.clone().iter().filter(|name| names.form(name) == Some(Form::Plain)) {
            match archive(folder, name, way) {
                Ok(Archived::Done) => drop(files.insert(compressed(name, way))),
                Ok(Archived::Busy) => tracing::debug!(name, "somebody writes to it"),
                Err(error) => tried(Err(error)),
            }
        }
    }
    if rules.rotation.total_size.is_some() {
        tried(remove_surplus(folder, &files, &rules.rotation));
    }
    first_error.map_or(Ok(()), Err)
}

/// Those that are there as they were and compressed.
fn twice(files: &BTreeSet<String>) -> Vec<(String, Compression)> {
    let both = |name: &String| {
        let ways = [Compression::Gzip, Compression::Zstd].into_iter();
        ways.filter(|way| files.contains(&compressed(name, *way)))
            .map(|way| (name.clone(), way))
            .collect::<Vec<_>>()
    };
    files.iter().flat_map(both).collect()
}

fn remove_surplus(
    folder: &Utf8Path,
    files: &BTreeSet<String>,
    rotation: &Rotation,
) -> io::Result<()> {
    let kept = |name: &String| {
        // One that has gone meanwhile needs no removing.
        let meta = std::fs::symlink_metadata(folder.join(name)).ok().filter(Metadata::is_file)?;
        let written_at = meta.mtime() * 1000 + meta.mtime_nsec() / 1_000_000;
        Some(Kept { name: name.clone(), size: meta.len(), written_at })
    };
    let mut kept: Vec<Kept> = files.iter().filter_map(kept).collect();
    surplus(&mut kept, rotation, wall_ms())
        .iter()
        .try_for_each(|file| std::fs::remove_file(folder.join(&file.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpm_core::spec::{Bound, RotateOptions};
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    /// A folder with these files, each a minute older than the next.
    fn folder(names: &[&str]) -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        let now = SystemTime::now();
        for (back, name) in names.iter().rev().enumerate() {
            std::fs::write(path.join(name), vec![b'x'; 1000]).unwrap();
            let at = now - Duration::from_secs(60 * back as u64);
            File::options().write(true).open(path.join(name)).unwrap().set_modified(at).unwrap();
        }
        (dir, path)
    }

    fn left(folder: &Utf8Path) -> Vec<String> {
        list(folder).unwrap().into_iter().collect()
    }

    fn tended(folder: &Utf8Path, options: &RotateOptions) {
        let rules = Rules::new(options.resolve(false).unwrap());
        tend(folder, "a.log", &rules, &list(folder).unwrap()).unwrap();
    }

    #[test]
    fn nothing_but_files_of_the_log_is_touched() {
        let others =
            ["a.log", "a__old.log", "b__2026-01-01_00-00-00.log", "a__2026-01-01_00-00-00.txt"];
        let ours = ["a__2026-01-01_00-00-00.log", "a__2026-01-01_00-00-01.log.gz"];
        let (_dir, folder) = folder(&[&others[..], &ours[..]].concat());
        tended(&folder, &RotateOptions { retain: Some(Bound::Of(0)), ..RotateOptions::default() });
        let mut others = others.map(str::to_owned);
        others.sort();
        assert_eq!(left(&folder), others);
    }

    #[test]
    fn the_newest_are_kept_and_compressed_and_what_was_left_behind_is_gone() {
        let (_dir, folder) = folder(&[
            "a__2026-01-01_00-00-00.log",
            "a__2026-01-01_00-00-01.log",
            "a__2026-01-01_00-00-01.1.log",
            "a__2026-01-01_00-00-00.log.gz.tmp",
        ]);
        let options = RotateOptions {
            retain: Some(Bound::Of(2)),
            compress: Some(true),
            ..RotateOptions::default()
        };
        tended(&folder, &options);
        let wanted = ["a__2026-01-01_00-00-01.1.log.gz", "a__2026-01-01_00-00-01.log.gz"];
        assert_eq!(left(&folder), wanted);
        tended(&folder, &RotateOptions { retain: Some(Bound::Of(1)), ..options });
        assert_eq!(left(&folder), wanted[..1]);
    }

    #[test]
    fn the_total_is_that_of_what_is_compressed() {
        let (_dir, folder) = folder(&["a__2026-01-01_00-00-00.log", "a__2026-01-01_00-00-01.log"]);
        let options = RotateOptions {
            total_size: Some(Bound::Of(500)),
            compression: Some(Compression::Zstd),
            ..RotateOptions::default()
        };
        tended(&folder, &options);
        assert_eq!(left(&folder).len(), 2);
        tended(&folder, &RotateOptions { total_size: Some(Bound::Of(40)), ..options });
        assert_eq!(left(&folder), ["a__2026-01-01_00-00-01.log.zst"]);
    }
}
