//! A supervisor that is killed again and again while apps write: no line is lost, doubled or torn.
//!
//! The test holds pipes and spools, as the keeper does. A supervisor is a process of this binary
//! that takes them over. `RPM_TEST_KILLS` says how often one is killed, `RPM_TEST_SEED` when.

use crate::rig::PATIENCE;
use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::spec::RotateOptions;
use rpm_core::{Generation, ProcId};
use rpm_daemon::logs::{Format, LogEvent, Logs, Sink, new_spool};
use rpm_proto::Stream;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Tells a supervisor where its streams are.
const STREAMS: &str = "RPM_TEST_STREAMS";
/// Tells a supervisor when to put files aside, as JSON.
const ROTATE: &str = "RPM_TEST_ROTATE";

/// A stream: the file it goes to, and how.
pub(crate) struct Way {
    pub(crate) label: &'static str,
    pub(crate) file: &'static str,
    pub(crate) format: &'static str,
    pub(crate) combined: bool,
}

pub(crate) const WAYS: [Way; 7] = [
    Way { label: "raw", file: "raw.log", format: "raw", combined: true },
    Way { label: "plain", file: "plain.log", format: "raw", combined: false },
    Way { label: "one", file: "shared.log", format: "raw", combined: false },
    Way { label: "two", file: "shared.log", format: "raw", combined: true },
    Way { label: "three", file: "shared.log", format: "dated", combined: false },
    Way { label: "dated", file: "dated.log", format: "dated", combined: false },
    Way { label: "json", file: "json.log", format: "json", combined: false },
];
/// These tests put files aside themselves.
static NEVER: LazyLock<RotateOptions> =
    LazyLock::new(|| RotateOptions { enabled: Some(false), ..RotateOptions::default() });
static BLOCKED: Way = Way { label: "app", file: "blocked/log", format: "raw", combined: false };
pub(crate) const COMBINED: &str = "combined.log";

/// What outlives supervisors.
pub(crate) struct Held {
    pub(crate) way: &'static Way,
    pub(crate) pipe: PipeReader,
    pub(crate) spool: OwnedFd,
}

/// A small generator of numbers, the same for the same seed (xorshift).
#[derive(Clone)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

pub(crate) fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap())
}

/// Line `number` of a stream; its length and its bytes depend on the number alone.
pub(crate) fn line(label: &str, number: u64) -> Vec<u8> {
    let fill = "x".repeat(usize::try_from(number * 37 % 180).unwrap());
    let mut line = format!("{label} {number} {fill}").into_bytes();
    if number % 50 == 7 && label != "json" {
        line.extend_from_slice(b"\x00\xff\xfe");
    }
    line.extend_from_slice(b" end\n");
    line
}

/// Writes lines at about 3000 a second until it is told to stop; some in two pieces, some in bursts.
pub(crate) fn write(
    way: &'static Way,
    mut pipe: PipeWriter,
    stop: &Arc<AtomicBool>,
) -> JoinHandle<u64> {
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        let mut count = 0;
        while !stop.load(Ordering::Relaxed) {
            let mut burst = Vec::new();
            for _ in 0..6 {
                burst.extend(line(way.label, count));
                count += 1;
            }
            let middle = burst.len() * usize::try_from(count % 7).unwrap() / 7;
            pipe.write_all(&burst[..middle]).unwrap();
            std::thread::sleep(Duration::from_millis(1));
            pipe.write_all(&burst[middle..]).unwrap();
            std::thread::sleep(Duration::from_millis(1));
        }
        count
    })
}

/// Starts a supervisor that takes over what is held.
pub(crate) fn start(folder: &Utf8Path, held: &[Held], rotate: &RotateOptions) -> Child {
    let me = std::process::id();
    let stream = |held: &Held| {
        let path = |fd: i32| format!("/proc/{me}/fd/{fd}");
        [
            path(held.pipe.as_raw_fd()),
            path(held.spool.as_raw_fd()),
            folder.join(held.way.file).into_string(),
            if held.way.combined { folder.join(COMBINED).into_string() } else { String::new() },
            held.way.format.to_owned(),
        ]
        .join(",")
    };
    let streams: Vec<String> = held.iter().map(stream).collect();
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "torture::supervisor", "--nocapture"])
        .env(STREAMS, streams.join(";"))
        .env(ROTATE, serde_json::to_string(rotate).unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until a supervisor says a word, at the end of a line of the test's harness or alone.
pub(crate) fn hear(child: &mut Child, word: &str) {
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with(word)), "it did not say {word}");
}

