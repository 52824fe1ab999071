//! What happens to files, told by the kernel, `inotify(7)`.

use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init};
use rustix::io::Errno;
use std::ffi::OsString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

/// As much is read at once, in bytes.
const BUFFER: usize = 64 * 1024;
/// What changes a folder or a file in it. Who only reads changes nothing.
const CHANGES: WatchFlags = WatchFlags::MODIFY
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::ONLYDIR)
    .union(WatchFlags::EXCL_UNLINK);

/// An instance of inotify.
#[derive(Debug)]
pub struct Inotify(OwnedFd);

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// In which watched folder, as [`Inotify::add`] named it.
    pub folder: i32,
    /// What.
    pub what: What,
    /// The name within the folder.
    pub name: OsString,
    /// It is about a folder within the folder.
    pub is_folder: bool,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A name has come: made, or moved here.
    Came,
    /// A name has gone: taken away, or moved elsewhere.
    Went,
    /// A file has other content.
    Changed,
    /// The folder is not watched any more: it is gone.
    Unwatched,
    /// More has happened than the kernel could note, in whatever folder.
    Overflow,
}

impl Inotify {
    /// One that watches nothing. Fails with EMFILE when the user has too many
    /// (`fs.inotify.max_user_instances`).
    pub fn new() -> io::Result<Self> {
        Ok(Self(init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?))
    }

    /// Watches a folder. The same folder has the same number, by whatever path. Fails with ENOSPC
    /// when the user watches too many (`fs.inotify.max_user_watches`).
    pub fn add(&self, folder: &Path) -> io::Result<i32> {
        Ok(add_watch(&self.0, folder, CHANGES)?)
    }

    /// Watches a folder no more. It may be gone.
    pub fn remove(&self, folder: i32) {
        // The kernel knows what is gone before we do.
        rustix::fs::inotify::remove_watch(&self.0, folder).ok();
    }

    /// What has happened since it was last asked; nothing when nothing has.
    pub fn read(&self) -> io::Result<Vec<Happening>> {
        let mut buffer = vec![MaybeUninit::uninit(); BUFFER];
        let mut reader = Reader::new(&self.0, &mut buffer);
        let mut happenings = Vec::new();
        loop {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::AGAIN) => return Ok(happenings),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let Some(what) = what(event.events()) else {
                continue;
            };
            let name = event.file_name().map(|name| name.to_bytes().to_vec()).unwrap_or_default();
            happenings.push(Happening {
                folder: event.wd(),
                what,
                name: OsString::from_vec(name),
                is_folder: event.events().contains(ReadFlags::ISDIR),
            });
        }
    }
}

impl AsFd for Inotify {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn what(flags: ReadFlags) -> Option<What> {
    if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
        Some(What::Overflow)
    } else if flags.contains(ReadFlags::IGNORED) {
        Some(What::Unwatched)
    } else if flags.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO) {
        Some(What::Came)
    } else if flags.intersects(ReadFlags::DELETE | ReadFlags::MOVED_FROM) {
        Some(What::Went)
    } else if flags.intersects(ReadFlags::MODIFY | ReadFlags::CLOSE_WRITE) {
        Some(What::Changed)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn writers_are_told_of_and_readers_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let inotify = Inotify::new().unwrap();
        let folder = inotify.add(dir.path()).unwrap();
        assert_eq!(inotify.add(dir.path()).unwrap(), folder);
        let file = dir.path().join("a");
        fs::write(&file, "text").unwrap();
        fs::read(&file).unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        fs::rename(&file, dir.path().join("b")).unwrap();
        let mut told: Vec<_> = inotify.read().unwrap();
        told.dedup();
        let told: Vec<_> =
            told.iter().map(|it| (it.what, it.name.to_str().unwrap(), it.is_folder)).collect();
        let wanted = [
            (What::Came, "a", false),
            (What::Changed, "a", false),
            (What::Came, "sub", true),
            (What::Went, "a", false),
            (What::Came, "b", false),
        ];
        assert_eq!(told, wanted);
        inotify.remove(folder);
        assert_eq!(inotify.read().unwrap().last().map(|it| it.what), Some(What::Unwatched));
        assert!(inotify.read().unwrap().is_empty());
    }
}
