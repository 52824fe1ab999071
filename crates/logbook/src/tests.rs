//! Whole logs: rotated, compressed, filtered, merged.

use crate::{
    Content, Entry, Filter, Level, Log, Merge, Pattern, Scan, Tail, in_order, last, latest,
};
use proptest::prelude::*;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

/// The lines of these bytes, as anybody would find them.
pub(crate) fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<_> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    lines.pop_if(|last| last.is_empty());
    lines
}

fn log(folder: &Path, name: &str) -> Log {
    Log::plain(folder.join(name))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A log `NAME.log` of these parts, oldest first: plain, gzip and zstd in turn, the last one current.
fn write(folder: &Path, name: &str, parts: &[Vec<u8>]) -> Log {
    for (number, bytes) in parts.iter().enumerate() {
        let stamp = format!("{name}__2026-01-{:02}_00-00-00.log", number + 1);
        let (file, bytes) = match number % 3 {
            _ if number + 1 == parts.len() => (format!("{name}.log"), bytes.clone()),
            0 => (stamp, bytes.clone()),
            1 => (format!("{stamp}.gz"), gzip(bytes)),
            _ => (format!("{stamp}.zst"), zstd::encode_all(&bytes[..], 1).unwrap()),
        };
        std::fs::write(folder.join(file), bytes).unwrap();
    }
    log(folder, &format!("{name}.log"))
}

fn all(log: &Log, filter: &Filter) -> Vec<Vec<u8>> {
    let mut scan = Scan::open(log, Arc::new(filter.clone())).unwrap();
    let mut lines = Vec::new();
    while scan.advance().unwrap() {
        lines.push(scan.line().to_vec());
    }
    lines
}

fn tail(log: &Log, count: usize, filter: &Filter) -> Vec<Vec<u8>> {
    ends(log, &Tail::lines(count), filter)
}

fn ends(log: &Log, tail: &Tail, filter: &Filter) -> Vec<Vec<u8>> {
    let entries = last(log, tail, &Arc::new(filter.clone())).unwrap();
    entries.into_iter().map(|entry| entry.line).collect()
}

fn grep(pattern: &str) -> Filter {
    Filter { pattern: Some(Pattern::new(pattern, false, false).unwrap()), ..Filter::default() }
}

#[test]
fn a_log_is_all_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let parts: Vec<Vec<u8>> =
        (0..5).map(|part| format!("{part} a\n{part} b\n").into_bytes()).collect();
    let log = write(folder.path(), "api", &parts);
    let everything = split(&parts.concat());
    assert_eq!(all(&log, &Filter::default()), everything);
    for count in 0..12 {
        let wanted = &everything[everything.len().saturating_sub(count)..];
        assert_eq!(tail(&log, count, &Filter::default()), wanted, "{count}");
    }
    let filter = grep("a$");
    assert_eq!(tail(&log, 3, &filter), [b"2 a", b"3 a", b"4 a"]);
    let bounded = |tail: Tail| ends(&log, &tail, &filter).len();
    assert_eq!(bounded(Tail { files: 2, ..Tail::lines(9) }), 2);
    // The current one and a plain one; the one before these is compressed.
    assert_eq!(bounded(Tail { packed_bytes: 3, ..Tail::lines(9) }), 2);
    assert_eq!(all(&log, &filter).len(), 5);
}

#[test]
fn the_bytes_of_a_log_are_those_of_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let parts: Vec<Vec<u8>> = (0..5_u8).map(|part| vec![part; usize::from(part) * 1000]).collect();
    let log = write(folder.path(), "api", &parts);
    let read = |log: &Log| {
        let mut bytes = Vec::new();
        Content::open(log).unwrap().unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    assert!(read(&log) == parts.concat());
    assert!(read(&Log { aside: false, ..log }) == parts[4]);
    assert!(Content::open(&Log::plain(folder.path().join("none.log"))).unwrap().is_none());
}

#[test]
fn a_broken_archive_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("api__2026-01-01_00-00-00.log.gz"), "no gzip").unwrap();
    let mut scan = Scan::open(&log(folder.path(), "api.log"), Arc::default()).unwrap();
    let error = scan.advance().unwrap_err();
    assert!(error.to_string().contains("api__2026-01-01_00-00-00.log.gz"), "{error}");
}

#[test]
fn times_bound_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = b"before any time\n".to_vec();
    for second in 0..10 {
        writeln!(text, "1970-01-01T00:00:0{second}.000Z number\n  more of it").unwrap();
    }
    let log = write(folder.path(), "api", &[text]);
    let filter = Filter { since: Some(3000), until: Some(4000), ..Filter::default() };
    let found = all(&log, &filter);
    let found: Vec<String> =
        found.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    assert_eq!(
        found,
        [
            "before any time",
            "1970-01-01T00:00:03.000Z number",
            "  more of it",
            "1970-01-01T00:00:04.000Z number",
            "  more of it"
        ]
    );
}