/// The process that is killed.
#[test]
fn supervisor() {
    let Ok(streams) = std::env::var(STREAMS) else {
        return;
    };
    let (told, mut events) = tokio::sync::mpsc::channel(64);
    let logs = Logs::start(told).unwrap();
    logs.rotate(serde_json::from_str(&std::env::var(ROTATE).unwrap()).unwrap());
    let sinks: Vec<Sink> = streams.split(';').enumerate().map(sink).collect();
    let count = sinks.len();
    logs.take_over(sinks);
    println!("\nup");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let reopener = logs.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        for _ in std::io::stdin().lock().bytes() {
            runtime.block_on(reopener.reopen());
        }
    });
    runtime.block_on(async {
        let mut left = count;
        while left > 0 {
            match events.recv().await.unwrap() {
                LogEvent::Released(_) => left -= 1,
                LogEvent::Ended(_) | LogEvent::Rotated { .. } | LogEvent::NotRotated { .. } => {}
                LogEvent::Trouble { .. } => println!("\ntrouble"),
            }
        }
    });
    println!("\ndone");
    drop(logs);
}

fn sink((index, stream): (usize, &str)) -> Sink {
    let parts: Vec<&str> = stream.split(',').collect();
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap();
    let open = |path: &str, write: bool| -> OwnedFd {
        let mut options = File::options();
        options.read(true).write(write).custom_flags(nonblocking);
        options.open(path).unwrap().into()
    };
    Sink {
        generation: Generation(index as u64 + 1),
        proc: ProcId(0),
        name: Arc::from("app"),
        namespace: Arc::from("default"),
        stream: Stream::Out,
        pipe: open(parts[0], false),
        spool: Some(open(parts[1], true)),
        file: Some(parts[2].into()),
        combined: (!parts[3].is_empty()).then(|| parts[3].into()),
        format: match parts[4] {
            "dated" => Format::Dated("[at] HH:mm:ss.SSS".to_owned()),
            "json" => Format::Json { date: None },
            _ => Format::Raw,
        },
        keep_tail: index % 2 == 0,
        taken: Arc::default(),
        rotate: RotateOptions::default(),
        is_module: false,
    }
}

/// Renames a file and has the supervisor open it anew; it may be killed in the middle of that.
fn rotate(folder: &Utf8Path, turn: u64, asked: Option<&mut ChildStdin>) {
    for file in [COMBINED, "raw.log", "shared.log", "dated.log", "json.log"] {
        let path = folder.join(file);
        if path.exists() {
            std::fs::rename(&path, folder.join(format!("{file}.{turn:06}"))).unwrap();
        }
    }
    // It may be dead already.
    drop(asked.map(|stdin| stdin.write_all(b"r")));
}

/// A writer for each way, and what a supervisor is given of it.
pub(crate) struct Crowd {
    pub(crate) held: Vec<Held>,
    pub(crate) writers: Vec<JoinHandle<u64>>,
    /// Keeps the pipes open when the writers have ended.
    pub(crate) open: Vec<PipeWriter>,
}

impl Crowd {
    pub(crate) fn begin(stop: &Arc<AtomicBool>) -> Self {
        let mut crowd = Self { held: Vec::new(), writers: Vec::new(), open: Vec::new() };
        for way in &WAYS {
            let (pipe, theirs) = std::io::pipe().unwrap();
            crowd.open.push(theirs.try_clone().unwrap());
            crowd.writers.push(write(way, theirs, stop));
            crowd.held.push(Held { way, pipe, spool: new_spool().unwrap() });
        }
        crowd
    }
}

