//! A disk that hangs: apps, other files and followers go on, and what is dropped is told.

use crate::rig::{PATIENCE, Rig};
use camino::{Utf8Path, Utf8PathBuf};
use rpm_daemon::logs::{Followed, Sink};
use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// A small disk that can be made to hang, gone when dropped. Making one is for root.
struct Disk(Utf8PathBuf);

fn run(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|done| done.status.success())
}

impl Disk {
    fn mount(at: &Utf8Path) -> Option<Self> {
        let image = at.with_extension("image");
        std::fs::create_dir(at).unwrap();
        std::fs::File::create(&image).unwrap().set_len(32 << 20).unwrap();
        let made = run("mkfs.ext4", &["-q", image.as_str()])
            && run("mount", &["-o", "loop", image.as_str(), at.as_str()]);
        made.then(|| Self(at.to_owned()))
    }

    fn hang(&self) {
        assert!(run("fsfreeze", &["-f", self.0.as_str()]));
    }

    fn go_on(&self) {
        assert!(run("fsfreeze", &["-u", self.0.as_str()]));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("fsfreeze", &["-u", self.0.as_str()]);
        run("umount", &["-l", self.0.as_str()]);
    }
}

/// Line `number`, of 1000 bytes.
fn line(number: usize) -> Vec<u8> {
    format!("{number:<998}|\n").into_bytes()
}

#[tokio::test]
async fn a_disk_that_hangs_holds_up_nobody() {
    const LINES: usize = 9000;
    let mut rig = Rig::new();
    let Some(disk) = Disk::mount(&rig.path("disk")) else {
        eprintln!("skipped: making a disk is for root");
        return;
    };
    let path = disk.0.join("out.log");
    let (sink, mut app) = rig.sink(1, "unused");
    rig.logs.open(Sink { file: Some(path.clone()), ..sink });
    let mut healthy = rig.open(2, "other.log");
    let mut follower = rig.logs.follow(Arc::new(|_| true), true, true);
    rig.logs.sync().await;
    disk.hang();

    let begun = Instant::now();
    let writing = std::thread::spawn(move || {
        for number in 0..LINES {
            app.write_all(&line(number)).unwrap();
        }
        (app, begun.elapsed())
    });
    healthy.write_all(b"heard\n").unwrap();
    rig.becomes("other.log", "heard\n").await;
    let first = timeout(PATIENCE, follower.next()).await.unwrap().unwrap();
    assert!(matches!(first, Followed::Line(..)));
    let (app, took) = tokio::task::spawn_blocking(|| writing.join().unwrap()).await.unwrap();
    assert!(took < Duration::from_secs(10), "the app waited {took:?}");
    let spooled = rig.logs.figures().spooled;
    assert!((1 << 20..5 << 20).contains(&spooled), "{spooled} bytes are kept");

    disk.go_on();
    drop(app);
    rig.ended(1).await;
    let text = std::fs::read(&path).unwrap();
    let (mut next, mut dropped) = (0, 0);
    for found in text.split_inclusive(|byte| *byte == b'\n') {
        if let Some(words) = found.strip_prefix(b"[rpm] ") {
            let words = std::str::from_utf8(words).unwrap();
            let (count, why) = words.split_once(' ').unwrap();
            assert_eq!(why, "bytes of output dropped (the disk does not keep up)\n");
            let count: usize = count.parse().unwrap();
            assert_eq!(count % 1000, 0, "whole lines are dropped");
            (next, dropped) = (next + count / 1000, dropped + count);
        } else {
            assert!(found == line(next), "instead of line {next}");
            next += 1;
        }
    }
    assert_eq!(next, LINES);
    assert!(dropped > 0, "more came than is kept");
    let figures = rig.logs.figures();
    assert_eq!(figures.dropped.values().sum::<u64>(), dropped as u64);
    assert_eq!(figures.spooled, 0);
    drop(healthy);
    rig.ended(2).await;
}
