//! Files that are put aside: by size, by time, while many write, and what becomes of them.

use crate::rig::{PATIENCE, Rig, lines};
use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::spec::{Bound, Compression, RotateOptions};
use rpm_daemon::logs::{Format, LogEvent, Sink};
use std::fs::File;
use std::io::{PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::process::Command;
use std::time::{Duration, Instant};

/// All files are kept, and put aside at this size alone.
pub(crate) fn at_size(bytes: u64) -> RotateOptions {
    RotateOptions {
        max_size: Some(Bound::Of(bytes)),
        retain: Some(Bound::Unlimited),
        interval: Some(String::new()),
        ..RotateOptions::default()
    }
}

/// The files of a log that were put aside, oldest first: by the time in their names, then by number.
pub(crate) fn aside(log: &Utf8Path) -> Vec<Utf8PathBuf> {
    let prefix = format!("{}__", log.file_stem().unwrap());
    let place = |path: &Utf8PathBuf| {
        let rest = path.file_name().unwrap().strip_prefix(&prefix)?;
        let stamp = rest.split('.').next().unwrap().to_owned();
        let number = rest[stamp.len() + 1..].split('.').next().unwrap();
        Some((stamp, number.parse::<u32>().unwrap_or(0)))
    };
    let entries = log.parent().unwrap().read_dir_utf8().unwrap();
    let mut found: Vec<_> = entries
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| place(path).is_some())
        .collect();
    found.sort_by_key(place);
    found
}

/// What is in a file, compressed or not.
fn content(path: &Utf8Path) -> Vec<u8> {
    let file = File::open(path).unwrap();
    let mut bytes = Vec::new();
    match path.extension() {
        Some("gz") => flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes),
        Some("zst") => zstd::stream::read::Decoder::new(file).unwrap().read_to_end(&mut bytes),
        _ => File::open(path).unwrap().read_to_end(&mut bytes),
    }
    .unwrap();
    bytes
}

/// All that was ever written to a log.
pub(crate) fn whole(log: &Utf8Path) -> Vec<u8> {
    let mut bytes: Vec<u8> = aside(log).iter().flat_map(|path| content(path)).collect();
    bytes.extend(std::fs::read(log).unwrap());
    bytes
}

/// Waits until there is nothing to do for a while, as far as files tell.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn all_compressed(log: &Utf8Path) -> bool {
    aside(log).iter().all(|path| matches!(path.extension(), Some("gz" | "zst")))
}

#[tokio::test]
async fn a_file_is_put_aside_at_its_size_between_two_lines() {
    let mut rig = Rig::new();
    rig.logs.rotate(at_size(64 << 10));
    let mut app = rig.open(1, "out.log");
    let wanted = lines("line", 20_000);
    for piece in wanted.chunks(9973) {
        app.write_all(piece).unwrap();
    }
    drop(app);
    rig.ended(1).await;
    let log = rig.path("out.log");
    assert!(whole(&log) == wanted);
    let aside = aside(&log);
    assert!(aside.len() > 20, "{} files", aside.len());
    for path in &aside {
        let text = std::fs::read(path).unwrap();
        assert!(text.ends_with(b"\n"), "{path} ends amid a line");
        assert!((64 << 10..65 << 10).contains(&text.len()), "{path} has {} bytes", text.len());
    }
}

#[tokio::test]
async fn two_hundred_writers_lose_nothing() {
    let mut rig = Rig::new();
    rig.logs.rotate(at_size(12 << 10));
    let text = |run: u64, round| lines(&format!("{run}.{round}"), 10);
    // Each second one has a file of its own; the others share ten.
    let file = |run: u64| {
        if run.is_multiple_of(2) { format!("{run}.log") } else { format!("s{}.log", run % 20) }
    };
    let format = |run: u64| match run % 20 {
        5 => Format::Dated("YYYY HH:mm:ss".to_owned()),
        _ => Format::Raw,
    };
    let open = |run| {
        let (sink, write) = rig.sink(run, &file(run));
        let rotate = RotateOptions { compress: Some(run % 2 == 1), ..sink.rotate };
        rig.logs.open(Sink { rotate, format: format(run), ..sink });
        write
    };
    let mut apps: Vec<PipeWriter> = (0..200).map(open).collect();
    for round in 0..20 {
        for (run, app) in (0..).zip(&mut apps) {
            app.write_all(&text(run, round)).unwrap();
        }
    }
    drop(apps);
    for _ in 0..200 {
        assert!(matches!(rig.event().await, LogEvent::Ended(_)));
    }
    for run in 0..200 {
        let log = rig.path(&file(run));
        until("all is compressed", || run.is_multiple_of(2) || all_compressed(&log));
        let label = format!("{run}.");
        let found: Vec<u8> = whole(&log)
            .split_inclusive(|byte| *byte == b'\n')
            .map(|line| if run % 20 == 5 { &line["2026 00:00:00: ".len()..] } else { line })
            .filter(|line| line.starts_with(label.as_bytes()))
            .flatten()
            .copied()
            .collect();
        let wanted: Vec<u8> = (0..20).flat_map(|round| text(run, round)).collect();
        assert!(found == wanted, "run {run}: {} of {} bytes", found.len(), wanted.len());
    }
    assert!(rig.logs.figures().rotated > 100);
}

