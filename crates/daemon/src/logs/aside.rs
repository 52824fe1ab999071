//! Putting a log file aside: it gets another name in its folder, and a new one is begun.
//!
//! It happens between two lines, by whoever works on the file, while no write is under way. A process
//! that is killed between the two steps leaves no file of that name, and its successor makes one, as
//! it would for any log.

use super::file::{LogFile, open};
use super::rotation::{Names, Rules, compressed_names};
use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// A line that grows beyond its file's size by so much is cut.
const LINE_MAX: u64 = 1 << 20;
/// So many files of one second have names.
const NUMBERS: u32 = 10_000;
/// After a failure it is tried again no earlier.
const PAUSE: Duration = Duration::from_secs(10);

/// When a file is to be put aside.
#[derive(Debug, Default)]
pub(super) struct Limit {
    /// Its size in bytes, as far as we know.
    pub(super) size: u64,
    rules: Option<Arc<Rules>>,
    /// With so many bytes it is to be put aside at the next end of a line. `None` is never.
    bound: Option<u64>,
    /// When it was begun, in ms since 1970.
    born: i64,
    /// It is one that can be put aside, no pipe or terminal.
    is_regular: bool,
    retry_at: Option<Instant>,
}

/// What came of putting a file aside.
#[derive(Debug)]
pub(super) enum Aside {
    /// It has this name now.
    Done(Utf8PathBuf),
    /// It is not to be put aside after all.
    Unneeded,
    /// It could not be, and that is new.
    Failed(io::Error),
    /// It still cannot be.
    StillFails,
}

impl Limit {
    /// A file has been opened.
    pub(super) fn begin(&mut self, file: &File) {
        let Ok(meta) = file.metadata() else {
            self.is_regular = false;
            return;
        };
        // Where the system does not know, what came before now is not caught up with.
        let born = meta.created().unwrap_or_else(|_| std::time::SystemTime::now());
        let born = born.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        self.born = i64::try_from(born).unwrap_or(i64::MAX);
        (self.size, self.is_regular) = (meta.len(), meta.is_file());
        self.set_bound();
    }

    /// It has been emptied: a time that has come is over.
    pub(super) fn emptied(&mut self) {
        self.size = 0;
        self.set_bound();
    }

    /// Other rules hold.
    pub(super) fn set_rules(&mut self, rules: Option<Arc<Rules>>) {
        self.rules = rules;
        self.retry_at = None;
        self.set_bound();
    }

    /// What holds, where something does.
    pub(super) fn rules(&self) -> Option<&Arc<Rules>> {
        self.rules.as_ref().filter(|_| self.is_regular)
    }

    /// The time may have come. Returns whether it has.
    pub(super) fn look_at_time(&mut self, now: i64) -> bool {
        let due = self.rules().is_some_and(|rules| rules.is_due(self.born, now));
        if due && self.size > 0 {
            self.bound = Some(self.bound.unwrap_or(u64::MAX).min(self.size));
        }
        due
    }

    /// How many bytes it may have more; the line that has the last of them is to be the last. `None`
    /// is without a bound.
    pub(super) fn room(&self) -> Option<u64> {
        Some(self.active_bound()?.saturating_sub(self.size))
    }

    /// Whether it is to be put aside; `amid_line` says that it ends amid one that goes on.
    pub(super) fn is_over(&self, amid_line: bool) -> bool {
        let most = if amid_line { LINE_MAX } else { 0 };
        let over = |bound: u64| self.size > 0 && self.size >= bound.saturating_add(most);
        self.active_bound().is_some_and(over)
    }

    fn active_bound(&self) -> Option<u64> {
        let is_paused = self.retry_at.is_some_and(|at| Instant::now() < at);
        self.bound.filter(|_| self.is_regular && !is_paused)
    }

    fn set_bound(&mut self) {
        self.bound = self.rules.as_ref().and_then(|rules| rules.rotation.max_size);
    }
}

impl LogFile {
    /// Puts it aside at the time `now`, if it is still to be when its size is looked at.
    pub(super) fn put_aside(&mut self, now: i64) -> Aside {
        match self.try_put_aside(now) {
            Ok(Some(path)) => {
                self.limit.retry_at = None;
                Aside::Done(path)
            }
            Ok(None) => Aside::Unneeded,
            Err(error) => {
                let is_new = self.limit.retry_at.is_none();
                self.limit.retry_at = Some(Instant::now() + PAUSE);
                if is_new { Aside::Failed(error) } else { Aside::StillFails }
            }
        }
    }

    fn try_put_aside(&mut self, now: i64) -> io::Result<Option<Utf8PathBuf>> {
        let (Some(rules), Some(mark)) = (self.limit.rules().cloned(), self.mark()) else {
            return Ok(None);
        };
        if !self.limit.is_over(false) {
            // Somebody has cut it short.
            self.limit.set_bound();
            return Ok(None);
        }
        let path = match self.real_path() {
            Some(path) if is_named(&path, (mark.device, mark.inode)) => path,
            // Others have moved it away and are about to say so.
            _ => {
                self.reopen();
                return Ok(None);
            }
        };
        let mode = self.handle().and_then(|file| file.metadata().ok()).map(|it| it.permissions());
        let aside = rename(&path, &rules, now)?;
        match open(self.path()) {
            Ok(file) => {
                // Who could read the old one can read the new one; refused, only they cannot.
                drop(mode.map(|mode| file.set_permissions(mode)));
                self.exchange(Some(file));
                Ok(Some(aside))
            }
            Err(error) => {
                if rename_to(&aside, &path).is_err() {
                    // What is put aside may be compressed, so nothing more may come to it.
                    self.exchange(None);
                }
                Err(error)
            }
        }
    }

    /// Its name without links. Of a log that is a link, what it leads to is put aside, and beside
    /// that.
    pub(super) fn real_path(&self) -> Option<Utf8PathBuf> {
        self.path().canonicalize_utf8().ok()
    }
}

fn is_named(path: &Utf8Path, file: (u64, u64)) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == file)
}

/// Gives it the first name that is free, also of what is compressed by now.
fn rename(path: &Utf8Path, rules: &Rules, now: i64) -> io::Result<Utf8PathBuf> {
    let Some((folder, name)) = path.parent().zip(path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let mut names = Names::new(name, &rules.rotation);
    for number in 0..NUMBERS {
        let name = names.name(now, number);
        let is_taken = compressed_names(&name).iter().any(|name| exists(&folder.join(name)));
        let aside = folder.join(name);
        if is_taken || exists(&aside) {
            continue;
        }
        match rename_to(path, &aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            done => return done.map(|()| aside),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "all names for an old file are taken"))
}

fn exists(path: &Utf8Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Renames without replacing anything. Not every file system can promise that; there the look before
/// has to do.
fn rename_to(from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
    match renameat_with(CWD, from.as_std_path(), CWD, to.as_std_path(), RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) if !exists(to) => std::fs::rename(from, to),
        done => Ok(done?),
    }
}
