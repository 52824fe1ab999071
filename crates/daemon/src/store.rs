//! Files that must outlive a crash, written by a thread of their own: a slow disk delays nothing
//! but the answers that promise durability.

use camino::{Utf8Path, Utf8PathBuf};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::mpsc;
use tokio::sync::oneshot;

/// Handle to the writing thread.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    orders: mpsc::Sender<Order>,
}

/// Told when a state is on the disk, or why it is not.
pub(crate) type Kept = oneshot::Sender<Result<(), String>>;

enum Order {
    State { bytes: Vec<u8>, done: Vec<Kept> },
    Barrier { done: Vec<Kept> },
    Replace { path: Utf8PathBuf, bytes: Vec<u8>, done: oneshot::Sender<io::Result<()>> },
    Pid { path: Utf8PathBuf, pid: Option<u32> },
}

impl Store {
    /// Starts the thread; the table is kept at `state`.
    pub(crate) fn start(state: Utf8PathBuf) -> io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        std::thread::Builder::new()
            .name("store".to_owned())
            .stack_size(256 * 1024)
            .spawn(move || write_all(&state, &inbox))?;
        Ok(Self { orders })
    }

    /// Keeps the table. Each of `done` is told when it is on the disk. States that come while one
    /// is being written replace each other; so the queue is short whatever the disk does.
    pub(crate) fn state(&self, bytes: Vec<u8>, done: Vec<Kept>) {
        self.order(Order::State { bytes, done });
    }

    /// Tells each of `done` when all states given before are on the disk.
    pub(crate) fn barrier(&self, done: Vec<Kept>) {
        if !done.is_empty() {
            self.order(Order::Barrier { done });
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
        let (done, answer) = oneshot::channel();
        self.order(Order::Replace { path, bytes, done });
        answer.await.unwrap_or_else(|_| Err(io::Error::other("the writing thread is gone")))
    }

    /// Writes a pid file, or removes it.
    pub(crate) fn pid_file(&self, path: Utf8PathBuf, pid: Option<u32>) {
        self.order(Order::Pid { path, pid });
    }

    fn order(&self, order: Order) {
        if self.orders.send(order).is_err() {
            tracing::error!("the thread that writes files is gone");
        }
    }
}

fn write_all(state: &Utf8Path, inbox: &mpsc::Receiver<Order>) {
    let mut last = Ok(());
    let mut next = inbox.recv().ok();
    while let Some(order) = next.take() {
        match order {
            Order::State { mut bytes, mut done } => {
                while let Ok(after) = inbox.try_recv() {
                    match after {
                        Order::State { bytes: newer, done: more } => {
                            bytes = newer;
                            done.extend(more);
                        }
                        other => {
                            next = Some(other);
                            break;
                        }
                    }
                }
                last = keep_state(state, &bytes, done);
            }
            Order::Barrier { done } => tell(done, &last),
            Order::Replace { path, bytes, done } => {
                // The asker may have hung up; the file is written all the same.
                drop(done.send(replace(&path, &bytes)));
            }
            Order::Pid { path, pid } => pid_file(&path, pid),
        }
        if next.is_none() {
            next = inbox.recv().ok();
        }
    }
}

fn keep_state(path: &Utf8Path, bytes: &[u8], done: Vec<Kept>) -> Result<(), String> {
    let result = replace(path, bytes).map_err(|error| format!("writing {path} failed: {error}"));
    if let Err(error) = &result {
        tracing::error!(%error, "could not keep the table");
    }
    tell(done, &result);
    result
}

fn tell(done: Vec<Kept>, result: &Result<(), String>) {
    for waiter in done {
        // Whoever waited may have hung up.
        drop(waiter.send(result.clone()));
    }
}

/// Writes beside, syncs, renames, syncs the folder: after a crash there is the old file or the new
/// one, never half of one.
pub(crate) fn replace(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Utf8Path::new("."));
    let aside = folder.join(format!(".{}.new", path.file_name().unwrap_or("file")));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    std::fs::rename(&aside, path)?;
    File::open(folder)?.sync_all()
}

fn pid_file(path: &Utf8Path, pid: Option<u32>) {
    let result = match pid {
        Some(pid) => std::fs::write(path, pid.to_string()),
        None => std::fs::remove_file(path),
    };
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%path, %error, "could not write a pid file");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        (dir, path)
    }

    #[test]
    fn a_file_is_replaced_whole_and_private() {
        use std::os::unix::fs::MetadataExt;
        let (_dir, folder) = folder();
        let path = folder.join("dump");
        replace(&path, b"a longer first text").unwrap();
        replace(&path, b"second").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
    }

    #[tokio::test]
    async fn each_promise_is_kept_after_its_bytes_are_there() {
        let (_dir, folder) = folder();
        let path = folder.join("state.json");
        let store = Store::start(path.clone()).unwrap();
        let mut promises = Vec::new();
        for round in 0..50_u32 {
            let (done, promise) = oneshot::channel();
            store.state(round.to_string().into_bytes(), vec![done]);
            promises.push((round, promise));
        }
        for (round, promise) in promises {
            promise.await.unwrap().unwrap();
            let kept: u32 = std::fs::read_to_string(&path).unwrap().parse().unwrap();
            assert!(kept >= round, "promise {round} was kept with state {kept} on the disk");
        }
    }
}
