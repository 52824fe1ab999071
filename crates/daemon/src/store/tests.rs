//! The thread that writes, on a disk that fails and one that hangs.

use super::*;
use rpm_journal::{Boot, Folder, NAME, replay};
use std::sync::mpsc;

fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
    (dir, path)
}

fn change(key: &str, value: &str) -> Delta {
    Delta::from([(key.to_owned(), Some(value.as_bytes().to_vec()))])
}

fn promise() -> (Kept, oneshot::Receiver<Result<(), String>>) {
    oneshot::channel()
}

/// A disk that fails while it is told to, and whose syncs wait for leave.
struct Moody {
    folder: Folder,
    leave: Option<mpsc::Receiver<()>>,
    full: Arc<std::sync::atomic::AtomicBool>,
}

impl Disk for Moody {
    type File = File;

    fn create(&mut self, name: &str) -> io::Result<File> {
        self.folder.create(name)
    }

    fn open(&mut self, name: &str) -> io::Result<Option<(File, Vec<u8>)>> {
        self.folder.open(name)
    }

    fn append(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        if self.full.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.folder.append(file, bytes)
    }

    fn cut(&mut self, file: &mut File, len: u64) -> io::Result<()> {
        self.folder.cut(file, len)
    }

    fn sync(&mut self, file: &mut File) -> io::Result<()> {
        if let Some(leave) = &self.leave {
            leave.recv().unwrap();
        }
        self.folder.sync(file)
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.folder.rename(from, to)
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.folder.remove(name)
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        self.folder.sync_folder()
    }
}

fn moody(path: &Utf8Path) -> Moody {
    let folder = Folder::open(path.as_std_path()).unwrap();
    Moody { folder, leave: None, full: Arc::default() }
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
async fn each_promise_is_kept_after_its_change_is_there() {
    let (_dir, path) = folder();
    let folder = Folder::open(path.as_std_path()).unwrap();
    let store = Store::start(Journal::create(folder, Boot::default())).unwrap();
    let mut promises = Vec::new();
    for round in 0..50_u32 {
        let (done, promise) = promise();
        store.commit(change("round", &round.to_string()), vec![done]);
        promises.push((round, promise));
    }
    for (round, promise) in promises {
        promise.await.unwrap().unwrap();
        let told = replay(&std::fs::read(path.join(NAME)).unwrap()).unwrap();
        let kept: u32 = String::from_utf8_lossy(&told.parts["round"]).parse().unwrap();
        assert!(kept >= round, "promise {round} was kept with {kept} on the disk");
    }
}

#[tokio::test]
async fn while_the_disk_hangs_changes_wait_as_one() {
    let (_dir, path) = folder();
    let (go, leave) = mpsc::channel();
    let disk = Moody { leave: Some(leave), ..moody(&path) };
    let store = Store::start(Journal::create(disk, Boot::default())).unwrap();
    let (done, first) = promise();
    store.commit(change("first", "1"), vec![done]);
    let mut promises = Vec::new();
    for round in 0..1000_u32 {
        let (done, promise) = promise();
        store.commit(change("round", &round.to_string()), vec![done]);
        promises.push(promise);
    }
    // The sync of the first, and one for all that came meanwhile. Some of these may have come
    // before the first was taken.
    go.send(()).unwrap();
    go.send(()).unwrap();
    first.await.unwrap().unwrap();
    for promise in promises {
        promise.await.unwrap().unwrap();
    }
    drop(go);
    let figures = store.figures();
    assert!(figures.snapshots + figures.records <= 2, "{figures:?}");
    let told = replay(&std::fs::read(path.join(NAME)).unwrap()).unwrap();
    assert_eq!(told.parts["round"], b"999");
}

#[tokio::test]
async fn a_full_disk_is_told_and_all_is_written_when_it_has_room() {
    let (_dir, path) = folder();
    let disk = moody(&path);
    let full = Arc::clone(&disk.full);
    let store = Store::start(Journal::create(disk, Boot::default())).unwrap();
    let keep = async |key: &str| {
        let (done, kept) = promise();
        store.commit(change(key, "value"), vec![done]);
        kept.await.unwrap()
    };
    keep("a").await.unwrap();
    full.store(true, std::sync::atomic::Ordering::SeqCst);
    let why = keep("b").await.unwrap_err();
    assert!(why.starts_with("writing journal failed: "), "{why}");
    keep("c").await.unwrap_err();
    assert!(store.figures().behind);
    // Nobody waits for this one; the thread tries again by itself.
    store.commit(change("d", "value"), Vec::new());
    full.store(false, std::sync::atomic::Ordering::SeqCst);
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while store.figures().behind {
        assert!(std::time::Instant::now() < patience, "it was not tried again");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let told = replay(&std::fs::read(path.join(NAME)).unwrap()).unwrap();
    assert_eq!(told.parts.keys().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
}
