//! Files that must outlive a crash, written by a thread of their own: a slow disk delays nothing
//! but the answers that promise durability.

mod inbox;
#[cfg(test)]
mod tests;
mod writer;

use camino::{Utf8Path, Utf8PathBuf};
use inbox::{Inbox, Replace, Waiting};
use rpm_journal::{Delta, Disk, Figures, Journal};
use rpm_sys::files::{self, Durability};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Handle to the writing thread, which ends with the last of them.
#[derive(Clone)]
pub(crate) struct Store(Arc<Handle>);

struct Handle(Arc<Inbox>);

/// Told when all changes so far are on the disk, or why they are not.
pub(crate) type Kept = oneshot::Sender<Result<(), String>>;

impl Store {
    /// Starts the thread; changes of the table are kept in `journal`.
    pub(crate) fn start<D>(journal: Journal<D>) -> io::Result<Self>
    where
        D: Disk + Send + 'static,
        D::File: Send,
    {
        let inbox = Arc::new(Inbox::default());
        let ours = Arc::clone(&inbox);
        std::thread::Builder::new()
            .name("store".to_owned())
            .stack_size(256 * 1024)
            .spawn(move || writer::run(&ours, journal))?;
        Ok(Self(Arc::new(Handle(inbox))))
    }

    /// Keeps changes of the table. Each of `done` is told when they, and all that were given
    /// before, are on the disk.
    pub(crate) fn commit(&self, delta: Delta, done: Vec<Kept>) {
        self.order(|waiting| {
            waiting.delta.extend(delta);
            waiting.done.extend(done);
        });
    }

    /// Tells each of `done` when all changes given before are on the disk.
    pub(crate) fn barrier(&self, done: Vec<Kept>) {
        if !done.is_empty() {
            self.commit(Delta::new(), done);
        }
    }

    /// Comes back when all states given before are on the disk, or could not be written.
    pub(crate) async fn all_kept(&self) {
        let (done, kept) = oneshot::channel();
        self.barrier(vec![done]);
        // Whether they are is in the log.
        drop(kept.await);
    }

    /// Replaces a file atomically.
    pub(crate) async fn replace(&self, path: Utf8PathBuf, bytes: Vec<u8>) -> io::Result<()> {
        self.file(path, Some(bytes)).await
    }

    /// Takes a file away; that there is none is no error.
    pub(crate) async fn remove(&self, path: Utf8PathBuf) -> io::Result<()> {
        self.file(path, None).await
    }

    /// Writes a pid file, or removes it.
    pub(crate) fn pid_file(&self, path: Utf8PathBuf, pid: Option<u32>) {
        self.order(|waiting| {
            waiting.pids.insert(path, pid);
        });
    }

    /// What has been written of the table, and what failed.
    pub(crate) fn figures(&self) -> Figures {
        self.0.0.figures()
    }

    async fn file(&self, path: Utf8PathBuf, bytes: Option<Vec<u8>>) -> io::Result<()> {
        let (done, answer) = oneshot::channel();
        self.order(|waiting| waiting.files.push_back(Replace { path, bytes, done }));
        answer.await.unwrap_or_else(|_| Err(io::Error::other("the writing thread is gone")))
    }

    fn order(&self, add: impl FnOnce(&mut Waiting)) {
        if !self.0.0.add(add) {
            tracing::error!("the thread that writes files is gone");
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close(false);
    }
}

/// Replaces a private file: after a crash there is the old one or the new one, never half of one.
pub(crate) fn replace(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    files::replace(path.as_std_path(), bytes, 0o600, Durability::Synced)
}

/// Takes a file away for good; that there is none is no error.
pub(crate) fn remove(path: &Utf8Path) -> io::Result<()> {
    files::remove(path.as_std_path())?;
    files::sync_folder_of(path.as_std_path())
}

fn pid_file(path: &Utf8Path, pid: Option<u32>) {
    let result = match pid {
        Some(pid) => write_pid(path, pid),
        None => files::remove(path.as_std_path()),
    };
    if let Err(error) = result {
        tracing::warn!(%path, %error, "could not write a pid file");
    }
}

/// The place is the user's to choose, so it may be one where others have prepared something.
fn write_pid(path: &Utf8Path, pid: u32) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC;
    let file = files::open(path.as_std_path(), flags, Mode::from_raw_mode(0o644))?;
    File::from(file).write_all(pid.to_string().as_bytes())
}