#[test]
fn no_line_is_lost_doubled_or_torn_however_often_the_supervisor_is_killed() {
    let kills = number("RPM_TEST_KILLS", 60);
    let mut chance = Chance(number("RPM_TEST_SEED", 0x5eed));
    let scratch = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(scratch.path()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let Crowd { held, writers, open } = Crowd::begin(&stop);
    let begun = Instant::now();
    for turn in 0..kills {
        let mut child = start(folder, &held, &NEVER);
        if chance.below(3) > 0 {
            hear(&mut child, "up");
        }
        // It dies at any moment, and files are renamed shortly before that.
        std::thread::sleep(Duration::from_micros(chance.below(30_000)));
        if chance.below(5) == 0 {
            rotate(folder, turn, child.stdin.as_mut());
            std::thread::sleep(Duration::from_micros(chance.below(3000)));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let counts: Vec<u64> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
    let mut last = start(folder, &held, &NEVER);
    hear(&mut last, "up");
    drop(open);
    hear(&mut last, "done");
    assert!(last.wait().unwrap().success());
    check(folder, &counts);
    let lines: u64 = counts.iter().sum();
    println!("{kills} kills, {lines} lines in {:.1} s", begun.elapsed().as_secs_f64());
    assert!(
        begun.elapsed() < PATIENCE * 3 + Duration::from_millis(200) * u32::try_from(kills).unwrap()
    );
}

#[test]
fn what_was_dropped_is_told_though_the_supervisor_was_killed() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(scratch.path()).unwrap();
    std::fs::write(folder.join("blocked"), "a file where a folder should be").unwrap();
    let way = &BLOCKED;
    let (pipe, mut app) = std::io::pipe().unwrap();
    let held = [Held { way, pipe, spool: new_spool().unwrap() }];
    let mut total = 0;
    for number in 0..5 {
        let mut supervisor = start(folder, &held, &NEVER);
        hear(&mut supervisor, "trouble");
        let line = line(way.label, number);
        app.write_all(&line).unwrap();
        total += line.len();
        // It dies at another moment each time.
        std::thread::sleep(Duration::from_millis(number * 3));
        supervisor.kill().unwrap();
        supervisor.wait().unwrap();
    }
    std::fs::remove_file(folder.join("blocked")).unwrap();
    let mut last = start(folder, &held, &NEVER);
    hear(&mut last, "up");
    drop(app);
    hear(&mut last, "done");
    assert!(last.wait().unwrap().success());
    let text = std::fs::read(folder.join(way.file)).unwrap();
    let (mut dropped, mut kept) = (0, 0);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_prefix(b"[rpm] ") {
            Some(words) => {
                let count = words.split(|byte| *byte == b' ').next().unwrap();
                dropped += std::str::from_utf8(count).unwrap().parse::<usize>().unwrap();
            }
            None => kept += line.len(),
        }
    }
    assert_eq!(dropped + kept, total, "{}", String::from_utf8_lossy(&text));
    assert!(dropped > 0, "nothing was dropped");
}

/// Compares all files with what was written.
fn check(folder: &Utf8Path, counts: &[u64]) {
    let mut found: BTreeMap<(String, &str), Vec<Vec<u8>>> = BTreeMap::new();
    let mut names: Vec<Utf8PathBuf> =
        folder.read_dir_utf8().unwrap().map(|entry| entry.unwrap().into_path()).collect();
    // The name without a number is the newest.
    names.sort_by_key(|path| {
        let name = path.file_name().unwrap().to_owned();
        if path.extension() == Some("log") { format!("{name}.~") } else { name }
    });
    for path in names {
        let name = path.file_name().unwrap();
        let base = name.split_inclusive(".log").next().unwrap().to_owned();
        // A rename may have cut a line in two; then the next file begins with its rest.
        let text = std::fs::read(&path).unwrap();
        for piece in text.split_inclusive(|byte| *byte == b'\n') {
            let lines = found.entry((base.clone(), "")).or_default();
            match lines.last_mut().filter(|line| !line.ends_with(b"\n")) {
                Some(line) => line.extend_from_slice(piece),
                None => lines.push(piece.to_vec()),
            }
        }
    }
    for (way, count) in WAYS.iter().zip(counts) {
        let files = [Some(way.file), way.combined.then_some(COMBINED)];
        for file in files.into_iter().flatten() {
            let lines = &found[&(file.to_owned(), "")];
            compare(file, way, *count, lines);
        }
    }
}

/// The lines of one stream in a file are those that it wrote, in their order.
fn compare(file: &str, way: &Way, count: u64, lines: &[Vec<u8>]) {
    let mut next = 0;
    for bytes in lines {
        let text = bare(bytes, way.format);
        if text.starts_with(format!("{} ", way.label).as_bytes()) {
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
    }
    assert_eq!(next, count, "{file}: lines of {}", way.label);
    if !file.starts_with("shared") && !file.starts_with("combined") {
        assert_eq!(lines.len() as u64, count, "{file}: nothing but lines of {}", way.label);
    }
}

/// A line without its stamp.
pub(crate) fn bare(bytes: &[u8], format: &str) -> Vec<u8> {
    match format {
        "dated" if bytes.starts_with(b"at ") => bytes["at 00:00:00.000: ".len()..].to_vec(),
        "json" => {
            let object: serde_json::Value = serde_json::from_slice(bytes).unwrap();
            let mut text = object["message"].as_str().unwrap().as_bytes().to_vec();
            text.push(b'\n');
            text
        }
        _ => bytes.to_vec(),
    }
}
