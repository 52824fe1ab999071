//! The journal of the table.

use crate::bytes::Bytes;
use rpm_journal::{Boot, Delta, Disk, Journal, LAYOUT, NAME, Parts, Replayed, replay};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

const MAGIC: &[u8] = b"rpmjrnl\n";

/// A journal as it comes, one whose checksums fit, or one of ours that is cut or damaged: what is
/// read of it is a table that existed.
pub fn journal(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    match bytes.byte() % 3 {
        0 => read(bytes.rest()),
        1 => read(&sealed(&mut bytes)),
        _ => ours(&mut bytes),
    }
}

fn read(file: &[u8]) {
    let Ok(told) = replay(file) else {
        return;
    };
    assert_eq!(told.len + told.cut, file.len() as u64, "bytes are neither read nor cut");
    assert!(told.snapshot_len <= told.len);
    let kept = usize::try_from(told.len).expect("it is no longer than the file");
    let again = replay(&file[..kept]).expect("what was read can be read");
    assert_eq!(again, Replayed { cut: 0, ..told });
}

/// Records with any payload and the right checksums.
fn sealed(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    file.extend_from_slice(&LAYOUT.to_le_bytes());
    file.extend_from_slice(&[7; 16]);
    let crc = crc32c::crc32c(&file);
    file.extend_from_slice(&crc.to_le_bytes());
    let mut seq = 1_u64;
    while !bytes.is_empty() {
        let length = usize::from(bytes.byte());
        let payload = bytes.take(length);
        let length = u32::try_from(payload.len()).expect("it fits a byte").to_le_bytes();
        let told = [&seq.to_le_bytes(), payload].concat();
        let crc = crc32c::crc32c_append(crc32c::crc32c(&length), &told);
        file.extend_from_slice(&length);
        file.extend_from_slice(&crc.to_le_bytes());
        file.extend_from_slice(&told);
        seq += 1;
    }
    file
}

/// Writes one, and reads it cut short and with a byte changed.
fn ours(bytes: &mut Bytes<'_>) {
    let (cut, at, to) = (bytes.byte(), usize::from(bytes.byte()) * 8, bytes.byte());
    let memory = Memory::default();
    let compact_from = 64 * u64::from(bytes.byte() % 8) + 1;
    let mut journal = Journal::create(memory.clone(), Boot([1; 16])).compact_from(compact_from);
    let mut tables = Vec::new();
    while !bytes.is_empty() {
        let mut delta = Delta::new();
        for _ in 0..=bytes.byte() % 3 {
            let key = (bytes.byte() % 8).to_string();
            let length = usize::from(bytes.byte() % 64);
            let value = bytes.flag().then(|| bytes.take(length).to_vec());
            delta.insert(key, value);
        }
        journal.commit(delta).expect("memory takes all");
        if bytes.flag() {
            journal.compact().expect("memory takes all");
        }
        tables.push(journal.parts().clone());
    }
    let Some(file) = memory.files.borrow().get(NAME).map(|file| file.borrow().clone()) else {
        return;
    };
    let told = replay(&file).expect("what was written can be read");
    assert_eq!((Some(&told.parts), told.cut), (tables.last(), 0));
    let existed = |parts: &Parts| parts.is_empty() || tables.contains(parts);
    for end in [file.len() * usize::from(cut) / 256, file.len().saturating_sub(1)] {
        if let Ok(told) = replay(&file[..end]) {
            assert!(existed(&told.parts), "cut at {end}, it tells a table that never was");
        }
    }
    let mut damaged = file;
    let length = damaged.len();
    damaged[at % length] = to;
    if let Ok(told) = replay(&damaged) {
        assert!(existed(&told.parts), "damaged, it tells a table that never was");
    }
}

type File = Rc<RefCell<Vec<u8>>>;

/// A disk that forgets nothing.
#[derive(Clone, Default)]
struct Memory {
    files: Rc<RefCell<BTreeMap<String, File>>>,
}

impl Disk for Memory {
    type File = File;

    fn create(&mut self, name: &str) -> io::Result<File> {
        let file = File::default();
        self.files.borrow_mut().insert(name.to_owned(), file.clone());
        Ok(file)
    }

    fn open(&mut self, name: &str) -> io::Result<Option<(File, Vec<u8>)>> {
        let file = self.files.borrow().get(name).cloned();
        Ok(file.map(|file| (file.clone(), file.borrow().clone())))
    }

    fn append(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }

    fn cut(&mut self, file: &mut File, len: u64) -> io::Result<()> {
        file.borrow_mut().truncate(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(())
    }

    fn sync(&mut self, _file: &mut File) -> io::Result<()> {
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files.borrow_mut();
        let file = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.files.borrow_mut().remove(name);
        Ok(())
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        Ok(())
    }
}
