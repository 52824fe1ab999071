//! Reports are found again, and the oldest go.

use super::*;
use camino::Utf8PathBuf;

fn crash(app: &str, at: i64) -> Crash {
    Crash { id: id(app, 3, at), at, app: app.to_owned(), proc: 3, ..Crash::default() }
}

fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(dir.path().join("crashes")).unwrap();
    (dir, path)
}

#[test]
fn what_is_kept_is_found() {
    let (_dir, folder) = folder();
    assert!(list(&folder).unwrap().is_empty());
    for at in [7, 5] {
        keep(&folder, &crash("../a b-1", at)).unwrap();
    }
    std::fs::write(folder.join("notes.json"), "{}").unwrap();
    let found = list(&folder).unwrap();
    assert_eq!(found.iter().map(|it| it.at).collect::<Vec<_>>(), [5, 7]);
    assert_eq!(found[0].id, "_a_b-1-3-5");
    assert_eq!(find(&folder, &found[0].id).unwrap(), Some(found[0].clone()));
    for stranger in ["../crashes/_a_b-1-3-5", "", "x-3-5"] {
        assert_eq!(find(&folder, stranger).unwrap(), None, "{stranger}");
    }
    assert_eq!(clear(&folder, &["other".to_owned()]).unwrap(), 0);
    assert_eq!(clear(&folder, &[]).unwrap(), 2);
    assert!(list(&folder).unwrap().is_empty());
}

#[test]
fn the_oldest_go_first() {
    let (_dir, folder) = folder();
    let total = i64::try_from(APP_MAX).unwrap() + 3;
    for at in 1..=total {
        keep(&folder, &crash("loop", at)).unwrap();
    }
    let found = list(&folder).unwrap();
    assert_eq!((found.len(), found[0].at), (APP_MAX, 4));
}

#[test]
fn one_app_does_not_push_out_the_others() {
    let names = |app: &str, range: std::ops::Range<i64>| {
        let name = |at| Name { id: format!("{app}-0-{at}"), app: app.to_owned(), at };
        range.map(name).collect::<Vec<_>>()
    };
    let mut all = names("quiet", 0..2);
    all.extend(names("loop", 10..40));
    let gone = surplus(all, 5, 6);
    assert_eq!(gone.len(), 26);
    assert!(gone.contains(&"quiet-0-0".to_owned()) && !gone.contains(&"quiet-0-1".to_owned()));
}