#[tokio::test]
async fn a_file_is_put_aside_by_time_when_there_is_something_in_it() {
    let rig = Rig::new();
    let each_second =
        RotateOptions { interval: Some("* * * * * *".to_owned()), ..at_size(1 << 30) };
    rig.logs.rotate(each_second);
    let mut app = rig.open(1, "out.log");
    let mut silent = rig.open(2, "silent.log");
    let log = rig.path("out.log");
    for round in 0..2 {
        writeln!(app, "round {round}").unwrap();
        until("the time comes", || aside(&log).len() > round);
    }
    assert_eq!(whole(&log), b"round 0\nround 1\n");
    assert_eq!(aside(&rig.path("silent.log")), [""; 0], "there is nothing in it");
    // A line is not cut by the time; the file waits for its end.
    write!(app, "begun").unwrap();
    rig.logs.sync().await;
    // When the other one has been put aside twice, a time has come for all.
    for round in 0..2 {
        writeln!(silent, "round {round}").unwrap();
        until("the time comes", || aside(&rig.path("silent.log")).len() > round);
    }
    assert_eq!(rig.text("out.log"), "begun");
    app.write_all(b" and ended\n").unwrap();
    until("the line ends", || aside(&log).len() == 3);
    assert_eq!(content(&aside(&log)[2]), b"begun and ended\n");
}

#[tokio::test]
async fn other_rules_hold_at_once() {
    let rig = Rig::new();
    rig.logs.rotate(RotateOptions { enabled: Some(false), ..at_size(10) });
    let (sink, mut app) = rig.sink(1, "out.log");
    let (own, mut other) = rig.sink(2, "own.log");
    rig.logs.open(sink);
    let asked =
        RotateOptions { enabled: Some(true), max_size: Some(Bound::Of(1000)), ..at_size(0) };
    rig.logs.open(Sink { rotate: asked, ..own });
    app.write_all(b"many bytes\n").unwrap();
    other.write_all(b"many bytes\n").unwrap();
    rig.logs.sync().await;
    let (log, own) = (rig.path("out.log"), rig.path("own.log"));
    assert!(aside(&log).is_empty() && aside(&own).is_empty());
    rig.logs.rotate(at_size(10));
    until("it is put aside", || aside(&log).len() == 1);
    rig.logs.sync().await;
    assert!(aside(&own).is_empty(), "its app asked for more");
    let few = RotateOptions { retain: Some(Bound::Of(1)), ..at_size(10) };
    for round in 0..3 {
        writeln!(app, "round {round}, again").unwrap();
        rig.logs.sync().await;
    }
    assert_eq!(aside(&log).len(), 4);
    rig.logs.rotate(few);
    until("the old ones are gone", || aside(&log).len() == 1);
    assert_eq!(content(&aside(&log)[0]), b"round 2, again\n");
}

#[tokio::test]
async fn a_module_is_left_alone_where_that_is_asked_for() {
    let rig = Rig::new();
    rig.logs.rotate(RotateOptions { modules: Some(false), ..at_size(10) });
    let (sink, mut app) = rig.sink(1, "module.log");
    rig.logs.open(Sink { is_module: true, ..sink });
    app.write_all(b"many bytes\n").unwrap();
    rig.logs.sync().await;
    assert!(aside(&rig.path("module.log")).is_empty());
}

