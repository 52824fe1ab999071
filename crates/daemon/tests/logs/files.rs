//! Bytes in files: as they came, where the user wants them, and after files were moved or emptied.

use crate::rig::{Rig, lines};
use rpm_core::Generation;
use rpm_daemon::logs::Sink;
use rpm_proto::Stream;
use std::io::Write;

#[tokio::test]
async fn bytes_arrive_as_they_were_written() {
    let mut rig = Rig::new();
    let mut app = rig.open(1, "out.log");
    let mut wanted = b"plain\n\n\xff\xfe\x00 not text\r\n".to_vec();
    wanted.extend(lines("line", 20_000));
    wanted.extend(b"no newline at the end");
    for piece in wanted.chunks(1733) {
        app.write_all(piece).unwrap();
    }
    drop(app);
    rig.ended(1).await;
    assert!(rig.read("out.log") == wanted);
}

#[tokio::test]
async fn a_file_and_its_folder_are_there_before_anything_is_written() {
    use std::os::unix::fs::MetadataExt;
    let rig = Rig::new();
    let app = rig.open(1, "deep/er/out.log");
    rig.logs.sync().await;
    assert_eq!(rig.read("deep/er/out.log"), b"");
    let mode = std::fs::metadata(rig.path("deep/er/out.log")).unwrap().mode();
    assert_eq!(mode & 0o137, 0, "not executable, not for others: {mode:o}");
    drop(app);
}

#[tokio::test]
async fn a_line_is_in_the_file_after_a_sync_also_when_it_has_no_end() {
    let rig = Rig::new();
    let mut app = rig.open(1, "out.log");
    for round in 0..200 {
        write!(app, "{round},").unwrap();
        rig.logs.sync().await;
        assert!(rig.text("out.log").ends_with(&format!("{round},")));
    }
    let big = lines("big", 600);
    app.write_all(&big[..60_000]).unwrap();
    rig.logs.sync().await;
    assert!(rig.read("out.log").ends_with(&big[..60_000]));
}

#[tokio::test]
async fn a_sync_empties_large_pipes() {
    let rig = Rig::new();
    let text = lines("line", 10_000);
    let mut sinks = Vec::new();
    for run in 0..16 {
        let (sink, mut app) = rig.sink(run, &format!("{run}.log"));
        // Whoever may not have so large a pipe tests less.
        let size = rustix::pipe::fcntl_setpipe_size(&sink.pipe, 1 << 20).unwrap_or(1 << 16);
        let held = size * 3 / 4;
        app.write_all(&text[..held]).unwrap();
        sinks.push((sink, app, held));
    }
    let keep = |(sink, app, held)| {
        rig.logs.open(sink);
        (app, held)
    };
    let runs: Vec<_> = sinks.into_iter().map(keep).collect();
    rig.logs.sync().await;
    for (run, (_app, held)) in runs.into_iter().enumerate() {
        assert!(rig.read(&format!("{run}.log")) == text[..held], "run {run}");
    }
}

#[tokio::test]
async fn both_streams_have_their_file_and_the_combined_one() {
    let mut rig = Rig::new();
    let (out, mut out_app) = rig.sink(1, "out.log");
    let (err, mut err_app) = rig.sink(1, "err.log");
    let combined = Some(rig.path("all.log"));
    rig.logs.open(Sink { combined: combined.clone(), ..out });
    rig.logs.open(Sink { combined, stream: Stream::Err, ..err });
    out_app.write_all(b"one\n").unwrap();
    rig.logs.sync().await;
    err_app.write_all(b"two\n").unwrap();
    rig.logs.sync().await;
    out_app.write_all(b"three").unwrap();
    drop((out_app, err_app));
    rig.ended(1).await;
    assert_eq!(rig.text("out.log"), "one\nthree");
    assert_eq!(rig.text("err.log"), "two\n");
    assert_eq!(rig.text("all.log").trim_end(), "one\ntwo\nthree");
}

#[tokio::test]
async fn one_path_for_all_is_written_once() {
    let mut rig = Rig::new();
    let (sink, mut app) = rig.sink(1, "out.log");
    rig.logs.open(Sink { combined: sink.file.clone(), ..sink });
    app.write_all(b"once\n").unwrap();
    drop(app);
    rig.ended(1).await;
    assert_eq!(rig.text("out.log"), "once\n");
}

#[tokio::test]
async fn output_without_a_file_is_read_all_the_same() {
    let mut rig = Rig::new();
    let (sink, mut app) = rig.sink(1, "none");
    rig.logs.open(Sink { file: Some("/dev/null".into()), ..sink });
    app.write_all(&lines("to nowhere", 5000)).unwrap();
    drop(app);
    rig.ended(1).await;
    assert!(!rig.path("none").exists());
}

#[tokio::test]
async fn renaming_and_reopening_loses_nothing() {
    let mut rig = Rig::new();
    let mut app = rig.open(1, "out.log");
    let wanted = lines("line", 40_000);
    let text = wanted.clone();
    let writing = std::thread::spawn(move || {
        app.write_all(&text).unwrap();
        app
    });
    rig.logs.sync().await;
    for turn in 0..20 {
        std::fs::rename(rig.path("out.log"), rig.path(&format!("out.{turn:02}"))).unwrap();
        rig.logs.reopen().await;
    }
    drop(writing.join().unwrap());
    rig.ended(1).await;
    let mut found = Vec::new();
    for turn in 0..20 {
        found.extend(rig.read(&format!("out.{turn:02}")));
    }
    found.extend(rig.read("out.log"));
    assert!(found == wanted, "{} of {} bytes", found.len(), wanted.len());
}

#[tokio::test]
async fn flushing_empties_known_and_unknown_files() {
    let rig = Rig::new();
    let mut app = rig.open(1, "out.log");
    app.write_all(b"before\n").unwrap();
    std::fs::write(rig.path("other.log"), "old").unwrap();
    let files = ["other.log", "out.log", "missing.log"].map(|name| rig.path(name));
    let emptied = rig.logs.flush(files.to_vec()).await;
    assert_eq!(emptied, files[..2]);
    assert_eq!((rig.text("out.log"), rig.text("other.log")), (String::new(), String::new()));
    assert!(!files[2].exists());
    app.write_all(b"after\n").unwrap();
    rig.logs.sync().await;
    assert_eq!(rig.text("out.log"), "after\n", "no hole where the old bytes were");
}

#[tokio::test]
async fn two_hundred_runs_write_at_once() {
    let mut rig = Rig::new();
    let mut apps: Vec<_> = (0..200).map(|run| rig.open(run, &format!("{run}.log"))).collect();
    for round in 0..20 {
        for (run, app) in apps.iter_mut().enumerate() {
            app.write_all(&lines(&format!("{run}.{round}"), 10)).unwrap();
        }
    }
    drop(apps);
    let mut left: std::collections::BTreeSet<u64> = (0..200).collect();
    while !left.is_empty() {
        let rpm_daemon::logs::LogEvent::Ended(Generation(run)) = rig.event().await else {
            panic!("a file failed");
        };
        assert!(left.remove(&run));
    }
    for run in 0..200 {
        let wanted: Vec<u8> =
            (0..20).flat_map(|round| lines(&format!("{run}.{round}"), 10)).collect();
        assert!(rig.read(&format!("{run}.log")) == wanted, "run {run}");
    }
}
