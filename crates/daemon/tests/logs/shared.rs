//! Several streams in one file: lines never mix.

use crate::rig::{Rig, lines};
use rpm_daemon::logs::Format;
use std::collections::BTreeMap;
use std::io::{PipeWriter, Write};

/// The lines of each writer, by the word they begin with.
fn by_writer(text: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut found: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let word = line.split(|byte| *byte == b' ').next().unwrap();
        let label = String::from_utf8_lossy(word).into_owned();
        found.entry(label).or_default().extend_from_slice(line);
    }
    found
}

#[tokio::test]
async fn lines_of_fifty_writers_do_not_mix() {
    let mut rig = Rig::new();
    let apps: Vec<_> = (0..50).map(|writer| rig.open(writer, "all.log")).collect();
    rig.logs.sync().await;
    let write = |(writer, mut app): (usize, PipeWriter)| {
        std::thread::spawn(move || {
            let text = lines(&format!("w{writer}"), 400);
            for piece in text.chunks(61 + writer * 7) {
                app.write_all(piece).unwrap();
            }
        })
    };
    let writers: Vec<_> = apps.into_iter().enumerate().map(write).collect();
    for writer in writers {
        writer.join().unwrap();
    }
    for _ in 0..50 {
        rig.event().await;
    }
    let found = by_writer(&rig.read("all.log"));
    assert_eq!(found.len(), 50);
    for writer in 0..50 {
        let label = format!("w{writer}");
        assert!(found[&label] == lines(&label, 400), "{label}");
    }
}

#[tokio::test]
async fn a_line_is_held_until_it_ends() {
    let mut rig = Rig::new();
    let (mut one, mut two) = (rig.open(1, "all.log"), rig.open(2, "all.log"));
    rig.logs.sync().await;
    one.write_all(b"1\nbegun").unwrap();
    rig.becomes("all.log", "1\n").await;
    two.write_all(b"2\nwhole\n").unwrap();
    rig.becomes("all.log", "1\n2\nwhole\n").await;
    one.write_all(b" and ended\nlast").unwrap();
    drop(one);
    rig.ended(1).await;
    assert_eq!(rig.text("all.log"), "1\n2\nwhole\nbegun and ended\nlast\n");
    drop(two);
    rig.ended(2).await;
}

#[tokio::test]
async fn a_line_begun_before_a_second_writer_came_is_cut_not_mixed() {
    let mut rig = Rig::new();
    let mut old = rig.open(1, "out.log");
    old.write_all(b"old begun").unwrap();
    rig.logs.sync().await;
    let mut new = rig.open(2, "out.log");
    new.write_all(b"new\n").unwrap();
    rig.logs.sync().await;
    old.write_all(b", ended\n").unwrap();
    drop(old);
    rig.ended(1).await;
    new.write_all(b"alone").unwrap();
    drop(new);
    rig.ended(2).await;
    assert_eq!(rig.text("out.log"), "old begun\nnew\n, ended\nalone");
}

#[tokio::test]
async fn a_synced_line_goes_on_where_it_was_when_nobody_came_between() {
    let mut rig = Rig::new();
    let format = || Format::Dated("[t]".to_owned());
    let mut one = rig.open_as(1, "all.log", format());
    let mut two = rig.open_as(2, "all.log", format());
    one.write_all(b"begun").unwrap();
    rig.logs.sync().await;
    one.write_all(b", ended\nagain").unwrap();
    rig.logs.sync().await;
    two.write_all(b"between\n").unwrap();
    drop(two);
    rig.ended(2).await;
    drop(one);
    rig.ended(1).await;
    assert_eq!(rig.text("all.log"), "t: begun, ended\nt: again\nt: between\n");
}

#[tokio::test]
async fn a_line_without_end_is_cut_at_a_bound() {
    const SIZE: usize = 64 << 20;
    if !is_alone("shared::a_line_without_end_is_cut_at_a_bound") {
        return;
    }
    let mut rig = Rig::new();
    let (mut endless, other) = (rig.open(1, "all.log"), rig.open(2, "all.log"));
    let before = resident();
    let writing = std::thread::spawn(move || {
        let piece = vec![b'x'; 1 << 16];
        for _ in 0..SIZE / piece.len() {
            endless.write_all(&piece).unwrap();
        }
    });
    writing.join().unwrap();
    rig.ended(1).await;
    let grown = resident().saturating_sub(before);
    assert!(grown < 4 << 20, "{grown} bytes of memory");
    let text = rig.read("all.log");
    let newlines = memchr::memchr_iter(b'\n', &text).count();
    assert_eq!(text.len() - newlines, SIZE);
    assert!((2..=SIZE / (64 << 10) + 1).contains(&newlines), "cut {newlines} times");
    drop(other);
    rig.ended(2).await;
}

/// Whether the test has a process to itself, whose memory it can measure; if not, runs it in one.
fn is_alone(test: &str) -> bool {
    const ALONE: &str = "RPM_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let ran = command.args(["--exact", test]).env(ALONE, "1").output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    false
}

/// Anonymous memory of this process, in bytes, `proc_pid_status(5)`.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}
