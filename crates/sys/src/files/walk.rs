//! The way along a path, one component at a time, with each link looked at before it is followed.

use super::Untrusted;
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, PROC_SUPER_MAGIC, Stat, fstat, fstatfs, mkdirat, openat,
    readlinkat, statat,
};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

/// The kernel follows no more either.
const LINKS_MAX: u32 = 40;
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const LOOK: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Where a path leads.
pub(super) struct Place {
    pub(super) folder: OwnedFd,
    pub(super) name: OsString,
    pub(super) target: Target,
}

/// What is at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Nothing.
    Missing,
    /// Something that is no link.
    There,
    /// A link of `/proc` that only the kernel can follow: an open file.
    Magic,
}

impl Place {
    /// Whether nobody but us and root may put names into the folder.
    pub(super) fn is_private(&self) -> io::Result<bool> {
        let stat = fstat(&self.folder)?;
        Ok(is_ours(stat.st_uid) && stat.st_mode & 0o002 == 0)
    }
}

/// Whether something of this user may be trusted: ours, root's, or, in a user namespace, that of a
/// user outside, who has no name within (the machine's root, mostly).
pub(super) fn is_ours(uid: u32) -> bool {
    uid == 0 || uid == crate::process::effective_uid() || (uid == overflow() && is_mapped())
}

fn overflow() -> u32 {
    let text = std::fs::read_to_string("/proc/sys/kernel/overflowuid").unwrap_or_default();
    text.trim().parse().unwrap_or(65534)
}

fn is_mapped() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.split_whitespace().next_back().is_some_and(|count| count != "4294967295")
}

/// Goes to the end of a path. Folders on the way must be there.
pub(super) fn find(path: &Path) -> io::Result<Place> {
    let mut walk = Walk::begin(path)?;
    while let Some(name) = walk.rest.pop_front() {
        if !walk.rest.is_empty() {
            walk.enter(name)?;
            continue;
        }
        let target = match openat(&walk.folder, &name, LOOK, Mode::empty()) {
            Err(Errno::NOENT) => Target::Missing,
            Err(error) => return Err(error.into()),
            Ok(found) => {
                let stat = fstat(&found)?;
                if !is_link(&stat) {
                    Target::There
                } else if walk.follow(&name, &found, &stat)? {
                    continue;
                } else {
                    Target::Magic
                }
            }
        };
        return Ok(Place { folder: walk.folder, name, target });
    }
    Err(Errno::ISDIR.into())
}

/// Makes a folder and those it is in, where they are missing, readable by all as `mkdir(1)` does.
pub fn make_folders(path: &Path) -> io::Result<()> {
    let mut walk = Walk::begin(path)?;
    while let Some(name) = walk.rest.pop_front() {
        match mkdirat(&walk.folder, &name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            // What is there already may be on a disk that takes no more.
            Err(_) if statat(&walk.folder, &name, AtFlags::SYMLINK_NOFOLLOW).is_ok() => {}
            Err(error) => return Err(error.into()),
        }
        walk.enter(name)?;
    }
    Ok(())
}

/// Refuses a folder in which, or on the way to which, another user could exchange what is there:
/// each folder must be ours or root's, and must not be writable by everybody unless only owners may
/// take away what is theirs (as in `/tmp`).
pub fn check_folder(path: &Path) -> io::Result<()> {
    let mut walk = Walk::begin(path)?;
    walk.check()?;
    while let Some(name) = walk.rest.pop_front() {
        walk.enter(name)?;
        walk.check()?;
    }
    Ok(())
}

struct Walk {
    folder: OwnedFd,
    /// Where that is, for errors.
    at: PathBuf,
    rest: VecDeque<OsString>,
    links: u32,
}

impl Walk {
    fn begin(path: &Path) -> io::Result<Self> {
        let at = PathBuf::from(if path.is_absolute() { "/" } else { "." });
        let folder = openat(CWD, &at, FOLDER, Mode::empty())?;
        Ok(Self { folder, at, rest: names(path).collect(), links: 0 })
    }

    /// Goes into a folder, or to where a link leads.
    fn enter(&mut self, name: OsString) -> io::Result<()> {
        let found = openat(&self.folder, &name, LOOK, Mode::empty())?;
        let stat = fstat(&found)?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            self.folder = found;
        } else if !is_link(&stat) {
            return Err(Errno::NOTDIR.into());
        } else if self.follow(&name, &found, &stat)? {
            return Ok(());
        } else {
            self.folder = openat(&self.folder, &name, FOLDER, Mode::empty())?;
        }
        self.at.push(name);
        Ok(())
    }

    /// Puts what a link says before the rest of the path. Returns `false` for links that only the
    /// kernel can follow.
    fn follow(&mut self, name: &OsStr, link: &OwnedFd, stat: &Stat) -> io::Result<bool> {
        let path = self.at.join(name);
        if !is_ours(stat.st_uid) {
            return Err(Untrusted::Link { path, owner: stat.st_uid }.into());
        }
        if is_open(&fstat(&self.folder)?) {
            return Err(Untrusted::LinkInOpenFolder { path }.into());
        }
        let target =
            PathBuf::from(OsString::from_vec(readlinkat(link, "", Vec::new())?.into_bytes()));
        if fstatfs(&self.folder)?.f_type == PROC_SUPER_MAGIC && name != "self" {
            return Ok(false);
        }
        self.links += 1;
        if self.links > LINKS_MAX {
            return Err(Errno::LOOP.into());
        }
        if target.is_absolute() {
            self.folder = openat(CWD, "/", FOLDER, Mode::empty())?;
            self.at = PathBuf::from("/");
        }
        for name in names(&target).rev() {
            self.rest.push_front(name);
        }
        Ok(true)
    }

    fn check(&self) -> io::Result<()> {
        let stat = fstat(&self.folder)?;
        if !is_ours(stat.st_uid) {
            return Err(Untrusted::Folder { path: self.at.clone(), owner: stat.st_uid }.into());
        }
        if is_open(&stat) {
            return Err(Untrusted::OpenFolder { path: self.at.clone() }.into());
        }
        Ok(())
    }
}

fn names(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

fn is_link(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Symlink
}

/// Whether everybody may take names away that are not theirs.
fn is_open(stat: &Stat) -> bool {
    stat.st_mode & 0o002 != 0 && stat.st_mode & 0o1000 == 0
}
