//! Journals in a folder of the system.

use crate::disk::Disk;
use crate::file::Folder;
use crate::journal::{ASIDE, Journal, NAME};
use crate::parts::Delta;
use crate::record::Boot;
use crate::replay::replay;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

fn change(key: &str, value: Option<&[u8]>) -> Delta {
    Delta::from([(key.to_owned(), value.map(<[u8]>::to_vec))])
}

#[test]
fn a_table_is_found_again_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Folder::open(dir.path()).unwrap();
    let mut journal = Journal::create(open(), Boot([1; 16]));
    journal.commit(change("a", Some(b"1"))).unwrap();
    journal.commit(change("b", Some(b"2"))).unwrap();
    journal.commit(change("a", None)).unwrap();
    let meta = fs::metadata(dir.path().join(NAME)).unwrap();
    assert_eq!(meta.mode() & 0o777, 0o600, "it holds environments");
    drop(journal);
    // Half a record.
    let path = dir.path().join(NAME);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], &whole[40..49]].concat()).unwrap();

    let (file, bytes) = open().open(NAME).unwrap().unwrap();
    let told = replay(&bytes).unwrap();
    assert_eq!((told.boot, told.cut, told.seq), (Boot([1; 16]), 9, 3));
    let mut journal = Journal::resume(open(), file, told);
    assert!(!journal.is_behind());
    assert_eq!(fs::read(&path).unwrap(), whole, "what was not whole is cut away");
    journal.commit(change("c", Some(b"3"))).unwrap();
    assert_eq!(journal.figures().records, 1);
    let keys: Vec<String> = replay(&fs::read(&path).unwrap()).unwrap().parts.into_keys().collect();
    assert_eq!(keys, ["b", "c"]);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_file_that_has_grown_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    let mut journal = Journal::create(folder, Boot::default()).compact_from(10_000);
    for round in 0..100_u32 {
        journal
            .commit(change("part", Some(&[round.to_le_bytes().as_slice(); 100].concat())))
            .unwrap();
        journal.compact().unwrap();
        assert!(journal.figures().file_bytes <= 10_000 + 500);
    }
    assert!(journal.figures().snapshots > 3);
    let told = replay(&fs::read(dir.path().join(NAME)).unwrap()).unwrap();
    assert_eq!(told.parts, *journal.parts());
}

#[test]
fn links_of_others_are_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let victim = dir.path().join("victim");
    fs::write(&victim, "theirs").unwrap();
    symlink(&victim, dir.path().join(NAME)).unwrap();
    symlink(&victim, dir.path().join(ASIDE)).unwrap();
    let mut folder = Folder::open(dir.path()).unwrap();
    assert!(folder.open(NAME).is_err());
    let mut journal = Journal::create(folder, Boot::default());
    journal.commit(change("a", Some(b"1"))).unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "theirs");
    assert!(!fs::symlink_metadata(dir.path().join(NAME)).unwrap().is_symlink());

    let linked = dir.path().join("linked");
    symlink(dir.path(), &linked).unwrap();
    assert!(Folder::open(&linked).is_err(), "nor is one to the folder");
}
