//! Files that take no bytes: no app waits, and nothing is lost in silence.

use crate::rig::{PATIENCE, Rig, lines};
use camino::{Utf8Path, Utf8PathBuf};
use rpm_daemon::logs::{LogEvent, Sink};
use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

/// A small file system, gone when dropped. Making one is for root.
struct SmallDisk(Utf8PathBuf);

impl SmallDisk {
    fn mount(at: &Utf8Path) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        let args = ["-t", "tmpfs", "-o", "size=256k", "none", at.as_str()];
        let mounted = Command::new("mount").args(args).status().is_ok_and(|end| end.success());
        mounted.then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let ended = Command::new("umount").args(["-l", self.0.as_str()]).status();
        assert!(ended.is_ok_and(|end| end.success()) || std::thread::panicking());
    }
}

/// What the marker lines of a log add up to, and the log without them.
fn declared(text: &str) -> (usize, String) {
    let mut bytes = 0;
    let mut rest = String::new();
    for line in text.split_inclusive('\n') {
        let count = line.strip_prefix("[rpm] ").and_then(|words| words.split_once(' '));
        match count {
            Some((count, why)) if why.starts_with("bytes of output dropped (") => {
                bytes += count.parse::<usize>().unwrap();
            }
            _ => rest.push_str(line),
        }
    }
    (bytes, rest)
}

/// Waits until the log tells what it dropped.
async fn confession(path: &Utf8Path) -> String {
    let begun = Instant::now();
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.contains("bytes of output dropped") {
            return text;
        }
        assert!(begun.elapsed() < PATIENCE, "it says nothing: {text:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_full_disk_is_told_once_and_what_is_missing_to_the_byte() {
    let mut rig = Rig::new();
    let Some(disk) = SmallDisk::mount(&rig.path("disk")) else {
        eprintln!("skipped: mounting a file system is for root");
        return;
    };
    let path = disk.0.join("out.log");
    let ballast = disk.0.join("ballast");
    std::fs::write(&ballast, vec![0; 128 << 10]).unwrap();
    let (sink, mut app) = rig.sink(1, "unused");
    rig.logs.open(Sink { file: Some(path.clone()), ..sink });

    let mut first = lines("first", 4000);
    first.extend(b"begun while it was full");
    app.write_all(&first).unwrap();
    rig.logs.sync().await;
    let event = rig.event().await;
    assert_eq!(event, LogEvent::Trouble { path: path.clone(), error: "disk full".to_owned() });
    assert!(rig.events.try_recv().is_err(), "it is told once");

    std::fs::remove_file(ballast).unwrap();
    let text = confession(&path).await;
    assert!(text.ends_with("bytes of output dropped (disk full)\n"));
    let mut second = b", ended later\n".to_vec();
    second.extend(lines("second", 100));
    app.write_all(&second).unwrap();
    drop(app);
    rig.ended(1).await;

    let (missing, mut kept) = declared(&std::fs::read_to_string(&path).unwrap());
    let after = kept.split_off(kept.find(", ended later").unwrap());
    assert!(after.as_bytes() == second, "what comes after is whole");
    // Where a line was cut, a newline was added; else the last one is the app's.
    assert_eq!(kept.pop(), Some('\n'));
    assert!(first.starts_with(kept.as_bytes()));
    let unexplained = first.len() - kept.len() - missing;
    let last_is_whole = first[kept.len()] == b'\n';
    assert!(unexplained == 0 || unexplained == 1 && last_is_whole, "{missing} declared");
}

#[tokio::test]
async fn an_app_does_not_wait_for_a_full_disk() {
    let mut rig = Rig::new();
    let (sink, mut app) = rig.sink(1, "unused");
    rig.logs.open(Sink { file: Some("/dev/full".into()), ..sink });
    let text = lines("gone", 100_000);
    app.write_all(&text).unwrap();
    drop(app);
    let error = "disk full".to_owned();
    assert_eq!(rig.event().await, LogEvent::Trouble { path: "/dev/full".into(), error });
    rig.ended(1).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_tried_again() {
    let mut rig = Rig::new();
    std::fs::write(rig.path("logs"), "a file where a folder should be").unwrap();
    let mut app = rig.open(1, "logs/out.log");
    app.write_all(b"0123456789\n").unwrap();
    rig.logs.sync().await;
    let LogEvent::Trouble { path, .. } = rig.event().await else { panic!("no trouble") };
    assert_eq!(path, rig.path("logs/out.log"));
    drop(app);
    rig.ended(1).await;
    std::fs::remove_file(rig.path("logs")).unwrap();
    let text = confession(&rig.path("logs/out.log")).await;
    assert!(text.starts_with("[rpm] 11 bytes of output dropped ("), "{text}");
}

#[tokio::test]
async fn a_named_pipe_without_a_reader_holds_up_nobody() {
    let mut rig = Rig::new();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let fifo = rig.path("fifo");
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, fifo.as_str(), kind, mode, 0).unwrap();
    let mut app = rig.open(1, "fifo");
    let mut other = rig.open(2, "out.log");
    app.write_all(b"unheard\n").unwrap();
    other.write_all(b"heard\n").unwrap();
    rig.logs.sync().await;
    assert_eq!(rig.text("out.log"), "heard\n");
    let LogEvent::Trouble { path, .. } = rig.event().await else { panic!("no trouble") };
    assert_eq!(path, fifo);
}