#[tokio::test]
async fn what_is_no_file_is_left_alone_and_a_link_stays_one() {
    let rig = Rig::new();
    rig.logs.rotate(at_size(10));
    let (pipe_out, pipe_in) = std::io::pipe().unwrap();
    let device = format!("/proc/self/fd/{}", pipe_in.as_raw_fd());
    std::os::unix::fs::symlink(&device, rig.path("stdout.log")).unwrap();
    std::fs::create_dir(rig.path("disk")).unwrap();
    std::os::unix::fs::symlink(rig.path("disk/real.log"), rig.path("link.log")).unwrap();
    std::fs::write(rig.path("disk/real.log"), "").unwrap();
    let mut to_pipe = rig.open(1, "stdout.log");
    let mut to_link = rig.open(2, "link.log");
    for app in [&mut to_pipe, &mut to_link] {
        app.write_all(b"first line\nsecond line\n").unwrap();
    }
    rig.logs.sync().await;
    drop(to_pipe);
    rig.logs.sync().await;
    let mut reader = pipe_out;
    let mut read = [0; 23];
    reader.read_exact(&mut read).unwrap();
    assert_eq!(&read, b"first line\nsecond line\n");
    assert!(aside(&rig.path("stdout.log")).is_empty() && aside(&rig.path("link.log")).is_empty());
    assert_eq!(whole(&rig.path("disk/real.log")), b"first line\nsecond line\n");
    assert_eq!(aside(&rig.path("disk/real.log")).len(), 2);
    assert!(rig.path("link.log").is_symlink());
}

#[tokio::test]
async fn flushing_leaves_what_was_put_aside_and_others_may_move_files_too() {
    let rig = Rig::new();
    rig.logs.rotate(at_size(10));
    let log = rig.path("out.log");
    let mut app = rig.open(1, "out.log");
    app.write_all(b"put aside\n12345\n").unwrap();
    rig.logs.sync().await;
    rig.logs.flush(vec![log.clone()]).await;
    assert_eq!(whole(&log), b"put aside\n");
    // As logrotate does it, before it tells of it: what is written belongs to the moved file.
    std::fs::rename(&log, rig.path("out.log.1")).unwrap();
    app.write_all(b"moved by others\n").unwrap();
    rig.logs.sync().await;
    assert_eq!(rig.text("out.log.1"), "moved by others\n");
    app.write_all(b"new\n").unwrap();
    rig.logs.sync().await;
    assert_eq!(rig.text("out.log"), "new\n", "it was not put aside in the name of another");
    assert_eq!(aside(&log).len(), 1);
    // As `copytruncate` does it.
    File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
    app.write_all(b"short\n").unwrap();
    rig.logs.sync().await;
    assert_eq!(rig.text("out.log"), "short\n");
}

#[tokio::test]
async fn a_line_without_an_end_is_cut_at_last() {
    let mut rig = Rig::new();
    rig.logs.rotate(at_size(10));
    let mut app = rig.open(1, "out.log");
    let endless = vec![b'x'; 3 << 20];
    app.write_all(&endless).unwrap();
    drop(app);
    rig.ended(1).await;
    let log = rig.path("out.log");
    assert!(whole(&log) == endless);
    assert!(aside(&log).len() >= 2);
}

#[tokio::test]
async fn zstd_is_the_other_way() {
    let mut rig = Rig::new();
    rig.logs.rotate(RotateOptions { compression: Some(Compression::Zstd), ..at_size(64 << 10) });
    let mut app = rig.open(1, "out.log");
    let wanted = lines("line", 5000);
    app.write_all(&wanted).unwrap();
    drop(app);
    rig.ended(1).await;
    let log = rig.path("out.log");
    until("all is compressed", || all_compressed(&log));
    assert!(whole(&log) == wanted);
    assert!(aside(&log).iter().all(|path| path.extension() == Some("zst")));
}

#[tokio::test]
async fn a_file_that_cannot_be_put_aside_grows_on_and_that_is_said_once() {
    let mut rig = Rig::new();
    let disk = rig.path("disk");
    std::fs::create_dir(&disk).unwrap();
    // Its one file is all that it can have.
    let args = ["-t", "tmpfs", "-o", "size=1m,nr_inodes=2", "none", disk.as_str()];
    if !Command::new("mount").args(args).status().is_ok_and(|end| end.success()) {
        eprintln!("skipped: making a disk is for root");
        return;
    }
    rig.logs.rotate(at_size(10));
    let (sink, mut app) = rig.sink(1, "unused");
    let log = disk.join("out.log");
    rig.logs.open(Sink { file: Some(log.clone()), ..sink });
    for round in 0..5 {
        writeln!(app, "round {round} of all").unwrap();
        rig.logs.sync().await;
    }
    let LogEvent::NotRotated { path, error } = rig.event().await else {
        panic!("not that it could not be put aside");
    };
    let told = (path == log, error.contains("No space left"));
    let text = std::fs::read_to_string(&log);
    drop(app);
    let next = rig.event().await;
    assert!(Command::new("umount").args(["-l", disk.as_str()]).status().unwrap().success());
    assert_eq!(told, (true, true), "{path}: {error}");
    assert_eq!(text.unwrap().lines().count(), 5);
    assert!(matches!(next, LogEvent::Ended(_)), "{next:?}");
}
