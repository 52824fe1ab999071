//! A supervisor that is killed again and again while files are put aside and compressed.

use crate::rotated::{all_compressed, aside, at_size, until, whole};
use crate::torture::{COMBINED, Chance, Crowd, Held, WAYS, Way, bare, hear, line, number, start};
use camino::Utf8Path;
use rpm_core::spec::{Compression, RotateOptions};
use rpm_daemon::logs::new_spool;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[test]
fn no_line_is_lost_doubled_or_torn_though_files_are_put_aside_all_the_time() {
    let kills = number("RPM_TEST_KILLS", 40);
    let mut chance = Chance(number("RPM_TEST_SEED", 0x5eed));
    let scratch = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(scratch.path()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let Crowd { held, writers, open } = Crowd::begin(&stop);
    let rules = |way| RotateOptions { compression: Some(way), ..at_size(24 << 10) };
    let ways = [rules(Compression::Gzip), rules(Compression::Zstd)];
    for _ in 0..kills {
        let mut child = start(folder, &held, &ways[usize::from(chance.below(2) == 0)]);
        if chance.below(4) > 0 {
            hear(&mut child, "up");
        }
        // It dies at any moment.
        std::thread::sleep(Duration::from_micros(chance.below(40_000)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let counts: Vec<u64> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
    let mut last = start(folder, &held, &ways[0]);
    hear(&mut last, "up");
    drop(open);
    hear(&mut last, "done");
    assert!(last.wait().unwrap().success());
    // It may have ended before all was compressed; the next one that opens the files goes on.
    let (mut held, mut open) = (Vec::new(), Vec::new());
    for way in &WAYS {
        let (pipe, theirs) = std::io::pipe().unwrap();
        open.push(theirs);
        held.push(Held { way, pipe, spool: new_spool().unwrap() });
    }
    let mut tidier = start(folder, &held, &ways[0]);
    for (way, count) in WAYS.iter().zip(counts) {
        let files = [Some(way.file), way.combined.then_some(COMBINED)];
        for file in files.into_iter().flatten() {
            check(folder, file, way, count);
        }
    }
    tidier.kill().unwrap();
    tidier.wait().unwrap();
    let left = folder.read_dir_utf8().unwrap();
    let drafts = left.filter(|entry| entry.as_ref().unwrap().path().extension() == Some("tmp"));
    assert_eq!(drafts.count(), 0, "drafts of dead ones are left");
}

/// The lines of one stream are in the files of a log, each once and in order.
fn check(folder: &Utf8Path, file: &str, way: &Way, count: u64) {
    let log = folder.join(file);
    until("all is compressed", || all_compressed(&log));
    assert!(aside(&log).len() > 3, "{file} was hardly ever put aside");
    let label = format!("{} ", way.label);
    let mut next = 0;
    for bytes in whole(&log).split_inclusive(|byte| *byte == b'\n') {
        let text = bare(bytes, way.format);
        if !text.starts_with(label.as_bytes()) {
            continue;
        }
        let wanted = line(way.label, next);
        assert!(
            text == wanted,
            "{file}: after {next} lines of {}: {:?} instead of {:?}",
            way.label,
            String::from_utf8_lossy(&text),
            String::from_utf8_lossy(&wanted),
        );
        next += 1;
    }
    assert_eq!(next, count, "{file}: lines of {}", way.label);
}