#[test]
fn levels_take_what_belongs_to_a_line_along() {
    let folder = tempfile::tempdir().unwrap();
    let text = b"{\"level\":30,\"msg\":\"x\"}\nTypeError: x\n    at y\nwell\n[warn] z\n";
    let log = write(folder.path(), "api", &[text.to_vec()]);
    let filter = Filter { level: Some(Level::Warn), ..Filter::default() };
    assert_eq!(all(&log, &filter), [&b"TypeError: x"[..], b"    at y", b"[warn] z"]);
}

#[test]
fn many_logs_are_read_in_the_order_of_their_times() {
    let folder = tempfile::tempdir().unwrap();
    let line = |second: u32, name: &str| format!("1970-01-01T00:00:{second:02}Z {name}\n");
    let one: String = [1, 4, 4, 9].map(|second| line(second, "one")).concat();
    let two: String = [2, 4, 3, 5].map(|second| line(second, "two")).concat();
    let logs = [
        write(folder.path(), "one", &[one.into_bytes()]),
        write(folder.path(), "two", &[two.into_bytes()]),
    ];
    let scans = logs.iter().map(|log| Scan::open(log, Arc::default()).unwrap()).collect();
    let mut merge = Merge::new(scans).unwrap();
    let mut found = Vec::new();
    while let Some(number) = merge.next().unwrap() {
        let line = String::from_utf8_lossy(merge.scan(number).line()).into_owned();
        found.push(format!("{} {number}", &line[17..19]));
    }
    let wanted = ["01 0", "02 1", "04 0", "04 0", "04 1", "03 1", "05 1", "09 0"];
    assert_eq!(found, wanted);
    let entries: Vec<Vec<Entry>> =
        logs.iter().map(|log| last(log, &Tail::lines(10), &Arc::default()).unwrap()).collect();
    let sorted: Vec<String> = in_order(entries)
        .into_iter()
        .map(|(number, entry)| format!("{} {number}", String::from_utf8_lossy(&entry.line[17..19])))
        .collect();
    assert_eq!(sorted, wanted);
    let ends = |lines, bytes| {
        let logs = logs.iter().map(|log| last(log, &Tail::lines(10), &Arc::default()).unwrap());
        let found = latest(logs, lines, bytes).into_iter();
        found
            .map(|(number, entry)| {
                format!("{} {number}", String::from_utf8_lossy(&entry.line[17..19]))
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(ends(3, usize::MAX), wanted[5..]);
    assert_eq!(ends(10, 2 * "1970-01-01T00:00:05Z two".len()), wanted[6..]);
}

proptest! {
    #[test]
    fn searching_many_lines_at_once_finds_what_searching_each_does(
        lines in proptest::collection::vec("[ab \t]{0,4}", 0..60),
        pattern in prop_oneof![
            Just("a"), Just("^a"), Just("b$"), Just("^$"), Just("a\\sb"), Just("[^a]b"), Just("^ *b?$"),
            Just("\\bab\\b"), Just("a|^b"), Just("\\s+"),
        ],
        count in 0_usize..20,
        ends in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut text = lines.join("\n");
        if ends {
            text.push('\n');
        }
        let log = write(folder.path(), "api", &[text.clone().into_bytes()]);
        let filter = grep(pattern);
        let wanted: Vec<Vec<u8>> =
            split(text.as_bytes()).into_iter().filter(|line| filter.wants_text(line)).collect();
        prop_assert_eq!(&all(&log, &filter), &wanted);
        prop_assert_eq!(tail(&log, count, &filter), &wanted[wanted.len().saturating_sub(count)..]);
    }

    #[test]
    fn the_end_of_a_log_has_no_more_than_is_wanted_and_no_gap(
        parts in proptest::collection::vec(proptest::collection::vec("[ab]{0,9}", 0..8), 1..5),
        lines in 0_usize..20,
        line_bytes in 1_usize..12,
        bytes in 0_usize..60,
        is_open in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let texts: Vec<Vec<u8>> = parts
            .iter()
            .map(|lines| lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect())
            .collect();
        let log = write(folder.path(), "api", &texts);
        let filter = if is_open { Filter::default() } else { grep("a|^$") };
        let (mut wanted, mut left) = (Vec::new(), bytes);
        let whole = split(&texts.concat());
        for line in whole.iter().rev().filter(|line| filter.wants_text(line)).take(lines) {
            let shown = &line[..line.len().min(line_bytes)];
            let is_too_long = shown.len() > left;
            if !is_too_long || wanted.is_empty() {
                left = left.saturating_sub(shown.len());
                wanted.insert(0, shown.to_vec());
            }
            if is_too_long {
                break;
            }
        }
        prop_assert_eq!(ends(&log, &Tail { line_bytes, bytes, ..Tail::lines(lines) }, &filter), wanted);
    }
}
