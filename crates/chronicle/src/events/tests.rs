//! What is added is read again, within bounds, whatever a crash has left.

use super::*;
use proptest::prelude::*;
use rpm_proto::Level;

fn event(seq: u64) -> Happening {
    Happening {
        seq,
        at: i64::try_from(seq).unwrap() * 1000,
        kind: if seq.is_multiple_of(2) { "online" } else { "crash" }.to_owned(),
        level: if seq.is_multiple_of(2) { Level::Info } else { Level::Error },
        app: Some(format!("app{}", seq % 3)),
        id: Some(u32::try_from(seq % 3).unwrap()),
        text: format!("event {seq}"),
        by: None,
        data: serde_json::Map::new(),
    }
}

fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(dir.path().join("events")).unwrap();
    (dir, path)
}

fn seqs(events: &[Happening]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

#[test]
fn the_last_that_are_wanted_are_found() {
    let (_dir, folder) = folder();
    assert!(latest(&folder, &Wanted::default(), 5).unwrap().is_empty());
    let mut log = Log::new(folder.clone());
    log.append(&(1..=20).map(event).collect::<Vec<_>>()).unwrap();
    let found = |wanted, count| seqs(&latest(&folder, &wanted, count).unwrap());
    assert_eq!(found(Wanted::default(), 3), [18, 19, 20]);
    let crashes = Wanted { kinds: vec!["crash".to_owned()], ..Wanted::default() };
    assert_eq!(found(crashes, 2), [17, 19]);
    let of_app = Wanted { about: vec!["app1".to_owned()], ..Wanted::default() };
    assert_eq!(found(of_app.clone(), 2), [16, 19]);
    let grave = Wanted { level: Some(Level::Warn), since: Some(15_000), ..of_app };
    assert_eq!(found(grave, 9), [19]);
    let by_id = Wanted { about: vec!["0".to_owned()], until: Some(7000), ..Wanted::default() };
    assert_eq!(found(by_id, 9), [3, 6]);
    assert_eq!(seqs(&after(&folder, 18).unwrap()), [19, 20]);
}

#[test]
fn the_oldest_files_go() {
    let (_dir, folder) = folder();
    let mut log = Log::with_file_bytes(folder.clone(), 2000);
    for seq in 1..=500 {
        log.append(&[event(seq)]).unwrap();
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, FILES as usize);
    let kept = seqs(&latest(&folder, &Wanted::default(), 1000).unwrap());
    assert!(kept.len() > 40 && kept.len() < 200, "{}", kept.len());
    assert!(kept.is_sorted() && kept.ends_with(&[499, 500]));
    assert_eq!(seqs(&after(&folder, 0).unwrap()), kept);
    assert_eq!(seqs(&after(&folder, 470).unwrap()), (471..=500).collect::<Vec<_>>());
}

#[test]
fn only_the_owner_reads_them() {
    use std::os::unix::fs::MetadataExt;
    let (_dir, folder) = folder();
    Log::new(folder.clone()).append(&[event(1)]).unwrap();
    assert_eq!(std::fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
    assert_eq!(std::fs::metadata(path(&folder, 0)).unwrap().mode() & 0o777, 0o600);
}

proptest! {
    #[test]
    fn a_torn_line_costs_itself(cut in 1_usize..80) {
        let (_dir, folder) = folder();
        Log::new(folder.clone()).append(&[event(1), event(2)]).unwrap();
        let path = path(&folder, 0);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - cut]).unwrap();
        Log::new(folder.clone()).append(&[event(3)]).unwrap();
        let kept = seqs(&latest(&folder, &Wanted::default(), 9).unwrap());
        // Without its newline alone, the line is whole.
        prop_assert_eq!(kept, if cut == 1 { vec![1, 2, 3] } else { vec![1, 3] });
    }
}
