//! A service that writes numbered lines at a given rate, and ends as it is told.
//!
//! `NAME RATE BYTES COUNTERS [CODE LINES]`: so many lines a second of so many bytes; the count of
//! them goes to a file in the folder COUNTERS. With CODE, it ends with that after LINES lines.
//!
//! SIGINT and SIGTERM end it with 0, SIGHUP with 41, SIGUSR1 with 42, SIGUSR2 with 43; each between
//! two lines. A rate of 0 writes nothing; `deaf` for RATE ignores SIGINT and SIGTERM too.

use nix::sys::signal::{SigSet, Signal};
use rpm_faults::lines::{Counter, line};
use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

/// The exit code that a signal has asked for; none is -1.
static ASKED: AtomicI32 = AtomicI32::new(-1);
/// How often lines that are due are written.
const STEP: Duration = Duration::from_millis(5);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, rate, bytes, counters, rest @ ..] = &words[..] else {
        panic!("NAME RATE BYTES COUNTERS [CODE LINES]");
    };
    let deaf = rate == "deaf";
    heed_signals(deaf);
    let rate: u64 = if deaf { 0 } else { rate.parse().unwrap() };
    let end: Option<(i32, u64)> = match rest {
        [code, lines] => Some((code.parse().unwrap(), lines.parse().unwrap())),
        _ => None,
    };
    write_lines(
        name,
        rate,
        bytes.parse().unwrap(),
        &Counter::create(Path::new(counters), name),
        end,
    );
}

fn write_lines(name: &str, rate: u64, bytes: usize, counter: &Counter, end: Option<(i32, u64)>) {
    // Unbuffered: each line is one write.
    let mut out = File::from(std::io::stdout().as_fd().try_clone_to_owned().unwrap());
    let begun = Instant::now();
    let mut number = 0;
    loop {
        let asked = ASKED.load(Ordering::Relaxed);
        if asked >= 0 {
            std::process::exit(asked);
        }
        if let Some((code, lines)) = end
            && number >= lines
        {
            std::process::exit(code);
        }
        let due = u64::try_from(begun.elapsed().as_micros()).unwrap() * rate / 1_000_000;
        if number >= due {
            std::thread::sleep(STEP);
            continue;
        }
        counter.begun(number + 1);
        let mut text = line(name, std::process::id(), number, bytes);
        text.push('\n');
        if let Err(error) = out.write_all(text.as_bytes()) {
            // Whoever reads the pipe is gone: an app that does not survive that has failed.
            eprintln!("cannot write: {error}");
            std::process::exit(99);
        }
        number += 1;
        counter.done(number);
    }
}

fn heed_signals(deaf: bool) {
    let signals: SigSet =
        [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2]
            .into_iter()
            .collect();
    signals.thread_block().unwrap();
    std::thread::spawn(move || {
        loop {
            let code = match signals.wait().unwrap() {
                Signal::SIGHUP => 41,
                Signal::SIGUSR1 => 42,
                Signal::SIGUSR2 => 43,
                _ if deaf => continue,
                _ => 0,
            };
            ASKED.store(code, Ordering::Relaxed);
        }
    });
}
